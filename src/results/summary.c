/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The summary of a results file, read while it is written, after it was closed, or after its writer was killed.
 *
 * Block states are read before the points: a block reported done then has its points counted.
 */
#include "results/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "results/handle.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/identity.h"
#include "results/intact.h"
#include "results/lock.h"

enum { OPEN_ATTEMPTS = 40, OPEN_PAUSE = 50000000 /* ns */ };

void summary_read_title(hid_t file, struct results_summary *summary)
{
    hdf5_text_read_fixed(file, "title", summary->title, sizeof summary->title);
}

/* Moves `start` to the next box of `rank` axes in C order; boxes have the size `chunk`, at the ends of axes less. False
   after the last. */
static bool next_box(int rank, const hsize_t *dims, const hsize_t *chunk, hsize_t *start)
{
    for (int a = rank - 1; a >= 0; a--) {
        start[a] += chunk[a];
        if (start[a] < dims[a]) {
            return true;
        }
        start[a] = 0;
    }
    return false;
}

static bool count_box(hid_t variable, hid_t space, const hsize_t *start, const hsize_t *count, uint8_t *values,
                      struct results_summary *summary)
{
    int rank = H5Sget_simple_extent_ndims(space);
    hsize_t points = 1;
    for (int a = 0; a < rank; a++) {
        points *= count[a];
    }
    hid_t memory =
        H5Screate_simple(rank, count, NULL); /* the same shape as in the file: else HDF5 copies point by point */
    bool ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(variable, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, values) >= 0;
    for (hsize_t i = 0; ok && i < points; i++) { /* an unknown status counts as failed */
        summary->points_by_status[values[i] < MOAT_MARKET_STATUSES ? values[i] : MOAT_MARKET_FAILED]++;
    }
    summary->points += (size_t)points;
    hdf5_close(&memory);
    return ok;
}

bool summary_count_points(hid_t status, struct results_summary *summary)
{
    hsize_t dims[GRID_AXES] = {0}, chunk[GRID_AXES] = {0}, start[GRID_AXES] = {0};
    uint8_t *values = NULL;
    hid_t space = H5Dget_space(status), list = H5Dget_create_plist(status);
    int rank = H5Sget_simple_extent_ndims(space);
    bool ok = rank > 0 && rank <= GRID_AXES && H5Sget_simple_extent_dims(space, dims, NULL) >= 0 &&
              H5Pget_chunk(list, GRID_AXES, chunk) == rank;
    if (ok) {
        hsize_t bytes = 1;
        for (int a = 0; a < rank; a++) {
            bytes *= chunk[a];
        }
        values = malloc((size_t)bytes);
        ok = values != NULL;
    }
    for (bool more = ok; more && ok; more = next_box(rank, dims, chunk, start)) {
        hsize_t count[GRID_AXES] = {0};
        for (int a = 0; a < rank; a++) {
            count[a] = dims[a] - start[a] < chunk[a] ? dims[a] - start[a] : chunk[a];
        }
        ok = count_box(status, space, start, count, values, summary);
    }
    free(values);
    hdf5_close(&list);
    hdf5_close(&space);
    return ok;
}

/* Opens a variable of a group; sets the number of its values. The caller closes it. Negative on failure. */
static hid_t open_variable(hid_t file, enum group_variable variable, size_t *size)
{
    hid_t dataset = variable_open(file, group_table[variable].path), space = H5Dget_space(dataset);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    *size = points >= 0 ? (size_t)points : 0;
    if (points < 0) {
        hdf5_close(&dataset);
    }
    hdf5_close(&space);
    return dataset;
}

