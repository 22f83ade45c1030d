/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicts a sweep: its work is counted, and divided by the rates of a short calibration. */
#include "run/plan.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "results/results.h"
#include "ridge/blas.h"
#include "ridge/profile.h"
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

/* Measures the speed of tasks that go through their data, on the largest whose work is about a second at 10 Gflop/s. */
static enum moat_status calibrate_data(const struct config *config, struct ladder *ladder, double *speed)
{
    double seconds = 0;
    size_t k = 0;
    while (k + 1 < ladder->rungs && ladder_flops(config, 0, k + 1) < 1e10 * CALIBRATION_SECONDS) {
        k++;
    }
    enum moat_status status = measurement_solve(ladder, k, MPI_COMM_NULL, NULL, &seconds);
    *speed = ladder_flops(config, 0, k) / seconds;
    return status;
}

/* Measures the speeds of sums and of what follows from them: on the largest rung whose work is about a second, with as
   many features as the sums need for another. At lambda = 1 any features will do. */
static enum moat_status calibrate_sums(const struct config *config, struct ladder *ladder, struct ladder_speed *speed)
{
    const double *N = config->ridge.N.values, *nu = config->grid.axis[GRID_NU].values;
    size_t k = 0, nus = ladder->nus;
    while (k + 1 < ladder->reach && ridge_rung_flops((size_t)N[k + 1], nus, nus, 1) < 1e10 * CALIBRATION_SECONDS) {
        k++;
    }
    double lambda = 1, most = 1e10 * CALIBRATION_SECONDS / ridge_sums_flops(1, (size_t)N[k], nus);
    struct ridge_task task = {.gamma = config->measured ? 1 : config->gamma,
                              .P = (size_t)fmax(fmin(config->P, most), N[k] + 1),
                              .N = (size_t)N[k],
                              .nus = nus,
                              .nu = nu,
                              .lambdas = 1,
                              .lambda = &lambda};
    struct ridge_table table = {.A1 = ladder->A1, .A2 = ladder->A2, .D = ladder->D};
    struct ridge_profile profile = {0};
    struct ridge_sums *sums = NULL;
    enum moat_status status = ridge_solve_rung_profiled(&task, task.N, MPI_COMM_NULL, &sums, &table, &profile);
    ridge_sums_release(&sums);
    double making = profile.seconds[STEP_SAMPLE] + profile.seconds[STEP_GRAM];
    speed->sums = ridge_sums_flops(task.P, task.N, nus) / making;
    speed->rung = ridge_rung_flops(task.N, nus, nus, 1) / (table.seconds - making);
    return status;
}

/* Measures the speeds of one rank that the ladder needs. */
static enum moat_status calibrate_tasks(const struct config *config, struct ladder_speed *speed)
{
    struct config sample = *config; /* a shallow copy, which must not be destroyed */
    struct ladder *ladder = NULL;
    sample.ridge.trials = 1;
    enum moat_status status = ridge_start_blas();
    if (status == MOAT_OK) {
        status = ladder_create(&sample, &ladder);
    }
    if (status == MOAT_OK && ladder->reach > 0 && !config->measured) {
        status = calibrate_sums(config, ladder, speed);
    }
    if (status == MOAT_OK && (ladder->reach < ladder->rungs || config->measured)) {
        status = calibrate_data(config, ladder, &speed->data);
        speed->sums = config->measured ? speed->data : speed->sums;
        speed->rung = config->measured ? speed->data : speed->rung;
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
    size_t reach = ladder_reach(config);
    double all = 0, seconds_of_all = 0;
    enum moat_status status = measurement_groups(config, plan->ladder, plan->workers, bytes, group);
    for (size_t k = 0; status == MOAT_OK && k < plan->rungs; k++) {
        struct plan_rung *rung = &plan->rung[k];
        double N = config->ridge.N.values[k], flops = ladder_flops(config, reach, k);
        double seconds = ladder_seconds(config, reach, k, &plan->speed);
        *rung = (struct plan_rung){.N = N,
                                   .flops = flops,
                                   .ranks = group[k],
                                   .left = rung->left,
                                   .flops_left = rung->flops_left,
                                   .bytes = ladder_bytes(config, reach, k, group[k]),
                                   .seconds = seconds / group[k]};
        plan->flops += rung->flops_left;
        all += flops;
        seconds_of_all += seconds;
        plan->tables_seconds += rung->flops_left / flops * seconds / plan->workers;
        plan->rank_bytes = rung->left > 0 ? fmax(plan->rank_bytes, rung->bytes) : plan->rank_bytes;
    }
    plan->flops_per_second = all / seconds_of_all;
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
    }
    plan->rank_bytes += resident_bytes();
    plan->grid_seconds = plan->model_seconds + plan->seconds_per_point * (double)plan->points / plan->workers;
    return status;
}

/* Counts the tasks that are left of each rung, and their operations. */
static enum moat_status count_tasks(struct plan *plan, const struct tables_file *tables)
{
    if (plan->rungs == 0) {
        return MOAT_OK;
    }
    enum moat_status status = ladder_create(plan->config, &plan->ladder);
    struct ladder *ladder = plan->ladder;
    if (status == MOAT_OK && tables) {
        tables_file_take(tables, ladder, &plan->taken);
    }
    for (size_t task = 0; status == MOAT_OK && task < ladder->tasks; task++) {
        struct plan_rung *rung = &plan->rung[task / ladder->trials];
        rung->left += ladder->state[task] != TASK_DONE;
        rung->flops_left += ladder->state[task] != TASK_DONE ? ladder_task_flops(ladder, task) : 0;
    }
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
    plan->speed = (struct ladder_speed){NAN, NAN, NAN};
    plan->rungs = config->solver == SOLVER_RIDGE ? config->ridge.N.size : 0;
    plan->rung = calloc(plan->rungs + 1, sizeof *plan->rung);
    if (!plan->rung) {
        plan_destroy(&plan);
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    enum moat_status status = count_tasks(plan, tables);
    if (status == MOAT_OK) {
        status = plan_resize(plan, ranks, bytes);
    }
    if (status == MOAT_OK && plan->rungs > 0) {
        status = calibrate_tasks(config, &plan->speed);
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
        ladder_destroy(&(*plan)->ladder);
        free((*plan)->rung);
        free(*plan);
        *plan = NULL;
    }
}
