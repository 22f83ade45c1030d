/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat plan: what a sweep will take, from a short calibration on this machine. */
#include <argp.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "moat/config.h"
#include "moat/ladder.h"
#include "moat/measurement.h"
#include "moat/results.h"
#include "moat/ridge.h"
#include "moat/worker.h"

#define CALIBRATION_SECONDS 1.0

struct arguments {
    const char *config;
    int ranks;
};

static const struct argp_option options[] = {
    {"ranks", 'n', "K", 0, "ranks of the run, 1 or more; default: one more than this machine has cores", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    char *end;
    switch (key) {
    case 'n': {
        long ranks = strtol(argument, &end, 10);
        if (*end || end == argument || ranks < 1 || ranks > 10000000) {
            argp_error(state, "--ranks: found `%s`, expected a whole number from 1", argument);
        }
        arguments->ranks = (int)ranks;
        return 0;
    }
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

/* Seconds a grid point takes a worker: blocks from all over the grid, for about a second. */
static enum status calibrate_points(const struct config *config, double *seconds_per_point)
{
    struct ladder *ladder = NULL;
    struct worker *worker = NULL;
    enum status status = STATUS_OK;
    if (config->solver == SOLVER_RIDGE) {
        status = ladder_create(config, &ladder);
        status = status == STATUS_OK ? ladder_expect(ladder) : status;
    }
    if (status == STATUS_OK) {
        status = worker_create(config, ladder, &worker);
    }
    size_t blocks = grid_blocks(&config->grid), points = 0;
    double seconds = 0;
    for (size_t i = 0; status == STATUS_OK && i < blocks && seconds < CALIBRATION_SECONDS; i++) {
        struct solved_header header;
        size_t index =
            (size_t)fmod((double)i * 0.6180339887498949 * (double)blocks, (double)blocks); /* spread evenly */
        struct block block = grid_block(&config->grid, index);
        worker_solve(worker, index, &header);
        seconds += header.seconds;
        points += block_points(&block);
    }
    *seconds_per_point = points > 0 ? seconds / (double)points : NAN;
    worker_destroy(&worker);
    ladder_destroy(&ladder);
    return status;
}

static double task_flops(const struct config *config, double N)
{
    return ridge_flops((size_t)config->P, (size_t)N, config->grid.axis[GRID_NU].size, LADDER_LAMBDAS);
}

/* Flops per second of one rank at a task that takes about a second: the largest rung that is small enough. */
static enum status calibrate_task(const struct config *config, double *flops_per_second)
{
    const struct axis *N = &config->ridge.N;
    struct config sample = *config; /* shares what it points to; freed by no one */
    struct ladder *ladder = NULL;
    size_t k = 0;
    while (k + 1 < N->size && task_flops(config, N->values[k + 1]) < 1e10 * CALIBRATION_SECONDS) {
        k++;
    }
    sample.ridge.trials = 1;
    double seconds = 0;
    enum status status = ladder_create(&sample, &ladder);
    if (status == STATUS_OK) {
        status = ladder_solve(ladder, k, MPI_COMM_SELF, &seconds);
        *flops_per_second = task_flops(config, N->values[k]) / seconds;
    }
    ladder_destroy(&ladder);
    return status;
}

static void print_duration(const char *what, double seconds)
{
    if (seconds < 120) {
        printf("%-22s %.3g s\n", what, seconds);
    } else {
        printf("%-22s %.3g h\n", what, seconds / 3600);
    }
}

/* The ladder's part of the plan; *seconds is what its stage takes. */
static enum status print_ladder(const struct config *config, int workers, double *seconds)
{
    const struct axis *N = &config->ridge.N;
    int *group = calloc(N->size, sizeof *group);
    double rate = NAN, flops = 0, bytes = measurement_memory(MPI_COMM_SELF) / workers;
    if (!group) {
        return error_set(STATUS_MEMORY, "out of memory");
    }
    enum status status = measurement_groups(config, workers, bytes, group);
    if (status == STATUS_OK) {
        status = calibrate_task(config, &rate);
    }
    if (status == STATUS_OK) {
        printf("%-22s %zu rungs x %zu trials = %zu data sets\n", "ridge tasks", N->size, config->ridge.trials,
               N->size * config->ridge.trials);
        printf("%10s %10s %12s %12s %10s\n", "N", "ranks", "Gflop", "MB per rank", "s");
        for (size_t k = 0; k < N->size; k++) {
            double task = task_flops(config, N->values[k]);
            size_t memory = ridge_bytes((size_t)config->P, (size_t)N->values[k], config->grid.axis[GRID_NU].size,
                                        LADDER_LAMBDAS, group[k]);
            printf("%10.0f %10d %12.4g %12.4g %10.3g\n", N->values[k], group[k], task / 1e9, (double)memory / 1e6,
                   task / rate / group[k]);
            flops += task * (double)config->ridge.trials;
        }
        *seconds = flops / rate / workers;
        printf("%-22s %.4g Gflop, %.3g Gflop/s on one rank here\n", "all tasks", flops / 1e9, rate / 1e9);
        print_duration("predicted, tables", *seconds);
    }
    free(group);
    return status;
}

static enum status plan(const struct arguments *arguments)
{
    struct config *config = NULL;
    double seconds_per_point = NAN, tables = 0;
    enum status status = config_load(arguments->config, &config);
    if (status != STATUS_OK) {
        return status;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int ranks = arguments->ranks > 0 ? arguments->ranks : (int)cores + 1, workers = ranks > 1 ? ranks - 1 : 1;
    size_t points = grid_points(&config->grid);
    printf("%-22s %s\n", "sweep", config->name);
    printf("%-22s %d, of which %d solve\n", "ranks", ranks, workers);
    printf("%-22s %zu in %zu blocks\n", "grid points", points, grid_blocks(&config->grid));
    printf("%-22s %.4g MB\n", "results file", results_bytes(config) / 1e6);
    if (config->solver == SOLVER_RIDGE) {
        status = print_ladder(config, workers, &tables);
    }
    if (status == STATUS_OK) {
        status = calibrate_points(config, &seconds_per_point);
    }
    if (status == STATUS_OK) {
        double grid = seconds_per_point * (double)points / workers;
        printf("%-22s %.3g per second and worker here\n", "points", 1 / seconds_per_point);
        print_duration("predicted, grid", grid);
        print_duration("predicted, whole sweep", tables + grid);
    }
    config_destroy(&config);
    return status;
}

int command_plan(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "CONFIG.yaml",
        .doc = "Says what the sweep of CONFIG.yaml will take: tasks, flops, memory, groups of ranks, "
               "time by a calibration of a few seconds on this machine, and the size of the file."};
    argp_parse(&argp, argc, argv, command_argp_flags(), NULL, &arguments);
    MPI_Init(NULL, NULL);
    enum status status = command_is_first() ? plan(&arguments) : STATUS_OK;
    if (status != STATUS_OK) {
        fprintf(stderr, "moat: %s\n", error_message());
    }
    MPI_Finalize();
    return command_exit_code(status);
}
