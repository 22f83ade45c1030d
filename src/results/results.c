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

bool results_block_done(const struct results *results, size_t index)
{
    return results->block[index].state == BLOCK_DONE;
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
    results->done += results->block[index].state != BLOCK_DONE;
    results->block[index] =
        (struct block_record){.seconds = seconds, .rank = rank, .checksum = checksum, .state = BLOCK_DONE};
    results->first_unflushed = index < results->first_unflushed ? index : results->first_unflushed;
    results->last_unflushed = index > results->last_unflushed ? index : results->last_unflushed;
    return clock_seconds() - results->flushed > FLUSH_INTERVAL ? results_flush(results) : MOAT_OK;
}

/* Writes that part of the records of the unflushed blocks. */
static bool write_unflushed(struct results *results, enum group_phase phase)
{
    size_t first = results->first_unflushed, count = results->last_unflushed - first + 1;
    return records_write(results->records, ALONG_BLOCKS, first, count, phase, results->block + first);
}

enum moat_status results_flush(struct results *results)
{
    hdf5_begin();
    enum moat_status status = handle_check_writable(results);
    if (status != MOAT_OK) {
        return status;
    }
    if (results->first_unflushed <= results->last_unflushed) {
        bool ok = write_unflushed(results, PHASE_FIRST) && history_update(results, HISTORY_STARTED) &&
                  handle_sync(results) && write_unflushed(results, PHASE_LAST) && handle_sync(results);
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
    for (size_t i = 0; i < results->blocks; i++) {
        results->block[i].state = BLOCK_PENDING;
    }
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
    summary_count_blocks(results->block, results->blocks, out);
    return summary_count_points(results->field[FIELD_STATUS], &results->layout.grid, out)
               ? MOAT_OK
               : hdf5_error(MOAT_IO, results->path, "cannot be read");
}

enum moat_status results_close(struct results **results)
{
    enum moat_status status = MOAT_OK;
    if (!*results) {
        return MOAT_OK;
    }
    bool failed_before = *(*results)->failure;
    if (!failed_before) {
        status = results_flush(*results);
    }
    if (!failed_before && status == MOAT_OK && !history_update(*results, HISTORY_CLOSED)) {
        status = handle_write_failed(*results);
    }
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", (*results)->path);
    /* HDF5 closes before the sync, because a file system may report late that it could not store the data. */
    int descriptor = dup((*results)->lock);
    bool closed = handle_destroy(*results);
    *results = NULL;
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
