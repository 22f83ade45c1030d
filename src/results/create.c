/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new results file, and the record of where it comes from.
 *
 * The file is made under a temporary name beside its own and renamed when it is complete and open to SWMR readers. So a
 * kill leaves either no file or a good one, and an old file goes only when the new one takes its place.
 */
#include "results/create.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "results/claim.h"
#include "results/fill.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/layout.h"
#include "results/provenance.h"

enum { FILE_PAGE = 4096 /* bytes, no more than a page of memory */, ATTRIBUTES_MAX = 32 };

/* Whole chunks, their index, coordinates, the groups, attributes. A double, because the product of the axes may not fit
   an integer. */
double results_bytes(const struct config *config)
{
    size_t shape[GRID_AXES];
    double bytes = 65536 + 2 * (double)strlen(config->text);
    grid_block_shape(&config->grid, shape);
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (!field_stored(&field_table[f], config)) {
            continue;
        }
        double chunks = 1, chunk_bytes = (double)field_element_size(field_table[f].type);
        for (unsigned a = 0; a < GRID_AXES; a++) {
            if (field_table[f].axes & 1u << a) {
                size_t along = (config->grid.axis[a].size + shape[a] - 1) / shape[a];
                chunks *= (double)along;
                chunk_bytes *= (double)shape[a];
            }
        }
        bytes += chunks * (chunk_bytes + 16);
        double exponent[MOAT_REGIME_EXPONENTS]; /* an attribute has them for each nu */
        if (field_theory((enum field_id)f, config, config->grid.axis[GRID_NU].values[0], exponent)) {
            bytes += (double)sizeof exponent * (double)config->grid.axis[GRID_NU].size;
        }
    }
    bytes += groups_bytes(config);
    for (int a = 0; a < GRID_AXES; a++) {
        bytes += 8 * (double)config->grid.axis[a].size;
    }
    return bytes;
}

/* Checks that the folder of `target` exists, can be written and has room. */
static enum moat_status check_folder(const char *path, const char *target, const struct config *config)
{
    struct statvfs disk;
    struct stat about;
    enum moat_status status = MOAT_OK;
    char *copy = strdup(target);
    if (!copy) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    const char *folder = dirname(copy);
    if (stat(folder, &about) != 0) {
        status = moat_error_set(MOAT_USAGE,
                                "%s: the output folder %s cannot be found: %s: create it, or choose another with -o",
                                path, folder, strerror(errno));
    } else if (!S_ISDIR(about.st_mode)) {
        status =
            moat_error_set(MOAT_USAGE, "%s: %s is a file, expected a folder: choose another with -o", path, folder);
    } else if (access(folder, W_OK | X_OK) != 0) {
        status = moat_error_set(MOAT_USAGE, "%s: the output folder %s cannot be written: %s: choose another with -o",
                                path, folder, strerror(errno));
    } else if (statvfs(folder, &disk) == 0) {
        double wanted = results_bytes(config), found = (double)disk.f_bavail * (double)disk.f_frsize;
        if (wanted > found) {
            status =
                moat_error_set(MOAT_USAGE,
                               "%s: the results of %.4g grid points take %.4g GB, but the disk of %s has %.4g GB free: "
                               "make the grid smaller, free space, or choose another folder with -o",
                               path, (double)grid_points(&config->grid), wanted / 1e9, folder, found / 1e9);
        }
    }
    free(copy);
    return status;
}

enum moat_status create_check(const struct results *results, const struct config *config)
{
    return check_folder(results->path, results->target, config);
}

