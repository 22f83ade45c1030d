/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The measured tables in the results file: group /ridge, and the state of each task in /run.
 *
 * A task is done in the file only after its tables are, like a block.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moat/spectrum.h"
#include "results/internal.h"

enum { TASK_STATE, TASK_SECONDS, TASK_RANK, TASK_MESSAGE, TASK_CHECKSUM };
enum { AXIS_N, AXIS_TRIAL, AXIS_NU, AXIS_LAMBDA, AXES };
enum { MESSAGE_SIZE = 256 };

static const char *const table_name[RIDGE_TABLES] = {"A1", "A2", "D"};
static const char *const task_name[TASK_VARIABLES] = {"task_state", "task_seconds", "task_rank", "task_message",
                                                      "task_checksum"};

/* Creates the first `axes` scales in `group`. Each entry of `scale` is the caller's to close. */
static bool create_scales(hid_t group, const struct config *config, int axes, hid_t scale[AXES])
{
    const struct ridge_settings *settings = &config->ridge;
    const size_t sizes[AXES] = {settings->N.size, settings->trials, config->grid.axis[GRID_NU].size, LADDER_LAMBDAS};
    struct variable variable[AXES] = {
        {.name = "N", .units = "data points", .long_name = "rung of the ladder: number of data points"},
        {.name = "trial", .units = "1", .long_name = "number of the sampled data set"},
        {.name = "nu", .units = "1", .long_name = axis_table[config->sweep][GRID_NU].long_name},
        {.name = "lambda", .units = "1", .long_name = "ridge level"},
    };
    double *trial = malloc(settings->trials * sizeof *trial), lambda[LADDER_LAMBDAS];
    for (size_t i = 0; trial && i < settings->trials; i++) {
        trial[i] = (double)i;
    }
    moat_empirical_lambda(moat_empirical_lambda_unit(config->gamma, config->P), LADDER_LAMBDAS, lambda);
    const double *values[AXES] = {settings->N.values, trial, config->grid.axis[GRID_NU].values, lambda};
    bool ok = trial != NULL;
    for (int a = 0; a < axes && ok; a++) {
        variable[a].type = H5T_IEEE_F64LE;
        variable[a].rank = 1;
        variable[a].dims[0] = sizes[a];
        variable[a].constant = true;
        variable[a].scale[0] = -1;
        scale[a] = results_create_scale(group, &variable[a], H5T_NATIVE_DOUBLE, values[a]);
        ok = scale[a] >= 0;
    }
    free(trial);
    return ok;
}

/* A0 at each nu, which is known exactly. */
static bool create_A0(hid_t ridge, const struct config *config, hid_t scale_nu)
{
    const struct axis *nu = &config->grid.axis[GRID_NU];
    struct variable variable = {.name = "A0",
                                .units = "1",
                                .long_name = "loss of predicting zero, E |beta|^2_Sigma",
                                .type = H5T_IEEE_F64LE,
                                .rank = 1,
                                .dims = {nu->size},
                                .constant = true,
                                .scale = {scale_nu}};
    double *A0 = malloc(nu->size * sizeof *A0);
    bool ok = A0 != NULL;
    for (size_t i = 0; ok && i < nu->size; i++) {
        struct moat_spectrum *spectrum = NULL;
        ok = moat_spectrum_create(config->gamma, nu->values[i], config->P, &spectrum) == MOAT_OK;
        A0[i] = ok ? moat_spectrum_a0(spectrum) : NAN;
        moat_spectrum_destroy(&spectrum);
    }
    hid_t dataset = ok ? results_create_variable(ridge, &variable) : -1;
    ok = dataset >= 0 && H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, A0) >= 0;
    hdf5_close(&dataset);
    free(A0);
    return ok;
}

