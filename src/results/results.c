/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing blocks, flushing, closing.
 *
 * A flush first brings the values of the written blocks into the file, and only then says that they are done, so that
 * no kill leaves a block done without its values. HDF5's SWMR mode keeps the file readable in between.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "results/internal.h"

#define FLUSH_INTERVAL 1.0 /* s */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void results_account(struct results *results, double cores)
{
    results->opened = seconds_now();
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

bool results_write_box(hid_t dataset, hid_t type, int rank, const size_t *start, const size_t *count,
                       const void *values)
{
    hsize_t from[GRID_AXES], size[GRID_AXES];
    for (int a = 0; a < rank; a++) {
        from[a] = start[a];
        size[a] = count[a];
    }
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(rank, size, NULL);
    bool ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, size, NULL) >= 0 &&
              H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values) >= 0;
    hdf5_close(&memory);
    hdf5_close(&space);
    return ok;
}

bool results_settle(struct results *results)
{
    return H5Fflush(results->file, H5F_SCOPE_GLOBAL) >= 0 && (!results->durable || hdf5_sync(results->lock));
}

/* Takes down why the file cannot be written: every later failure says so too. */
static enum moat_status fail(struct results *results, enum moat_status status)
{
    snprintf(results->failure, sizeof results->failure, "%s", moat_error_message());
    return status;
}

/* After a failure HDF5 may hold what cannot be written: all that is left to do with the file is to close it. */
enum moat_status results_write_failed(struct results *results)
{
    if (*results->failure) {
        return moat_error_set(MOAT_IO, "%s", results->failure);
    }
    return fail(results, hdf5_error(MOAT_IO, results->path,
                                    "cannot be written (what was done before is safe, the same command goes on from "
                                    "there)"));
}

/* Whether the file still has its name: what is written to one that was removed is lost. */
static bool still_there(const struct results *results)
{
    struct stat open_file, named;
    if (fstat(results->lock, &open_file) != 0) {
        return true;
    }
    if (stat(results->target, &named) != 0) {
        return errno != ENOENT && errno != ENOTDIR;
    }
    return open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

enum moat_status results_check_writable(struct results *results)
{
    if (*results->failure) {
        return results_write_failed(results);
    }
    if (!still_there(results)) {
        return fail(results,
                    moat_error_set(MOAT_IO,
                                   "%s: was removed or replaced while this run wrote it, nothing more is written: "
                                   "put it back, or start anew with the same command",
                                   results->path));
    }
    return MOAT_OK;
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
        hid_t type = field_table[f].type == FIELD_UINT8 ? H5T_NATIVE_UINT8 : H5T_NATIVE_DOUBLE;
        ok = results_write_box(results->field[f], type, axes, start, count, record + offset[f]);
    }
    if (!ok) {
        return results_write_failed(results);
    }
    results->done += results->state[index] != BLOCK_DONE;
    results->state[index] = BLOCK_DONE;
    results->seconds[index] = seconds;
    results->rank[index] = rank;
    results->checksum[index] = checksum;
    results->first_unflushed = index < results->first_unflushed ? index : results->first_unflushed;
    results->last_unflushed = index > results->last_unflushed ? index : results->last_unflushed;
    return seconds_now() - results->flushed > FLUSH_INTERVAL ? results_flush(results) : MOAT_OK;
}

enum moat_status results_flush(struct results *results)
{
    hdf5_begin();
    enum moat_status status = results_check_writable(results);
    if (status != MOAT_OK) {
        return status;
    }
    if (results->first_unflushed <= results->last_unflushed) {
        size_t first = results->first_unflushed, count = results->last_unflushed - first + 1;
        bool ok =
            results_write_box(results->block_seconds, H5T_NATIVE_DOUBLE, 1, &first, &count, results->seconds + first) &&
            results_write_box(results->block_rank, H5T_NATIVE_INT32, 1, &first, &count, results->rank + first) &&
            results_write_box(results->block_checksum, H5T_NATIVE_UINT32, 1, &first, &count,
                              results->checksum + first) &&
            results_settle(results) &&
            results_write_box(results->block_state, H5T_NATIVE_UINT8, 1, &first, &count, results->state + first) &&
            results_settle(results);
        if (!ok) {
            return results_write_failed(results);
        }
        results->first_unflushed = results->blocks;
        results->last_unflushed = 0;
    }
    results->flushed = seconds_now();
    return MOAT_OK;
}

enum moat_status results_count(struct results *results, struct results_summary *out)
{
    memset(out, 0, sizeof *out);
    enum moat_status status = results_flush(results);
    if (status != MOAT_OK) {
        return status;
    }
    results_read_title(results->file, out);
    out->written_now = true;
    out->blocks = results->blocks;
    out->blocks_done = results->done;
    for (size_t i = 0; i < results->blocks; i++) {
        out->seconds += results->state[i] == BLOCK_DONE ? results->seconds[i] : 0;
    }
    return results_count_points(results->field[FIELD_STATUS], out)
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
    double core_hours = (*results)->cores * (seconds_now() - (*results)->opened) / 3600;
    /* HDF5 closes first, then the disk has its say: a file system may refuse late what it took before. */
    int descriptor = dup((*results)->lock);
    bool closed = results_destroy(*results);
    *results = NULL;
    if (status == MOAT_OK && !failed_before && closed && core_hours > 0) {
        /* `descriptor` still holds the lock */
        closed = hdf5_make_room(descriptor) && (!durable || hdf5_sync(descriptor)) &&
                 results_finish_history(target, core_hours, durable ? descriptor : -1);
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
