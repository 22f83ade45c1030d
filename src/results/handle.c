/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The open results file of a run: its memory, and whether it can still be written. */
#include "results/handle.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/hdf5.h"
#include "results/pulse.h"

enum moat_status handle_resolve_path(const char *path, char **target)
{
    *target = realpath(path, NULL);
    if (*target) {
        return MOAT_OK;
    }
    const char *fault = !*path                                    ? "found no name"
                        : errno == ELOOP || errno == ENAMETOOLONG ? strerror(errno)
                        : path[strlen(path) - 1] == '/'           ? "found the name of a folder"
                                                                  : NULL;
    if (fault) {
        return moat_error_set(MOAT_USAGE, "`%s`: %s: expected a results file, choose one with -o", path, fault);
    }
    char link[PATH_MAX], *copy = strdup(path);
    ssize_t length = readlink(path, link, sizeof link - 1);
    if (length < 0 || !copy) {
        *target = copy;
        return copy ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory");
    }
    link[length] = '\0';
    char *next = NULL;
    int written = *link == '/' ? asprintf(&next, "%s", link) : asprintf(&next, "%s/%s", dirname(copy), link);
    free(copy);
    if (written < 0) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    enum moat_status status = handle_resolve_path(next, target);
    free(next);
    return status;
}

enum moat_status handle_create(const char *path, const struct config *config, unsigned options, struct results **out)
{
    struct results *results = calloc(1, sizeof *results);
    *out = NULL;
    if (!results) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    results->lock = -1;
    results->durable = (options & RESULTS_FSYNC) != 0;
    results->file = -1;
    memset(results->field, -1, sizeof results->field);
    results->layout.sweep = config->sweep;
    results->layout.solver = config->solver;
    results->layout.measured = config->measured;
    results->layout.stored = config->stored;
    results->blocks = grid_blocks(&config->grid);
    results->first_unflushed = results->blocks;
    results->path = strdup(path);
    enum moat_status status =
        results->path ? handle_resolve_path(path, &results->target) : moat_error_set(MOAT_MEMORY, "out of memory");
    status = status == MOAT_OK ? grid_copy(&config->grid, &results->layout.grid) : status;
    if (status != MOAT_OK) {
        handle_destroy(results);
        return status;
    }
    *out = results;
    return MOAT_OK;
}

bool handle_destroy(struct results *results)
{
    bool ok = true;
    writer_close(&results->writer); /* it leaves the descriptor to results_close, which syncs it */
    for (int f = 0; f < FIELD_COUNT; f++) {
        ok &= hdf5_close(&results->field[f]);
    }
    ok &= records_close(&results->records);
    ok &= hdf5_close(&results->file);
    pulse_stop(&results->pulse);
    if (results->lock >= 0) {
        close(results->lock);
    }
    grid_free(&results->layout.grid);
    free(results->path);
    free(results->target);
    free(results->block);
    free(results);
    return ok;
}

enum moat_status handle_allocate_blocks(struct results *results)
{
    results->block = calloc(results->blocks + 1, sizeof *results->block);
    if (!results->block) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the state of %zu blocks", results->blocks);
    }
    for (size_t i = 0; i < results->blocks; i++) {
        results->block[i] = (struct block_record){.seconds = NAN, .rank = -1};
    }
    return MOAT_OK;
}

bool handle_sync(struct results *results)
{
    return H5Fflush(results->file, H5F_SCOPE_GLOBAL) >= 0 && (!results->durable || hdf5_sync(results->lock));
}

/* Keeps the reason why the file cannot be written: every later failure repeats it. */
static enum moat_status fail(struct results *results, enum moat_status status)
{
    snprintf(results->failure, sizeof results->failure, "%s", moat_error_message());
    return status;
}

/* After a failure HDF5 may hold data that cannot be written: the file can only be closed. */
enum moat_status handle_write_failed(struct results *results)
{
    if (*results->failure) {
        return moat_error_set(MOAT_IO, "%s", results->failure);
    }
    return fail(results, hdf5_error(MOAT_IO, results->path,
                                    "cannot be written (finished blocks are safe, the same command resumes)"));
}

enum moat_status results_put_failed(struct results *results, int rank, const char *reason)
{
    char who[32] = "";
    if (*results->failure) {
        return moat_error_set(MOAT_IO, "%s", results->failure);
    }
    if (rank > 0) {
        snprintf(who, sizeof who, " by rank %d", rank);
    }
    return fail(results, moat_error_set(MOAT_IO,
                                        "%s: cannot be written%s (finished blocks are safe, the same command "
                                        "resumes): %s",
                                        results->path, who, reason));
}

/* Returns true if the file still has its name: data written to a file that was removed are lost. */
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

enum moat_status handle_check_writable(struct results *results)
{
    if (*results->failure) {
        return handle_write_failed(results);
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