/* The tables over all four axes, and the tasks' variables over the first two. */
static bool create_variables(hid_t ridge, hid_t run, const hid_t scale[AXES], const hid_t run_scale[AXES])
{
    static const double not_a_number = NAN;
    static const long long no_rank = -1;
    hid_t text = H5Tcopy(H5T_C_S1);
    bool ok = text >= 0 && H5Tset_size(text, MESSAGE_SIZE) >= 0;
    const char *const meaning[RIDGE_TABLES] = {"loss of ridge regression on its own target",
                                               "part of its own target that ridge regression misses",
                                               "loss that the label noise of a unit mixture adds"};
    struct variable variable[RIDGE_TABLES + TASK_VARIABLES] = {
        [RIDGE_TABLES + TASK_STATE] = {.name = task_name[TASK_STATE],
                                       .units = "1",
                                       .long_name = "whether the task's tables are in the file",
                                       .type = H5T_STD_U8LE,
                                       .flags = "pending done failed"},
        [RIDGE_TABLES + TASK_SECONDS] = {.name = task_name[TASK_SECONDS],
                                         .units = "s",
                                         .long_name = "time it took to solve the task",
                                         .type = H5T_IEEE_F64LE,
                                         .fill = &not_a_number},
        [RIDGE_TABLES + TASK_RANK] = {.name = task_name[TASK_RANK],
                                      .units = "1",
                                      .long_name = "MPI rank that led the task, -1 for none",
                                      .type = H5T_STD_I32LE,
                                      .fill = &no_rank},
        [RIDGE_TABLES + TASK_MESSAGE] = {.name = task_name[TASK_MESSAGE],
                                         .units = "1",
                                         .long_name = "why the task failed",
                                         .type = text},
        [RIDGE_TABLES + TASK_CHECKSUM] = {.name = task_name[TASK_CHECKSUM],
                                          .units = "1",
                                          .long_name = "CRC-32 of the task's state and tables",
                                          .type = H5T_STD_U32LE},
    };
    for (int v = 0; v < RIDGE_TABLES + TASK_VARIABLES && ok; v++) {
        bool table = v < RIDGE_TABLES;
        if (table) {
            variable[v] = (struct variable){.name = table_name[v],
                                            .units = "1",
                                            .long_name = meaning[v],
                                            .type = H5T_IEEE_F64LE,
                                            .fill = &not_a_number,
                                            .chunked = true};
        }
        variable[v].rank = table ? AXES : 2;
        for (int a = 0; a < variable[v].rank; a++) {
            hid_t space = H5Dget_space(scale[a]);
            variable[v].dims[a] = (hsize_t)H5Sget_simple_extent_npoints(space);
            variable[v].chunk[a] = a >= AXIS_NU ? variable[v].dims[a] : 1; /* one chunk is one task */
            variable[v].scale[a] = table ? scale[a] : run_scale[a];        /* netCDF-4 finds those of its own group */
            hdf5_close(&space);
        }
        hid_t dataset = results_create_variable(table ? ridge : run, &variable[v]);
        ok = dataset >= 0;
        hdf5_close(&dataset);
    }
    if (text >= 0) {
        H5Tclose(text);
    }
    return ok;
}

bool results_write_ridge_layout(hid_t file, hid_t run, const struct config *config)
{
    hid_t scale[AXES] = {-1, -1, -1, -1}, run_scale[AXES] = {-1, -1, -1, -1};
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED); /* netCDF-4 expects it */
    hid_t ridge = H5Gcreate2(file, "ridge", H5P_DEFAULT, list, H5P_DEFAULT);
    bool ok = ridge >= 0 && create_scales(ridge, config, AXES, scale) &&
              create_scales(run, config, AXIS_NU, run_scale) && create_A0(ridge, config, scale[AXIS_NU]) &&
              create_variables(ridge, run, scale, run_scale);
    for (int a = 0; a < AXES; a++) {
        hdf5_close(&scale[a]);
        hdf5_close(&run_scale[a]);
    }
    hdf5_close(&ridge);
    hdf5_close(&list);
    return ok;
}

double results_ridge_bytes(const struct config *config)
{
    double tasks = (double)config->ridge.N.size * (double)config->ridge.trials;
    double values = (double)config->grid.axis[GRID_NU].size * LADDER_LAMBDAS;
    return 65536 + tasks * (RIDGE_TABLES * (8 * values + 16) + MESSAGE_SIZE + 20);
}

bool results_open_ridge(struct results *results)
{
    bool ok = true;
    char path[32];
    for (int i = 0; i < RIDGE_TABLES && ok; i++) {
        snprintf(path, sizeof path, "ridge/%s", table_name[i]);
        results->table[i] = H5Dopen2(results->file, path, H5P_DEFAULT);
        ok = results->table[i] >= 0;
    }
    for (int i = 0; i < TASK_VARIABLES && ok; i++) {
        snprintf(path, sizeof path, "run/%s", task_name[i]);
        results->task[i] = H5Dopen2(results->file, path, H5P_DEFAULT);
        ok = results->task[i] >= 0;
    }
    return ok;
}

