/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicts a sweep: its work is counted, and divided by the rates of a short calibration. */
#include "run/plan.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "results/results.h"
#include "ridge/blas.h"
#include "run/measurement.h"
#include "run/worker.h"
#include "sweep/ladder_known.h"

#define CALIBRATION_SECONDS 1.0

/* Measures the seconds that a grid point takes a worker, on blocks from all over the grid for about a second. On a
   measured spectrum the tables take long and serve every block: the first block is solved twice, and what it takes more
   at first is the time of the tables. */
static enum moat_status calibrate_points(const struct config *config, double *seconds_per_point, double *model_seconds)
{
    struct solved_header header = {0};
    const unsigned char *record;
    struct ladder *ladder = NULL;
    struct worker *worker = NULL;
    enum moat_status status = MOAT_OK;
    if (config->solver == SOLVER_RIDGE) {
        status = ladder_create(config, &ladder);
        status = status == MOAT_OK ? ladder_expect(ladder) : status;
    }
    if (status == MOAT_OK) {
        status = worker_create(config, ladder, &worker);
    }
    size_t blocks = grid_blocks(&config->grid), points = 0;
    double seconds = 0, first = 0;
    if (status == MOAT_OK && config->measured) {
        status = worker_solve(worker, 0, &header, &record);
        first = header.seconds;
    }
    *model_seconds = 0;
    for (size_t i = 0; status == MOAT_OK && i < blocks && seconds < CALIBRATION_SECONDS; i++) {
        size_t index =
            (size_t)fmod((double)i * 0.6180339887498949 * (double)blocks, (double)blocks); /* spread evenly */
        struct block block = grid_block(&config->grid, index);
        status = worker_solve(worker, index, &header, &record);
        if (status == MOAT_OK) {
            seconds += header.seconds;
            points += block_points(&block);
            *model_seconds = i == 0 ? fmax(0, first - header.seconds) : *model_seconds;
        }
    }
    *seconds_per_point = points > 0 ? seconds / (double)points : NAN;
    worker_destroy(&worker);
    ladder_destroy(&ladder);
    return status;
}

/* Measures the flops per second of one rank on one task: the largest whose work is about a second at 10 Gflop/s. */
static enum moat_status calibrate_task(const struct config *config, double *flops_per_second)
{
    const struct axis *N = &config->ridge.N;
    struct config sample = *config; /* a shallow copy, which must not be destroyed */
    struct ladder *ladder = NULL;
    size_t k = 0;
    while (k + 1 < N->size && ladder_flops(config, N->values[k + 1]) < 1e10 * CALIBRATION_SECONDS) {
        k++;
    }
    sample.ridge.trials = 1;
    double seconds = 0;
    enum moat_status status = ridge_start_blas();
    if (status == MOAT_OK) {
        status = ladder_create(&sample, &ladder);
    }
    if (status == MOAT_OK) {
        status = measurement_solve(ladder, k, MPI_COMM_NULL, &seconds);
        *flops_per_second = ladder_flops(config, N->values[k]) / seconds;
    }
    ladder_destroy(&ladder);
    return status;
}

/* The largest memory of this process so far: program, libraries, tables. */
static double resident_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024 * (double)usage.ru_maxrss : 0;
}

/* Plans each rung's task on its group of ranks. */
static enum moat_status plan_tasks(struct plan *plan, double bytes)
{
    const struct config *config = plan->config;
    int *group = calloc(plan->rungs, sizeof *group);
    if (!group) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu rungs", plan->rungs);
    }
    enum moat_status status = measurement_groups(config, plan->workers, bytes, group);
    for (size_t k = 0; status == MOAT_OK && k < plan->rungs; k++) {
        struct plan_rung *rung = &plan->rung[k];
        double N = config->ridge.N.values[k], flops = ladder_flops(config, N);
        *rung = (struct plan_rung){.N = N,
                                   .flops = flops,
                                   .ranks = group[k],
                                   .left = rung->left,
                                   .flops_left = rung->flops_left,
                                   .bytes = ladder_bytes(config, N, group[k]),
                                   .seconds = flops / plan->flops_per_second / group[k]};
        plan->flops += rung->flops_left;
        plan->rank_bytes = rung->left > 0 ? fmax(plan->rank_bytes, rung->bytes) : plan->rank_bytes;
    }
    free(group);
    return status;
}

enum moat_status plan_resize(struct plan *plan, int ranks, double bytes)
{
    enum moat_status status = MOAT_OK;
    plan->ranks = ranks;
    plan->workers = ranks > 1 ? ranks - 1 : 1;
    plan->flops = plan->tables_seconds = plan->rank_bytes = 0;
    if (plan->rungs > 0) {
        status = plan_tasks(plan, bytes);
        plan->tables_seconds = plan->flops / plan->flops_per_second / plan->workers;
    }
    plan->rank_bytes += resident_bytes();
    plan->grid_seconds = plan->model_seconds + plan->seconds_per_point * (double)plan->points / plan->workers;
    return status;
}

/* Counts the tasks that are left of each rung, and their operations. */
static enum moat_status count_tasks(struct plan *plan, const struct tables_file *tables)
{
    struct ladder *ladder = NULL;
    if (plan->rungs == 0) {
        return MOAT_OK;
    }
    enum moat_status status = ladder_create(plan->config, &ladder);
    if (status == MOAT_OK && tables) {
        tables_file_take(tables, ladder, &plan->taken);
    }
    for (size_t task = 0; status == MOAT_OK && task < ladder->tasks; task++) {
        struct plan_rung *rung = &plan->rung[task / ladder->trials];
        rung->left += ladder->state[task] != TASK_DONE;
        rung->flops_left += ladder->state[task] != TASK_DONE ? ladder_task_flops(ladder, task) : 0;
    }
    ladder_destroy(&ladder);
    return status;
}

enum moat_status plan_create(const struct config *config, const struct tables_file *tables, int ranks, double bytes,
                             struct plan **out)
{
    struct plan *plan = calloc(1, sizeof *plan);
    *out = NULL;
    if (!plan) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    plan->config = config;
    plan->points = grid_points(&config->grid);
    plan->blocks = grid_blocks(&config->grid);
    plan->file_bytes = results_bytes(config);
    plan->flops_per_second = plan->seconds_per_point = NAN;
    plan->rungs = config->solver == SOLVER_RIDGE ? config->ridge.N.size : 0;
    plan->rung = calloc(plan->rungs + 1, sizeof *plan->rung);
    enum moat_status status = plan->rung ? count_tasks(plan, tables) : moat_error_set(MOAT_MEMORY, "out of memory");
    if (status == MOAT_OK) {
        status = plan_resize(plan, ranks, bytes);
    }
    if (status == MOAT_OK && plan->rungs > 0) {
        status = calibrate_task(config, &plan->flops_per_second);
    }
    if (status == MOAT_OK) {
        status = calibrate_points(config, &plan->seconds_per_point, &plan->model_seconds);
    }
    if (status == MOAT_OK) {
        status = plan_resize(plan, ranks, bytes);
    }
    if (status != MOAT_OK) {
        plan_destroy(&plan);
    }
    *out = plan;
    return status;
}

void plan_destroy(struct plan **plan)
{
    if (*plan) {
        free((*plan)->rung);
        free(*plan);
        *plan = NULL;
    }
}
