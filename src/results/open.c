/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening a results file for writing: a new one, or one to resume.
 *
 * Nothing is changed before it is certain that the file holds this sweep and that no other process writes it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "results/checksum.h"
#include "results/create.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/identity.h"
#include "results/lock.h"
#include "results/placement.h"
#include "results/pulse.h"

enum { CACHE_CHUNKS = 4, CACHE_BYTES_MIN = 16384, CACHE_SLOTS = 101 };

/* Gives the field a cache of a few chunks: enough to gather a chunk that several blocks write, and bounded for any
 * grid. */
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

/* Opens what the run writes: the fields for HDF5 only if they cannot be written without it. */
static bool open_variables(struct results *results)
{
    struct results_placement *placement = &results->placement;
    bool ok = true;
    if (placement_find(results->file, &results->layout, placement) && placement->known) {
        ok = writer_create(results->lock, &results->layout, placement, &results->writer) == MOAT_OK;
        if (!ok) {
            hdf5_note(strerror(ENOMEM)); /* all that it can lack */
        }
        return ok && records_open(results->file, &results->records);
    }
    hdf5_begin(); /* an HDF5 that does not tell has not failed */
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        if (field_stored(&field_table[f], &results->layout)) {
            results->field[f] = open_field(results, &field_table[f]);
            ok = results->field[f] >= 0;
        }
    }
    return ok && records_open(results->file, &results->records);
}

/* Reads which blocks are done; damaged ones become pending. */
static bool read_blocks(struct results *results)
{
    size_t damaged = 0;
    bool ok = records_read(results->records, ALONG_BLOCKS, results->block) && checksum_check_blocks(results, &damaged);
    if (ok && damaged > 0) {
        fprintf(stderr, "moat: %s: found damaged values in %zu of %zu blocks; they are solved again\n", results->path,
                damaged, results->blocks);
    }
    for (size_t i = 0; ok && i < results->blocks; i++) {
        results->done += results->block[i].state == BLOCK_DONE;
    }
    return ok;
}

/* Repairs a file that its writer did not close, so that it opens again. */
static bool repair(const char *path)
{
    hid_t list = hdf5_access_list(true), file = H5Fopen(path, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list);
    bool ok = file >= 0 && H5Fincrement_filesize(file, 0) >= 0;
    hdf5_close(&list);
    return hdf5_close(&file) && ok;
}

/* Opens results->target to resume its sweep. */
static enum moat_status resume(struct results *results)
{
    if (results->left_open && !repair(results->target)) {
        return hdf5_error(MOAT_IO, results->path, "cannot be repaired after its writer was killed");
    }
    hid_t list = hdf5_access_list(false);
    bool ready = !results->durable || hdf5_sync(results->lock);
    results->file = ready ? H5Fopen(results->target, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list) : -1;
    hdf5_close(&list);
    return results->file >= 0 ? MOAT_OK : hdf5_error(MOAT_IO, results->path, "cannot be resumed");
}

/* Decides between a new file and resuming an old one; refuses a file that must not be changed. */
static enum moat_status choose(struct results *results, const struct config *config, bool force, bool *resumes)
{
    bool exists = false;
    enum identity found = IDENTITY_OTHER;
    enum moat_status status = identity_check_kind(results->path, identity_refused, &exists);
    *resumes = false;
    if (status != MOAT_OK || !exists) {
        return status;
    }
    status = lock_take(results->target, 0, &results->lock);
    if (status == MOAT_OK) {
        status = identity_compare(results, config, &found);
    }
    if (status == MOAT_OK && results->left_open) {
        status = lock_check_writer_gone(results->target, force);
    }
    if (status == MOAT_OK && found == IDENTITY_FORMAT && !force) {
        status = MOAT_USAGE; /* with identity_compare's message */
    } else if (status == MOAT_OK && found == IDENTITY_SPECTRUM && !force) {
        status = moat_error_set(MOAT_USAGE,
                                "%s holds the sweep %s on another spectrum than that of %s, whose numbers have the "
                                "checksum %" PRIu32 "%s",
                                results->path, config->name, config->spectrum, config->directions.checksum,
                                identity_replace);
    } else if (status == MOAT_OK && found == IDENTITY_DATA && !force) {
        status =
            moat_error_set(MOAT_USAGE,
                           "%s holds the sweep %s on other data than those of %s, whose numbers have the checksum "
                           "%" PRIu32 "%s",
                           results->path, config->name, config->ridge.data, config->rows_checksum, identity_replace);
    } else if (status == MOAT_OK && found != IDENTITY_FILE && !force) {
        status = moat_error_set(MOAT_USAGE, "%s holds %s %s%s%s", results->path,
                                found == IDENTITY_OTHER ? "another sweep than" : "the sweep", config->name,
                                found == IDENTITY_OTHER ? "" : " in other variables than this version's, or was edited",
                                identity_replace);
    }
    *resumes = found == IDENTITY_FILE;
    return status;
}

enum moat_status results_check(const char *path, const struct config *config, unsigned options)
{
    struct results *results = NULL;
    bool resumes = false;
    hdf5_begin();
    enum moat_status status = handle_create(path, config, options, &results);
    if (status == MOAT_OK) {
        status = choose(results, config, (options & RESULTS_FORCE) != 0, &resumes);
    }
    if (status == MOAT_OK && !resumes) {
        status = create_check(results, config);
    }
    if (results) {
        handle_destroy(results);
    }
    return status;
}

enum moat_status results_open(const char *path, const struct config *config, const struct results_run *run,
                              unsigned options, struct results **out)
{
    struct results *results = NULL;
    bool resumes = false;
    *out = NULL;
    hdf5_begin();
    enum moat_status status = handle_create(path, config, options, &results);
    if (status != MOAT_OK || !results) {
        return status;
    }
    status = choose(results, config, (options & RESULTS_FORCE) != 0, &resumes);
    if (status == MOAT_OK) {
        status = resumes ? resume(results) : create_file(results, config, run);
    }
    if (status == MOAT_OK) {
        status = handle_allocate_blocks(results);
    }
    if (status == MOAT_OK && !(open_variables(results) && (!resumes || read_blocks(results)))) {
        status = hdf5_error(MOAT_IO, path, "cannot be opened for writing");
    }
    if (status == MOAT_OK && resumes && !(history_begin(results, run) && handle_sync(results))) {
        status = hdf5_error(MOAT_IO, path, "cannot be resumed");
    }
    if (status == MOAT_OK) {
        status = pulse_start(results->lock, &results->pulse);
    }
    if (status != MOAT_OK) {
        handle_destroy(results);
        return status;
    }
    *out = results;
    return MOAT_OK;
}