/* Creates the file under its temporary name, which has the `lock`, and opens it for SWMR writing in results->file. */
static enum moat_status write_file(struct results *results, const char *temporary, const struct config *config,
                                   const struct results_run *run, int lock)
{
    enum moat_status status = MOAT_OK;
    hid_t access_list = hdf5_access_list(false), list = H5Pcreate(H5P_FILE_CREATE);
    /* A resumed run changes one attribute, and a kill must not tear it. So attributes lie in the root's own header, and
       no small piece of metadata crosses a page. */
    bool ok = H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0 &&
              H5Pset_attr_phase_change(list, ATTRIBUTES_MAX, 0) >= 0 && H5Pset_obj_track_times(list, false) >= 0 &&
              H5Pset_file_space_strategy(list, H5F_FSPACE_STRATEGY_PAGE, false, 1) >= 0 &&
              H5Pset_file_space_page_size(list, FILE_PAGE) >= 0;
    results->file = ok ? H5Fcreate(temporary, H5F_ACC_TRUNC, list, access_list) : -1;
    ok = results->file >= 0 && layout_create(results->file, config);
    if (ok) {
        status = fill_fields(results->file, temporary, config, run, lock, results->durable);
    }
    ok = ok && status == MOAT_OK && provenance_write(results->file, config) &&
         records_open(results->file, &results->records) && history_begin(results, run) &&
         records_close(&results->records) && H5Fflush(results->file, H5F_SCOPE_GLOBAL) >= 0 &&
         H5Fstart_swmr_write(results->file) >= 0 && !hdf5_failed() && (!results->durable || hdf5_sync(lock));
    hdf5_close(&list);
    hdf5_close(&access_list);
    if (status != MOAT_OK) {
        return moat_error_context(status, status == MOAT_STOPPED ? "%s" : "%s: cannot be created", results->path);
    }
    return ok ? MOAT_OK : hdf5_error(MOAT_IO, results->path, "cannot be created");
}

/* Brings the new name of the file to disk, on file systems that sync folders. */
static void sync_folder(const char *target)
{
    char *copy = strdup(target);
    int folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY) : -1;
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    free(copy);
}

/* Writes the new file under its temporary name, which has the `lock`, and gives it its own name. Removes it on failure.
 */
static enum moat_status write_and_rename(struct results *results, const struct config *config,
                                         const struct results_run *run, const char *temporary, int lock)
{
    enum moat_status status = MOAT_OK;
    bool replacing = results->lock >= 0;
    /* A process that created the file since identity_check_kind held this lock meanwhile. */
    if (!replacing && access(results->target, F_OK) == 0) {
        status = moat_error_set(MOAT_USAGE, "%s: another process has just created it: run the same command again",
                                results->path);
    } else {
        status = write_file(results, temporary, config, run, lock);
    }
    if (status == MOAT_OK) {
        claim_end(lock);
    }
    if (status == MOAT_OK && rename(temporary, results->target) != 0) {
        status = moat_error_set(MOAT_IO, "%s: cannot be created: %s", results->path, strerror(errno));
    }
    if (status != MOAT_OK) {
        unlink(temporary); // NOLINT(clang-analyzer-core.NonNullParamChecker): asprintf set it
    } else if (results->durable) {
        sync_folder(results->target);
    }
    return status;
}

enum moat_status create_file(struct results *results, const struct config *config, const struct results_run *run)
{
    char *temporary = NULL;
    int lock = -1;
    enum moat_status status = check_folder(results->path, results->target, config);
    if (status == MOAT_OK && asprintf(&temporary, "%s%s", results->target, claim_suffix) < 0) {
        temporary = NULL;
        status = moat_error_set(MOAT_MEMORY, "out of memory");
    }
    if (status == MOAT_OK) {
        status = claim_take(temporary, &run->launch, &lock);
    }
    if (status == MOAT_OK) {
        status = write_and_rename(results, config, run, temporary, lock);
    }
    if (status == MOAT_OK) { /* the new file's lock takes the place of that of a file it replaced */
        if (results->lock >= 0) {
            close(results->lock);
        }
        results->lock = lock;
        lock = -1;
    }
    if (lock >= 0) {
        close(lock);
    }
    free(temporary);
    return status;
}
