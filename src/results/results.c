/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing blocks, flushing, closing.
 *
 * The values of a block are in the file before it is noted here as one to be marked; where only HDF5 may write them
 * they are there before a flush writes the marks. So no kill leaves a block done without its values. A durable flush
 * syncs the file before it writes the marks: that brings to disk what any process of this node has put into it, while a
 * process of another node syncs each block before it reports it. HDF5's SWMR mode keeps the file readable in between.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/summary.h"
#include "results/variable.h"

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

/* Writes the record as HDF5 does it. False on failure. */
static bool write_with_hdf5(struct results *results, size_t index, const unsigned char *record)
{
    struct block block = grid_block(&results->layout.grid, index);
    size_t offset[FIELD_COUNT + 1];
    bool ok = true;
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
    return ok;
}

enum moat_status results_write(struct results *results, size_t index, const unsigned char *record, uint32_t checksum,
                               double seconds, int rank)
{
    if (*results->failure) {
        return handle_write_failed(results);
    }
    if (results->writer && writer_put(results->writer, index, record) != MOAT_OK) {
        char reason[256];
        snprintf(reason, sizeof reason, "%s", moat_error_message());
        return results_put_failed(results, 0, reason);
    }
    if (!results->writer && !write_with_hdf5(results, index, record)) {
        return handle_write_failed(results);
    }
    return results_mark(results, index, checksum, seconds, rank);
}

enum moat_status results_mark(struct results *results, size_t index, uint32_t checksum, double seconds, int rank)
{
    if (*results->failure) {
        return handle_write_failed(results);
    }
    results->done += results->block[index].state != BLOCK_DONE;
    results->block[index] =
        (struct block_record){.seconds = seconds, .rank = rank, .checksum = checksum, .state = BLOCK_DONE};
    results->first_unflushed = index < results->first_unflushed ? index : results->first_unflushed;
    results->last_unflushed = index > results->last_unflushed ? index : results->last_unflushed;
    return clock_seconds() - results->flushed > FLUSH_INTERVAL ? results_flush(results) : MOAT_OK;
}

bool results_ticket(struct results *results, bool any_file_system, struct writer_ticket *out)
{
    struct stat about;
    char *path = realpath(results->target, NULL);
    hdf5_begin();
    bool ok = results->writer && path && strlen(path) < sizeof out->path && fstat(results->lock, &about) == 0;
    memset(out, 0, sizeof *out);
    if (ok) {
        strcpy(out->path, path);
        out->inode = (uint64_t)about.st_ino;
        out->placement = results->placement;
        out->durable = results->durable;
        out->any_file_system = any_file_system;
        writer_kernel(out->kernel, sizeof out->kernel);
        ok = history_find_start(results, &out->run_offset, &out->run_started);
    }
    free(path);
    return ok;
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
    hid_t points = variable_open(results->file, field_table[FIELD_STATUS].name);
    bool ok = points >= 0 && summary_count_points(points, &results->layout.grid, out);
    hdf5_close(&points);
    return ok ? MOAT_OK : hdf5_error(MOAT_IO, results->path, "cannot be read");
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
