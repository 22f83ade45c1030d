/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new results file, and the record of where it comes from.
 *
 * The file is made under a temporary name beside its own and renamed when it is complete and open to SWMR readers. So a
 * kill leaves either no file or a good one, and an old file goes only when the new one takes its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "moat/version.h"
#include "results_internal.h"

enum { FILE_PAGE = 4096 /* bytes, no more than a page of memory */, ATTRIBUTES_MAX = 32 };
static const char new_suffix[] = ".moat-new";
static const char references[] =
    "Jagadeesan, Jordan and Steinhardt, arXiv 2409.03734; PNAS 2025, doi 10.1073/pnas.2510004122";

/* Whole chunks, their index, coordinates, block records, attributes. A double, as the product of the axes may not fit
   an integer. */
double results_bytes(const struct config *config)
{
    size_t shape[GRID_AXES];
    double bytes = 65536 + 2 * (double)strlen(config->text) + 25 * (double)grid_blocks(&config->grid);
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
    }
    bytes += config->solver == SOLVER_RIDGE ? results_ridge_bytes(config) : 0;
    for (int a = 0; a < GRID_AXES; a++) {
        bytes += 8 * (double)config->grid.axis[a].size;
    }
    return bytes;
}

/* Whether the folder of `target` is there, can be written and has room. */
static enum status check_folder(const char *path, const char *target, const struct config *config)
{
    struct statvfs disk;
    struct stat about;
    enum status status = STATUS_OK;
    char *copy = strdup(target);
    if (!copy) {
        return error_set(STATUS_MEMORY, "out of memory");
    }
    const char *folder = dirname(copy);
    if (stat(folder, &about) != 0) {
        status = error_set(STATUS_USAGE,
                           "%s: the output folder %s cannot be found: %s: create it, or choose another with -o", path,
                           folder, strerror(errno));
    } else if (!S_ISDIR(about.st_mode)) {
        status = error_set(STATUS_USAGE, "%s: %s is a file, expected a folder: choose another with -o", path, folder);
    } else if (access(folder, W_OK | X_OK) != 0) {
        status = error_set(STATUS_USAGE, "%s: the output folder %s cannot be written: %s: choose another with -o", path,
                           folder, strerror(errno));
    } else if (statvfs(folder, &disk) == 0) {
        double wanted = results_bytes(config), found = (double)disk.f_bavail * (double)disk.f_frsize;
        if (wanted > found) {
            status = error_set(STATUS_USAGE,
                               "%s: the results of %.4g grid points take %.4g GB, but the disk of %s has %.4g GB free: "
                               "make the grid smaller, free space, or choose another folder with -o",
                               path, (double)grid_points(&config->grid), wanted / 1e9, folder, found / 1e9);
        }
    }
    free(copy);
    return status;
}

static void time_now(char text[32])
{
    time_t now = time(NULL);
    struct tm utc;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

bool results_add_history(hid_t file, const char *path, const char *argv_line, int descriptor)
{
    char *old = results_history(file), *text = NULL, now[32];
    time_now(now);
    bool any = old && *old; /* a disk that failed under an earlier run may have cost its lines */
    if (!old && H5Aexists(file, "history") > 0) {
        fprintf(stderr, "moat: %s: the history of earlier runs is damaged: it starts anew\n", path);
    }
    bool ok = asprintf(&text, "%s%s%s moat %s (%s): %s", any ? old : "", any ? "\n" : "", now, MOAT_VERSION,
                       MOAT_REVISION, argv_line) >= 0;
    ok = ok && results_write_history(file, text, descriptor);
    if (text) {
        free(text);
    }
    free(old);
    return ok;
}

static bool write_provenance(hid_t file, const char *path, const struct config *config, const char *argv_line)
{
    char now[32];
    time_now(now);
    return hdf5_text_write(file, "Conventions", "CF-1.10") && hdf5_text_write(file, "title", config->name) &&
           results_add_history(file, path, argv_line, -1) && hdf5_text_write(file, "references", references) &&
           hdf5_text_write(file, "date_created", now) && hdf5_text_write(file, "moat_version", MOAT_VERSION) &&
           hdf5_text_write(file, "git_revision", MOAT_REVISION) &&
           hdf5_text_write(file, "sweep", config->sweep == SWEEP_SCALING_LAW ? "scaling_law" : "market_entry") &&
           hdf5_text_write(file, "solver", config->solver == SOLVER_RIDGE ? "ridge" : "deterministic") &&
           hdf5_text_write(file, "config", config->text);
}

/* The file under its temporary name, open for SWMR writing in results->file. */
static bool write_file(struct results *results, const char *temporary, const struct config *config,
                       const char *argv_line)
{
    hid_t access_list = hdf5_access_list(false), list = H5Pcreate(H5P_FILE_CREATE);
    /* A resumed run changes one attribute. So that a kill cannot tear that: attributes in the root's own header, and no
       small piece of metadata across a page. */
    bool ok = H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0 &&
              H5Pset_attr_phase_change(list, ATTRIBUTES_MAX, 0) >= 0 &&
              H5Pset_file_space_strategy(list, H5F_FSPACE_STRATEGY_PAGE, false, 1) >= 0 &&
              H5Pset_file_space_page_size(list, FILE_PAGE) >= 0;
    results->file = ok ? H5Fcreate(temporary, H5F_ACC_TRUNC, list, access_list) : -1;
    ok = results->file >= 0 && results_write_layout(results->file, config) &&
         write_provenance(results->file, results->path, config, argv_line) &&
         H5Fflush(results->file, H5F_SCOPE_GLOBAL) >= 0 && H5Fstart_swmr_write(results->file) >= 0 && !hdf5_failed();
    hdf5_close(&list);
    hdf5_close(&access_list);
    return ok;
}

/* Brings the new name of the file to disk, where the file system does that for folders. */
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

enum status results_create(struct results *results, const struct config *config, const char *argv_line)
{
    char *temporary = NULL;
    int lock = -1;
    bool locked = false, replacing = results->lock >= 0;
    enum status status = check_folder(results->path, results->target, config);
    if (status == STATUS_OK && asprintf(&temporary, "%s%s", results->target, new_suffix) < 0) {
        temporary = NULL;
        status = error_set(STATUS_MEMORY, "out of memory");
    }
    if (status == STATUS_OK) {
        status = results_lock(temporary, O_CREAT, &lock, &locked);
    }
    if (status != STATUS_OK) {
        goto cleanup;
    }
    /* Whoever created the file since we looked held this lock while doing so. */
    if (!replacing && access(results->target, F_OK) == 0) {
        status = error_set(STATUS_USAGE, "%s: another process has just created it: run the same command again",
                           results->path);
    } else if (!write_file(results, temporary, config, argv_line) || (results->durable && !hdf5_sync(lock))) {
        status = hdf5_error(STATUS_IO, results->path, "cannot be created");
    } else if (rename(temporary, results->target) != 0) {
        status = error_set(STATUS_IO, "%s: cannot be created: %s", results->path, strerror(errno));
    }
    if (status != STATUS_OK) {
        unlink(temporary); // NOLINT(clang-analyzer-core.NonNullParamChecker): set, or we had left
        goto cleanup;
    }
    if (results->durable) {
        sync_folder(results->target);
    }
    if (replacing) {
        close(results->lock);
    }
    results->lock = lock;
    results->locked = locked;
    lock = -1;

cleanup:
    if (lock >= 0) {
        close(lock);
    }
    free(temporary);
    return status;
}
