/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a results file says of its sweep, read while it is written, after it was closed, or after its writer was killed.
 *
 * Block states are read before the points: a block reported done then has its points counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "results/internal.h"

enum { OPEN_ATTEMPTS = 40, OPEN_PAUSE = 50000000 /* ns */ };

void results_read_title(hid_t file, struct results_summary *summary)
{
    char *title = hdf5_text_read(file, "title");
    snprintf(summary->title, sizeof summary->title, "%s", title ? title : "");
    free(title);
}

/* The box of `rank` axes after `start` in C order, of size `chunk` or what is left; false after the last. */
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

static bool count_box(hid_t variable, hid_t space, int rank, const hsize_t *start, const hsize_t *count,
                      uint8_t *values, struct results_summary *summary)
{
    hsize_t points = 1;
    for (int a = 0; a < rank; a++) {
        points *= count[a];
    }
    hid_t memory = H5Screate_simple(rank, count, NULL); /* of one shape with the file's: else HDF5 goes by the point */
    bool ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(variable, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, values) >= 0;
    for (hsize_t i = 0; ok && i < points; i++) { /* what no version of ours writes is taken as a failed point */
        summary->points_by_status[values[i] < MOAT_MARKET_STATUSES ? values[i] : MOAT_MARKET_FAILED]++;
    }
    summary->points += (size_t)points;
    hdf5_close(&memory);
    return ok;
}

bool results_count_points(hid_t variable, struct results_summary *summary)
{
    hsize_t dims[GRID_AXES] = {0}, chunk[GRID_AXES] = {0}, start[GRID_AXES] = {0};
    uint8_t *values = NULL;
    hid_t space = H5Dget_space(variable), list = H5Dget_create_plist(variable);
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
        hsize_t count[GRID_AXES];
        for (int a = 0; a < rank; a++) {
            count[a] = dims[a] - start[a] < chunk[a] ? dims[a] - start[a] : chunk[a];
        }
        ok = count_box(variable, space, rank, start, count, values, summary);
    }
    free(values);
    hdf5_close(&list);
    hdf5_close(&space);
    return ok;
}

/* Blocks done and the time they took, from the group /run. */
static bool count_blocks(hid_t file, struct results_summary *summary)
{
    hid_t state = H5Dopen2(file, "run/block_state", H5P_DEFAULT), space = H5Dget_space(state);
    hid_t time = H5Dopen2(file, "run/block_seconds", H5P_DEFAULT), time_space = H5Dget_space(time);
    hssize_t blocks = H5Sget_simple_extent_npoints(space);
    bool ok = blocks >= 0 && H5Sget_simple_extent_npoints(time_space) == blocks;
    uint8_t *states = ok ? malloc((size_t)blocks + 1) : NULL;
    double *seconds = ok ? malloc(((size_t)blocks + 1) * sizeof *seconds) : NULL;
    ok = states && seconds && H5Dread(state, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, states) >= 0 &&
         H5Dread(time, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, seconds) >= 0;
    for (size_t i = 0; ok && i < (size_t)blocks; i++) {
        summary->blocks_done += states[i] == BLOCK_DONE;
        summary->seconds += states[i] == BLOCK_DONE ? seconds[i] : 0;
    }
    summary->blocks = ok ? (size_t)blocks : 0;
    free(states);
    free(seconds);
    hdf5_close(&time_space);
    hdf5_close(&time);
    hdf5_close(&space);
    hdf5_close(&state);
    return ok;
}

/*
 * Opens `path` for reading. SWMR reading takes a live file, but for a moment at the writer's start, for which one
 * waits. Without a writer, the marks in the file are a killed one's and ignored, in memory only.
 */
static hid_t open_for_reading(const char *path, bool *written_now)
{
    hid_t file = -1;
    for (int attempt = 0; attempt < OPEN_ATTEMPTS && file < 0; attempt++) {
        *written_now = results_written_now(path);
        hid_t list = hdf5_access_list(!*written_now);
        file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, list);
        hdf5_close(&list);
        if (file < 0 && !*written_now && !results_written_now(path)) {
            break;
        }
        if (file < 0) {
            nanosleep(&(struct timespec){.tv_nsec = OPEN_PAUSE}, NULL);
        }
    }
    return file;
}

enum moat_status results_summarise(const char *path, struct results_summary *out)
{
    bool exists = false;
    memset(out, 0, sizeof *out);
    hdf5_begin();
    enum moat_status status = results_check_kind(path, "", &exists);
    if (status != MOAT_OK) {
        return status;
    }
    if (!exists) {
        return moat_error_set(MOAT_USAGE, "%s: no such file, expected a results file of moat", path);
    }
    hid_t file = open_for_reading(path, &out->written_now), variable = -1;
    if (file < 0) {
        return hdf5_error(MOAT_USAGE, path, "not a results file that can be read");
    }
    hdf5_begin();
    status = results_check_content(file, path, "");
    if (status != MOAT_OK) {
        goto cleanup;
    }
    results_read_title(file, out);
    struct launch launch;
    if (results_read_launch(file, &launch)) {
        launch_format(&launch, out->writer, sizeof out->writer);
    }
    if (results_count_tasks(file, out) && count_blocks(file, out)) {
        variable = H5Dopen2(file, field_table[FIELD_STATUS].name, H5P_DEFAULT);
    }
    if (variable < 0 || !results_count_points(variable, out)) {
        status = hdf5_error(MOAT_IO, path, "cannot be read");
    }

cleanup:
    hdf5_close(&variable);
    hdf5_close(&file);
    return status;
}
