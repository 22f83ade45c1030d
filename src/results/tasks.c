/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The measured tables in the results file: reading and writing the tasks of the ladder.
 *
 * A task is marked done in the file only after its tables are there, like a block.
 */
#include "results/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moat/spectrum.h"
#include "results/checksum.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "sweep/ladder_known.h"

/* The values of the ladder that entry v of group_table stores; NULL if it stores none. */
static double *table(const struct ladder *ladder, int v)
{
    double *values = NULL;
    if (group_is_table(group_table[v].along)) {
        memcpy(&values, (const char *)ladder + group_table[v].offset, sizeof values);
    }
    return values;
}

/* The checksum of a task's state, and of its tables if it is done. */
static uint32_t task_checksum(const struct ladder *ladder, size_t task)
{
    size_t size = ladder_task_size(ladder);
    uint32_t sum = checksum_add(0, &ladder->state[task], sizeof ladder->state[task]);
    for (int v = 0; v < group_variables && ladder->state[task] == TASK_DONE; v++) {
        const double *values = table(ladder, v);
        sum = values ? checksum_add(sum, values + task * size, size * sizeof *values) : sum;
    }
    return sum;
}

/* States first: a run that writes the file meanwhile marks a task done only when its tables are there. */
bool tasks_read(const struct records *records, struct ladder *ladder, size_t *damaged)
{
    struct task_record *record = hdf5_allocate((ladder->tasks + 1) * sizeof *record);
    bool ok =
        record && records_count(records, ALONG_TASKS) == ladder->tasks && records_read(records, ALONG_TASKS, record);
    for (int v = 0; v < group_variables && ok; v++) {
        double *values = table(ladder, v);
        ok = !values || variable_read(records->variable[v], VARIABLE_FLOAT64, values);
    }
    *damaged = 0;
    for (size_t task = 0; task < ladder->tasks && ok; task++) {
        ladder->state[task] = record[task].state;
        if (record[task].state != TASK_PENDING && record[task].checksum != task_checksum(ladder, task)) {
            ladder->state[task] = TASK_PENDING;
            ++*damaged;
        }
    }
    free(record);
    return ok;
}

enum moat_status results_read_tables(struct results *results, struct ladder *ladder)
{
    size_t damaged = 0;
    hdf5_begin();
    if (!tasks_read(results->records, ladder, &damaged)) {
        return hdf5_verdict(hdf5_error(MOAT_IO, results->path, "the measured tables cannot be read"), results->path);
    }
    if (damaged > 0) {
        fprintf(stderr, "moat: %s: found damaged tables of %zu of %zu data sets; they are solved again\n",
                results->path, damaged, ladder->tasks);
    }
    return MOAT_OK;
}

static bool write_tables(struct results *results, const struct ladder *ladder, size_t task)
{
    const size_t start[] = {task / ladder->trials, task % ladder->trials, 0, 0};
    const bool measured = ladder->config->measured;
    const size_t count[] = {1, 1, measured ? ladder->lambdas : ladder->nus,
                            measured ? MOAT_SAMPLED_ALPHAS : ladder->lambdas};
    bool ok = true;
    for (int v = 0; v < group_variables && ok; v++) {
        const double *values = table(ladder, v);
        ok = !values || variable_write_box(results->records->variable[v], VARIABLE_FLOAT64, 4, start, count,
                                           values + task * ladder_task_size(ladder));
    }
    return ok;
}

bool tasks_write(struct results *results, const struct ladder *ladder, size_t task, struct task_record *record)
{
    record->checksum = task_checksum(ladder, task);
    record->state = ladder->state[task];
    return (record->state != TASK_DONE || write_tables(results, ladder, task)) &&
           records_write(results->records, ALONG_TASKS, task, 1, PHASE_FIRST, record);
}

bool tasks_mark(struct results *results, size_t task, const struct task_record *record)
{
    return records_write(results->records, ALONG_TASKS, task, 1, PHASE_LAST, record);
}

enum moat_status results_write_task(struct results *results, const struct ladder *ladder, size_t task, double seconds,
                                    int rank, const char *message)
{
    struct task_record record = {.seconds = seconds, .rank = rank};
    bool partly = ladder->state[task] == TASK_DONE && ladder_partly_known(ladder, task);
    hdf5_begin();
    hdf5_text_copy(record.message, sizeof record.message, partly ? results->origin_of_part : message);
    enum moat_status status = handle_check_writable(results);
    if (status != MOAT_OK) {
        return status;
    }
    bool ok = tasks_write(results, ladder, task, &record) && history_update(results, HISTORY_STARTED) &&
              handle_sync(results) && tasks_mark(results, task, &record) && handle_sync(results);
    return ok ? MOAT_OK : handle_write_failed(results);
}

bool tasks_write_A0(hid_t file, const struct config *config)
{
    const struct axis *nu = &config->grid.axis[GRID_NU];
    double *A0 = calloc(nu->size, sizeof *A0);
    bool ok = A0 != NULL;
    for (size_t i = 0; i < nu->size && ok; i++) {
        struct moat_spectrum *spectrum = NULL;
        ok = moat_spectrum_create(config->gamma, nu->values[i], config->P, &spectrum) == MOAT_OK;
        A0[i] = ok ? moat_spectrum_a0(spectrum) : 0;
        moat_spectrum_destroy(&spectrum);
    }
    const size_t start = 0;
    hid_t dataset = variable_open(file, "ridge/A0");
    ok = ok && variable_write_box(dataset, VARIABLE_FLOAT64, 1, &start, &nu->size, A0);
    hdf5_close(&dataset);
    free(A0);
    return ok;
}
