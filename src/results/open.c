/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening a results file for writing: a new one, or one to go on with.
 *
 * Nothing is changed before it is settled that the file holds this sweep and that no other process writes it.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/internal.h"

enum { CACHE_CHUNKS = 4, CACHE_BYTES_MIN = 16384, CACHE_SLOTS = 101 };

bool results_destroy(struct results *results)
{
    bool ok = true;
    for (int f = 0; f < FIELD_COUNT; f++) {
        ok &= hdf5_close(&results->field[f]);
    }
    for (int i = 0; i < RIDGE_TABLES; i++) {
        ok &= hdf5_close(&results->table[i]);
    }
    for (int i = 0; i < TASK_VARIABLES; i++) {
        ok &= hdf5_close(&results->task[i]);
    }
    ok &= hdf5_close(&results->block_state);
    ok &= hdf5_close(&results->block_seconds);
    ok &= hdf5_close(&results->block_rank);
    ok &= hdf5_close(&results->block_checksum);
    ok &= hdf5_close(&results->file);
    if (results->lock >= 0) {
        close(results->lock);
    }
    grid_free(&results->layout.grid);
    free(results->path);
    free(results->target);
    free(results->state);
    free(results->seconds);
    free(results->rank);
    free(results->checksum);
    free(results);
    return ok;
}

/* Where a file at `path` is or would be: behind symbolic links, also one to a file that is not there yet. */
static enum moat_status find_place(const char *path, char **place)
{
    *place = realpath(path, NULL);
    if (*place) {
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
        *place = copy;
        return copy ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory");
    }
    link[length] = '\0';
    char *next = NULL;
    int written = *link == '/' ? asprintf(&next, "%s", link) : asprintf(&next, "%s/%s", dirname(copy), link);
    free(copy);
    if (written < 0) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    enum moat_status status = find_place(next, place);
    free(next);
    return status;
}

/* A results object for `path` without a file. */
static enum moat_status prepare(const char *path, const struct config *config, unsigned options, struct results **out)
{
    struct results *results = calloc(1, sizeof *results);
    if (!results) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    results->lock = -1;
    results->durable = (options & RESULTS_FSYNC) != 0;
    results->file = results->block_state = results->block_seconds = results->block_rank = results->block_checksum = -1;
    memset(results->field, -1, sizeof results->field);
    memset(results->table, -1, sizeof results->table);
    memset(results->task, -1, sizeof results->task);
    results->layout.sweep = config->sweep;
    results->layout.solver = config->solver;
    results->blocks = grid_blocks(&config->grid);
    results->first_unflushed = results->blocks;
    results->path = strdup(path);
    enum moat_status status =
        results->path ? find_place(path, &results->target) : moat_error_set(MOAT_MEMORY, "out of memory");
    status = status == MOAT_OK ? grid_copy(&config->grid, &results->layout.grid) : status;
    if (status != MOAT_OK) {
        results_destroy(results);
        return status;
    }
    *out = results;
    return MOAT_OK;
}

/* Every block pending. After the disk was found large enough, so that the size is sane. */
static enum moat_status allocate_blocks(struct results *results)
{
    results->state = calloc(results->blocks + 1, sizeof *results->state);
    results->seconds = malloc((results->blocks + 1) * sizeof *results->seconds);
    results->rank = malloc((results->blocks + 1) * sizeof *results->rank);
    results->checksum = calloc(results->blocks + 1, sizeof *results->checksum);
    if (!results->state || !results->seconds || !results->rank || !results->checksum) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the state of %zu blocks", results->blocks);
    }
    for (size_t i = 0; i < results->blocks; i++) {
        results->seconds[i] = NAN;
        results->rank[i] = -1;
    }
    return MOAT_OK;
}

/* Room for a few chunks: enough to gather a chunk that several blocks write, bounded for any grid. */
static hid_t open_field(const struct results *results, const struct field *field)
{
    size_t shape[GRID_AXES], bytes = CACHE_CHUNKS * field_element_size(field->type);
    grid_block_shape(&results->layout.grid, shape);
    for (unsigned a = 0; a < GRID_AXES; a++) {
        bytes *= field->axes & 1u << a ? shape[a] : 1;
    }
    hid_t list = H5Pcreate(H5P_DATASET_ACCESS), dataset = -1;
    if (H5Pset_chunk_cache(list, CACHE_SLOTS, bytes > CACHE_BYTES_MIN ? bytes : CACHE_BYTES_MIN, 1.0) >= 0) {
        dataset = H5Dopen2(results->file, field->name, list);
    }
    hdf5_close(&list);
    return dataset;
}

