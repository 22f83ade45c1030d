/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing blocks, flushing, closing.
 *
 * A flush first brings the values of the written blocks into the file, and only then marks them done. So no kill leaves
 * a block done without its values. HDF5's SWMR mode keeps the file readable in between.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/summary.h"

#define FLUSH_INTERVAL 1.0 /* s */

void results_prepare(void)
{
    hdf5_begin();
    signal(SIGXFSZ, SIG_IGN); /* a write beyond `ulimit -f` then fails as on a full disk */
}

void results_account(struct results *results, double cores)
{
    results->opened = clock_seconds();
    results->cores = cores;
}

bool results_block_done(const struct results *results, size_t index)
{
    return results->state[index] == BLOCK_DONE;
}

size_t results_blocks_done(const struct results *results)
{
    return results->done;
}

enum moat_status results_write(struct results *results, size_t index, const unsigned char *record, uint32_t checksum,
                               double seconds, int rank)
{
    struct block block = grid_block(&results->layout.grid, index);
    size_t offset[FIELD_COUNT + 1];
    bool ok = !*results->failure;
    hdf5_begin();
    field_offsets(&results->layout, &block, offset);
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        if (results->field[f] < 0) {
            continue; /* not of this sweep */
        }
        size_t start[GRID_AXES], count[GRID_AXES];
        int axes = field_box(&field_table[f], &results->layout.grid, &block, start, count);
        enum variable_type type = field_table[f].type == FIELD_UINT8 ? VARIABLE_UINT8 : VARIABLE_FLOAT64;
        ok = variable_write_box(results->field[f], type, axes, start, count, record + offset[f]);
    }
    if (!ok) {
        return handle_write_failed(results);
    }
    results->done += results->state[index] != BLOCK_DONE;
    results->state[index] = BLOCK_DONE;
    results->seconds[index] = seconds;
    results->rank[index] = rank;
    results->checksum[index] = checksum;
    results->first_unflushed = index < results->first_unflushed ? index : results->first_unflushed;
    results->last_unflushed = index > results->last_unflushed ? index : results->last_unflushed;
    return clock_seconds() - results->flushed > FLUSH_INTERVAL ? results_flush(results) : MOAT_OK;
}

/* Writes the unflushed blocks' part of one variable of /run, from the array of all blocks. */
static bool write_unflushed(struct results *results, enum group_variable variable, const void *values)
{
    enum variable_type type = group_table[variable].type;
    size_t first = results->first_unflushed, count = results->last_unflushed - first + 1;
    const char *from = (const char *)values + first * variable_size(type);
    return variable_write_box(results->group[variable], type, 1, &first, &count, from);
}

enum moat_status results_flush(struct results *results)
{
    hdf5_begin();
    enum moat_status status = handle_check_writable(results);
    if (status != MOAT_OK) {
        return status;
    }
    if (results->first_unflushed <= results->last_unflushed) {
        bool ok = write_unflushed(results, RUN_BLOCK_SECONDS, results->seconds) &&
                  write_unflushed(results, RUN_BLOCK_RANK, results->rank) &&
                  write_unflushed(results, RUN_BLOCK_CHECKSUM, results->checksum) && handle_sync(results) &&
                  write_unflushed(results, RUN_BLOCK_STATE, results->state) && handle_sync(results);
        if (!ok) {
            return handle_write_failed(results);
        }
        results->first_unflushed = results->blocks;
        results->last_unflushed = 0;
    }
    results->flushed = clock_seconds();
    return MOAT_OK;
}

enum moat_status results_reopen_blocks(struct results *results)
{
    if (results->done == 0) {
        return MOAT_OK;
    }
    memset(results->state, BLOCK_PENDING, results->blocks);
    results->done = 0;
    results->first_unflushed = 0;
    results->last_unflushed = results->blocks - 1;
    return results_flush(results);
}

enum moat_status results_count(struct results *results, struct results_summary *out)
{
    memset(out, 0, sizeof *out);
    enum moat_status status = results_flush(results);
    if (status != MOAT_OK) {
        return status;
    }
    summary_read_title(results->file, out);
    out->written_now = true;
    out->blocks = results->blocks;
    out->blocks_done = results->done;
    for (size_t i = 0; i < results->blocks; i++) {
        out->seconds += results->state[i] == BLOCK_DONE ? results->seconds[i] : 0;
    }
    return summary_count_points(results->field[FIELD_STATUS], out)
               ? MOAT_OK
               : hdf5_error(MOAT_IO, results->path, "cannot be read");
}

enum moat_status results_close(struct results **results)
{
    enum moat_status status = MOAT_OK;
    if (!*results) {
        return MOAT_OK;
    }
    bool failed_before = *(*results)->failure, durable = (*results)->durable;
    if (!failed_before) {
        status = results_flush(*results);
    }
    char path[PATH_MAX], target[PATH_MAX];
    snprintf(path, sizeof path, "%s", (*results)->path);
    snprintf(target, sizeof target, "%s", (*results)->target);
    double core_hours = (*results)->cores * (clock_seconds() - (*results)->opened) / 3600;
    /* HDF5 closes before the sync, because a file system may report late that it could not store the data. */
    int descriptor = dup((*results)->lock);
    bool closed = handle_destroy(*results);
    *results = NULL;
    if (status == MOAT_OK && !failed_before && closed && core_hours > 0) {
        /* `descriptor` still holds the lock */
        closed = hdf5_make_room(descriptor) && (!durable || hdf5_sync(descriptor)) &&
                 history_finish(target, core_hours, durable ? descriptor : -1);
    }
    if (status == MOAT_OK && !failed_before && !closed) {
        status = hdf5_error(MOAT_IO, path, "cannot be closed");
    }
    if (status == MOAT_OK && !failed_before && descriptor >= 0 && fsync(descriptor) != 0) {
        status = moat_error_set(MOAT_IO, "%s: cannot be brought to disk: %s", path, strerror(errno));
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return status;
}