bool results_count_tasks(hid_t file, struct results_summary *summary)
{
    if (H5Lexists(file, "run/task_state", H5P_DEFAULT) <= 0) {
        return true;
    }
    hid_t state = H5Dopen2(file, "run/task_state", H5P_DEFAULT), space = H5Dget_space(state);
    hssize_t tasks = H5Sget_simple_extent_npoints(space);
    uint8_t *states = tasks >= 0 ? malloc((size_t)tasks + 1) : NULL;
    bool ok = states && H5Dread(state, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, states) >= 0;
    for (size_t i = 0; ok && i < (size_t)tasks; i++) {
        summary->tasks_done += states[i] == TASK_DONE;
        summary->tasks_failed += states[i] == TASK_FAILED;
    }
    summary->tasks = ok ? (size_t)tasks : 0;
    free(states);
    hdf5_close(&space);
    hdf5_close(&state);
    return ok;
}

/* Checksum of a task's state, and of its tables where it has them. */
static uint32_t task_checksum(const struct ladder *ladder, size_t task)
{
    const double *values[RIDGE_TABLES] = {ladder->A1, ladder->A2, ladder->D};
    size_t size = ladder_task_size(ladder);
    uint32_t sum = results_checksum(0, &ladder->state[task], sizeof ladder->state[task]);
    for (int i = 0; i < RIDGE_TABLES && ladder->state[task] == TASK_DONE; i++) {
        sum = results_checksum(sum, values[i] + task * size, size * sizeof *values[i]);
    }
    return sum;
}

/* Turns tasks that are not as they were written back to pending. */
static bool check_tasks(const struct results *results, struct ladder *ladder)
{
    size_t damaged = 0;
    uint32_t *checksum = malloc(ladder->tasks * sizeof *checksum + 1);
    bool ok = checksum &&
              H5Dread(results->task[TASK_CHECKSUM], H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, checksum) >= 0;
    for (size_t task = 0; task < ladder->tasks && ok; task++) {
        if (ladder->state[task] != TASK_PENDING && checksum[task] != task_checksum(ladder, task)) {
            ladder->state[task] = TASK_PENDING;
            damaged++;
        }
    }
    if (damaged > 0) {
        fprintf(stderr, "moat: %s: found damaged tables of %zu of %zu data sets; they are done again\n", results->path,
                damaged, ladder->tasks);
    }
    free(checksum);
    return ok;
}

enum moat_status results_read_tables(struct results *results, struct ladder *ladder)
{
    double *values[RIDGE_TABLES] = {ladder->A1, ladder->A2, ladder->D};
    hdf5_begin();
    bool ok = H5Dread(results->task[TASK_STATE], H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, ladder->state) >= 0;
    for (int i = 0; i < RIDGE_TABLES && ok; i++) {
        ok = H5Dread(results->table[i], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values[i]) >= 0;
    }
    ok = ok && check_tasks(results, ladder);
    return ok ? MOAT_OK : hdf5_error(MOAT_IO, results->path, "the measured tables cannot be read");
}

enum moat_status results_write_task(struct results *results, const struct ladder *ladder, size_t task, double seconds,
                                    int rank, const char *message)
{
    const double *values[RIDGE_TABLES] = {ladder->A1, ladder->A2, ladder->D};
    const size_t start[AXES] = {task / ladder->trials, task % ladder->trials, 0, 0};
    const size_t count[AXES] = {1, 1, ladder->nus, ladder->lambdas};
    char text[MESSAGE_SIZE] = "";
    hdf5_begin();
    snprintf(text, sizeof text, "%s", message);
    enum moat_status status = results_check_writable(results);
    if (status != MOAT_OK) {
        return status;
    }
    bool ok = true;
    for (int i = 0; i < RIDGE_TABLES && ok && ladder->state[task] == TASK_DONE; i++) {
        const double *table = values[i] + task * ladder_task_size(ladder);
        ok = results_write_box(results->table[i], H5T_NATIVE_DOUBLE, AXES, start, count, table);
    }
    uint32_t checksum = task_checksum(ladder, task);
    hid_t type = H5Dget_type(results->task[TASK_MESSAGE]);
    ok = ok && results_write_box(results->task[TASK_SECONDS], H5T_NATIVE_DOUBLE, 2, start, count, &seconds) &&
         results_write_box(results->task[TASK_RANK], H5T_NATIVE_INT, 2, start, count, &rank) &&
         results_write_box(results->task[TASK_MESSAGE], type, 2, start, count, text) &&
         results_write_box(results->task[TASK_CHECKSUM], H5T_NATIVE_UINT32, 2, start, count, &checksum) &&
         results_settle(results) &&
         results_write_box(results->task[TASK_STATE], H5T_NATIVE_UINT8, 2, start, count, &ladder->state[task]) &&
         results_settle(results);
    H5Tclose(type);
    return ok ? MOAT_OK : results_write_failed(results);
}