static bool open_variables(struct results *results)
{
    bool ok = true;
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        if (field_stored(&field_table[f], &results->layout)) {
            results->field[f] = open_field(results, &field_table[f]);
            ok = results->field[f] >= 0;
        }
    }
    ok = ok && (results->layout.solver != SOLVER_RIDGE || results_open_ridge(results));
    return ok && (results->block_state = H5Dopen2(results->file, "run/block_state", H5P_DEFAULT)) >= 0 &&
           (results->block_seconds = H5Dopen2(results->file, "run/block_seconds", H5P_DEFAULT)) >= 0 &&
           (results->block_rank = H5Dopen2(results->file, "run/block_rank", H5P_DEFAULT)) >= 0 &&
           (results->block_checksum = H5Dopen2(results->file, "run/block_checksum", H5P_DEFAULT)) >= 0;
}

/* What is done; damaged values are not. */
static bool read_blocks(struct results *results)
{
    size_t damaged = 0;
    bool ok =
        H5Dread(results->block_state, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, results->state) >= 0 &&
        H5Dread(results->block_seconds, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, results->seconds) >= 0 &&
        H5Dread(results->block_rank, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, results->rank) >= 0 &&
        H5Dread(results->block_checksum, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, results->checksum) >= 0 &&
        results_check_blocks(results, &damaged);
    if (ok && damaged > 0) {
        fprintf(stderr, "moat: %s: found damaged values in %zu of %zu blocks; they are done again\n", results->path,
                damaged, results->blocks);
    }
    for (size_t i = 0; ok && i < results->blocks; i++) {
        results->done += results->state[i] == BLOCK_DONE;
    }
    return ok;
}

/* Brings a file that its writer did not close back to one that opens. */
static bool repair(const char *path)
{
    hid_t list = hdf5_access_list(true), file = H5Fopen(path, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list);
    bool ok = file >= 0 && H5Fincrement_filesize(file, 0) >= 0;
    hdf5_close(&list);
    return hdf5_close(&file) && ok;
}

/* Goes on with the sweep in results->target. */
static enum moat_status resume(struct results *results, const char *argv_line)
{
    if (results->left_open && !repair(results->target)) {
        return hdf5_error(MOAT_IO, results->path, "cannot be repaired after its writer was killed");
    }
    hid_t list = hdf5_access_list(false);
    bool ready = hdf5_make_room(results->lock) && (!results->durable || hdf5_sync(results->lock));
    results->file = ready ? H5Fopen(results->target, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list) : -1;
    hdf5_close(&list);
    if (results->file < 0 ||
        !results_add_history(results->file, results->path, argv_line, results->durable ? results->lock : -1) ||
        !results_settle(results)) {
        return hdf5_error(MOAT_IO, results->path, "cannot be resumed");
    }
    return MOAT_OK;
}

/* Decides between a new file and an old one; what must not be touched is refused. */
static enum moat_status choose(struct results *results, const struct config *config, bool force, bool *resumes)
{
    bool exists = false;
    enum match match = MATCH_NONE;
    enum moat_status status = results_check_kind(results->path, results_refused, &exists);
    *resumes = false;
    if (status != MOAT_OK || !exists) {
        return status;
    }
    status = results_lock(results->target, 0, &results->lock, &results->locked);
    if (status == MOAT_OK) {
        status = results_identify(results, config, &match);
    }
    if (status == MOAT_OK && results->left_open && !results->locked) {
        status = results_settle_writer(results->target);
    }
    if (status == MOAT_OK && match != MATCH_FILE && !force) {
        status = moat_error_set(MOAT_USAGE, "%s holds %s %s%s: use --force to replace it or -o for another file",
                                results->path, match == MATCH_NONE ? "another sweep than" : "the sweep", config->name,
                                match == MATCH_NONE ? "" : " in other variables than this version's, or was edited");
    }
    *resumes = match == MATCH_FILE;
    return status;
}

enum moat_status results_open(const char *path, const struct config *config, const char *argv_line, unsigned options,
                              struct results **out)
{
    struct results *results = NULL;
    bool resumes = false;
    *out = NULL;
    hdf5_begin();
    enum moat_status status = prepare(path, config, options, &results);
    if (status != MOAT_OK || !results) {
        return status;
    }
    status = choose(results, config, (options & RESULTS_FORCE) != 0, &resumes);
    if (status == MOAT_OK) {
        status = resumes ? resume(results, argv_line) : results_create(results, config, argv_line);
    }
    if (status == MOAT_OK) {
        status = allocate_blocks(results);
    }
    if (status == MOAT_OK && !(open_variables(results) && (!resumes || read_blocks(results)))) {
        status = hdf5_error(MOAT_IO, path, "cannot be opened for writing");
    }
    if (status != MOAT_OK) {
        results_destroy(results);
        return status;
    }
    *out = results;
    return MOAT_OK;
}
