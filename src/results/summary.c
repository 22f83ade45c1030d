/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The summary of a results file, read while it is written, after it was closed, or after its writer was killed.
 *
 * Block states are read before the points: a block reported done then has its points counted.
 */
#include "results/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/history_text.h"
#include "results/identity.h"
#include "results/intact.h"
#include "results/lock.h"
#include "results/origins.h"
#include "results/provenance.h"
#include "results/pulse.h"
#include "results/records.h"
#include "results/workload.h"

enum { OPEN_PAUSE = 50000000 /* ns */ };
#define OPEN_SECONDS 2.0 /* that a writer may take to start */

void summary_read_title(hid_t file, struct results_summary *summary)
{
    hdf5_text_read(file, "title", summary->title, sizeof summary->title);
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

/* Sets at[rank] to the indices, along the file's axes, of element `i` of a box. */
static void locate(int rank, const hsize_t *start, const hsize_t *count, hsize_t i, size_t at[GRID_AXES])
{
    for (int a = rank - 1; a >= 0 && count[a] > 0; a--) {
        at[a] = (size_t)(start[a] + i % count[a]);
        i /= count[a];
    }
}

/* Turns indices along the file's axes into those of the grid, some axes of which may be scalar and not in the file. */
static void place_on_grid(const struct grid *grid, size_t at[GRID_AXES])
{
    size_t found[GRID_AXES];
    int axis[GRID_AXES], rank = field_axes(&field_table[FIELD_STATUS], grid, axis);
    memcpy(found, at, sizeof found);
    memset(at, 0, sizeof found);
    for (int a = 0; a < rank; a++) {
        at[axis[a]] = found[a];
    }
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
        bool failed = values[i] >= MOAT_MARKET_FAILED;
        if (failed && summary->points_by_status[MOAT_MARKET_FAILED] == 0) {
            locate(rank, start, count, i, summary->failed_at);
        }
        summary->points_by_status[values[i] < MOAT_MARKET_STATUSES ? values[i] : MOAT_MARKET_FAILED]++;
    }
    summary->points += (size_t)points;
    hdf5_close(&memory);
    return ok;
}

bool summary_count_points(hid_t status, const struct grid *grid, struct results_summary *summary)
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
    if (grid) {
        place_on_grid(grid, summary->failed_at);
    }
    free(values);
    hdf5_close(&list);
    hdf5_close(&space);
    return ok;
}

void summary_count_blocks(const struct block_record *block, size_t blocks, struct results_summary *summary)
{
    summary->blocks = blocks;
    for (size_t i = 0; i < blocks; i++) {
        bool done = block[i].state == BLOCK_DONE;
        summary->blocks_done += done;
        summary->seconds += done ? block[i].seconds : 0;
    }
}

/* The ranks of the run that writes the file, 0 if none does or it is not known. */
static int writing_ranks(const struct results_summary *summary)
{
    return summary->written_now && summary->last.known && !summary->last.closed ? summary->last.launch.ranks : 0;
}

static bool count_blocks(const struct records *records, const struct config *config, struct results_summary *summary)
{
    size_t blocks = records_count(records, ALONG_BLOCKS);
    struct block_record *block = calloc(blocks + 1, sizeof *block);
    bool ok = block && records_read(records, ALONG_BLOCKS, block);
    if (ok) {
        summary_count_blocks(block, blocks, summary);
        workload_blocks(config, block, blocks, writing_ranks(summary), &summary->block_work);
    }
    free(block);
    return ok;
}

/* The tasks of the ladder; a file without a ladder has none. */
static bool count_tasks(const struct records *records, const struct config *config, struct results_summary *summary)
{
    size_t tasks = records_count(records, ALONG_TASKS);
    struct task_record *task = calloc(tasks + 1, sizeof *task);
    bool ok = task && (tasks == 0 || records_read(records, ALONG_TASKS, task));
    for (size_t i = 0; ok && i < tasks; i++) {
        summary->tasks_done += task[i].state == TASK_DONE;
        summary->tasks_failed += task[i].state == TASK_FAILED;
    }
    summary->tasks = ok ? tasks : 0;
    if (ok) {
        origins_count(task, tasks, &summary->origins);
        workload_tasks(config, task, tasks, writing_ranks(summary), &summary->task_work);
    }
    free(task);
    return ok;
}

/*
 * Opens `path` for reading. SWMR reading can open a live file, except for a moment while its writer starts: then it
 * waits. Without a writer, marks in the file are those of a killed writer; they are ignored, in memory only.
 */
static hid_t open_for_reading(const char *path, bool *written_now)
{
    hid_t file = -1;
    double start = clock_seconds();
    do { /* HDF5 itself takes a second to find that a file with a writer is damaged */
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
    } while (file < 0 && clock_seconds() - start < OPEN_SECONDS);
    return file;
}

static void read_last_run(hid_t file, const char *path, struct results_summary *summary)
{
    struct results_last_run *last = &summary->last;
    struct history_record run;
    last->known = history_last(file, &run);
    if (last->known) {
        history_place(&run, &last->launch);
        last->closed = run.state == HISTORY_CLOSED;
        last->started = run.started;
        last->seen = run.seen;
        last->alive = last->closed ? run.seen : fmax(run.seen, pulse_time(path));
    }
    if (last->known && !last->closed) {
        launch_format(&last->launch, summary->writer, sizeof summary->writer);
    }
}

/* Reads the config that `file` keeps, to be freed by the caller; NULL if it is not one that this version accepts. */
static enum moat_status read_config(hid_t file, const char *path, struct config **out)
{
    char *text = NULL;
    *out = NULL;
    enum moat_status status = provenance_read_config(file, path, "", &text);
    if (status == MOAT_OK && config_parse(text, path, out) == MOAT_MEMORY) {
        status = MOAT_MEMORY;
    }
    if (*out && (*out)->measured) { /* the spectrum and the rows are not loaded here */
        (*out)->P = provenance_directions(file);
    }
    free(text);
    return status;
}

enum moat_status summary_open(const char *path, bool *written_now, hid_t *file)
{
    bool exists = false;
    char *config = NULL;
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
        return hdf5_verdict(hdf5_error(MOAT_USAGE, path, "not a results file that can be read"), path);
    }
    hdf5_begin();
    status = intact_check(*file, path, "");
    status = status == MOAT_OK ? provenance_check_format(*file, path, "") : status;
    status = status == MOAT_OK ? provenance_read_config(*file, path, "", &config) : status;
    free(config);
    if (status != MOAT_OK) {
        status = hdf5_verdict(status, path);
        hdf5_close(file);
    }
    return status;
}

enum moat_status results_summarise(const char *path, struct results_summary *out)
{
    hid_t file = -1, variable = -1;
    struct records *records = NULL;
    struct config *config = NULL;
    memset(out, 0, sizeof *out);
    enum moat_status status = summary_open(path, &out->written_now, &file);
    if (status == MOAT_OK) {
        status = read_config(file, path, &config);
    }
    if (status != MOAT_OK) {
        hdf5_close(&file);
        return status;
    }
    summary_read_title(file, out);
    read_last_run(file, path, out);
    if (records_open(file, &records) && count_tasks(records, config, out) && count_blocks(records, config, out)) {
        variable = H5Dopen2(file, field_table[FIELD_STATUS].name, H5P_DEFAULT);
    }
    if (variable < 0 || !summary_count_points(variable, config ? &config->grid : NULL, out)) {
        status = hdf5_error(MOAT_IO, path, "cannot be read");
    }
    config_destroy(&config);
    records_close(&records);
    hdf5_close(&variable);
    hdf5_close(&file);
    return status;
}