/* Blocks done, and the time it took to solve them. */
static bool count_blocks(hid_t file, struct results_summary *summary)
{
    size_t blocks = 0, times = 0;
    hid_t state = open_variable(file, RUN_BLOCK_STATE, &blocks), time = open_variable(file, RUN_BLOCK_SECONDS, &times);
    bool ok = state >= 0 && time >= 0 && times == blocks;
    uint8_t *states = ok ? malloc(blocks + 1) : NULL;
    double *seconds = ok ? malloc((blocks + 1) * sizeof *seconds) : NULL;
    ok = states && seconds && variable_read(state, VARIABLE_UINT8, states) &&
         variable_read(time, VARIABLE_FLOAT64, seconds);
    for (size_t i = 0; ok && i < blocks; i++) {
        summary->blocks_done += states[i] == BLOCK_DONE;
        summary->seconds += states[i] == BLOCK_DONE ? seconds[i] : 0;
    }
    summary->blocks = ok ? blocks : 0;
    free(states);
    free(seconds);
    hdf5_close(&time);
    hdf5_close(&state);
    return ok;
}

/* The tasks of the ladder; a file without a ladder has none. */
static bool count_tasks(hid_t file, struct results_summary *summary)
{
    size_t tasks = 0;
    if (H5Lexists(file, group_table[RUN_TASK_STATE].path, H5P_DEFAULT) <= 0) {
        return true;
    }
    hid_t state = open_variable(file, RUN_TASK_STATE, &tasks);
    uint8_t *states = state >= 0 ? malloc(tasks + 1) : NULL;
    bool ok = states && variable_read(state, VARIABLE_UINT8, states);
    for (size_t i = 0; ok && i < tasks; i++) {
        summary->tasks_done += states[i] == TASK_DONE;
        summary->tasks_failed += states[i] == TASK_FAILED;
    }
    summary->tasks = ok ? tasks : 0;
    free(states);
    hdf5_close(&state);
    return ok;
}

/*
 * Opens `path` for reading. SWMR reading can open a live file, except for a moment while its writer starts: then it
 * waits. Without a writer, marks in the file are those of a killed writer; they are ignored, in memory only.
 */
static hid_t open_for_reading(const char *path, bool *written_now)
{
    hid_t file = -1;
    for (int attempt = 0; attempt < OPEN_ATTEMPTS && file < 0; attempt++) {
        *written_now = lock_held(path);
        hid_t list = hdf5_access_list(!*written_now);
        file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, list);
        hdf5_close(&list);
        if (file < 0 && !*written_now && !lock_held(path)) {
            break;
        }
        if (file < 0) {
            nanosleep(&(struct timespec){.tv_nsec = OPEN_PAUSE}, NULL);
        }
    }
    return file;
}

enum moat_status summary_open(const char *path, bool *written_now, hid_t *file)
{
    bool exists = false;
    *file = -1;
    hdf5_begin();
    enum moat_status status = identity_check_kind(path, "", &exists);
    if (status != MOAT_OK) {
        return status;
    }
    if (!exists) {
        return moat_error_set(MOAT_USAGE, "%s: no such file, expected a moat results file", path);
    }
    *file = open_for_reading(path, written_now);
    if (*file < 0) {
        return hdf5_error(MOAT_USAGE, path, "not a results file that can be read");
    }
    hdf5_begin();
    status = intact_check(*file, path, "");
    if (status != MOAT_OK) {
        hdf5_close(file);
    }
    return status;
}

enum moat_status results_summarise(const char *path, struct results_summary *out)
{
    hid_t file = -1, variable = -1;
    memset(out, 0, sizeof *out);
    enum moat_status status = summary_open(path, &out->written_now, &file);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    summary_read_title(file, out);
    struct launch launch;
    if (history_launch(file, &launch)) {
        launch_format(&launch, out->writer, sizeof out->writer);
    }
    if (count_tasks(file, out) && count_blocks(file, out)) {
        variable = H5Dopen2(file, field_table[FIELD_STATUS].name, H5P_DEFAULT);
    }
    if (variable < 0 || !summary_count_points(variable, out)) {
        status = hdf5_error(MOAT_IO, path, "cannot be read");
    }

cleanup:
    hdf5_close(&variable);
    hdf5_close(&file);
    return status;
}
