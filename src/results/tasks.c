/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The measured tables in the results file: reading and writing the tasks of the ladder.
 *
 * A task is marked done in the file only after its tables are there, like a block.
 */
#include <stdio.h>
#include <stdlib.h>

#include "results/checksum.h"
#include "results/handle.h"
#include "results/hdf5.h"

enum { TABLES = 3 };
static const enum group_variable table[TABLES] = {RIDGE_A1, RIDGE_A2, RIDGE_D};

/* The checksum of a task's state, and of its tables if it is done. */
static uint32_t task_checksum(const struct ladder *ladder, size_t task)
{
    const double *values[TABLES] = {ladder->A1, ladder->A2, ladder->D};
    size_t size = ladder_task_size(ladder);
    uint32_t sum = checksum_add(0, &ladder->state[task], sizeof ladder->state[task]);
    for (int i = 0; i < TABLES && ladder->state[task] == TASK_DONE; i++) {
        sum = checksum_add(sum, values[i] + task * size, size * sizeof *values[i]);
    }
    return sum;
}

/* Sets tasks back to pending if their tables or state do not match the checksum. */
static bool check_tasks(const struct results *results, struct ladder *ladder)
{
    size_t damaged = 0;
    uint32_t *checksum = malloc(ladder->tasks * sizeof *checksum + 1);
    bool ok = checksum && variable_read(results->group[RUN_TASK_CHECKSUM], VARIABLE_UINT32, checksum);
    for (size_t task = 0; task < ladder->tasks && ok; task++) {
        if (ladder->state[task] != TASK_PENDING && checksum[task] != task_checksum(ladder, task)) {
            ladder->state[task] = TASK_PENDING;
            damaged++;
        }
    }
    if (damaged > 0) {
        fprintf(stderr, "moat: %s: found damaged tables of %zu of %zu data sets; they are solved again\n",
                results->path, damaged, ladder->tasks);
    }
    free(checksum);
    return ok;
}

enum moat_status results_read_tables(struct results *results, struct ladder *ladder)
{
    double *values[TABLES] = {ladder->A1, ladder->A2, ladder->D};
    hdf5_begin();
    bool ok = variable_read(results->group[RUN_TASK_STATE], VARIABLE_UINT8, ladder->state);
    for (int i = 0; i < TABLES && ok; i++) {
        ok = variable_read(results->group[table[i]], VARIABLE_FLOAT64, values[i]);
    }
    ok = ok && check_tasks(results, ladder);
    return ok ? MOAT_OK : hdf5_error(MOAT_IO, results->path, "the measured tables cannot be read");
}

/* Writes the value of one task to a variable of /run. */
static bool write_value(struct results *results, const struct ladder *ladder, size_t task, enum group_variable variable,
                        const void *value)
{
    const size_t start[] = {task / ladder->trials, task % ladder->trials}, count[] = {1, 1};
    return variable_write_box(results->group[variable], group_table[variable].type, 2, start, count, value);
}

static bool write_tables(struct results *results, const struct ladder *ladder, size_t task)
{
    const double *values[TABLES] = {ladder->A1, ladder->A2, ladder->D};
    const size_t start[] = {task / ladder->trials, task % ladder->trials, 0, 0};
    const size_t count[] = {1, 1, ladder->nus, ladder->lambdas};
    bool ok = true;
    for (int i = 0; i < TABLES && ok; i++) {
        ok = variable_write_box(results->group[table[i]], VARIABLE_FLOAT64, 4, start, count,
                                values[i] + task * ladder_task_size(ladder));
    }
    return ok;
}

enum moat_status results_write_task(struct results *results, const struct ladder *ladder, size_t task, double seconds,
                                    int rank, const char *message)
{
    const uint8_t state = ladder->state[task];
    const uint32_t checksum = task_checksum(ladder, task);
    const int32_t rank_stored = rank;
    char text[VARIABLE_TEXT_SIZE] = "";
    hdf5_begin();
    snprintf(text, sizeof text, "%s", message);
    enum moat_status status = handle_check_writable(results);
    if (status != MOAT_OK) {
        return status;
    }
    bool ok = (state != TASK_DONE || write_tables(results, ladder, task)) &&
              write_value(results, ladder, task, RUN_TASK_SECONDS, &seconds) &&
              write_value(results, ladder, task, RUN_TASK_RANK, &rank_stored) &&
              write_value(results, ladder, task, RUN_TASK_MESSAGE, text) &&
              write_value(results, ladder, task, RUN_TASK_CHECKSUM, &checksum) && handle_sync(results) &&
              write_value(results, ladder, task, RUN_TASK_STATE, &state) && handle_sync(results);
    return ok ? MOAT_OK : handle_write_failed(results);
}
