/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ladder of sampled data sets and its tables. */
#include "sweep/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "moat/deterministic.h"

enum moat_status ladder_create(const struct config *config, struct ladder **out)
{
    struct ladder *ladder = *out = calloc(1, sizeof *ladder);
    if (!ladder) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the ladder");
    }
    *ladder = (struct ladder){.config = config,
                              .rungs = config->ridge.N.size,
                              .trials = config->ridge.trials,
                              .nus = config->grid.axis[GRID_NU].size,
                              .lambdas = LADDER_LAMBDAS};
    ladder->tasks = ladder->rungs * ladder->trials;
    size_t values = ladder->tasks * ladder_task_size(ladder);
    ladder->lambda = malloc(LADDER_LAMBDAS * sizeof(double));
    ladder->A1 = calloc(values, sizeof(double));
    ladder->A2 = calloc(values, sizeof(double));
    ladder->D = calloc(values, sizeof(double));
    ladder->state = calloc(ladder->tasks, 1);
    if (!ladder->lambda || !ladder->A1 || !ladder->A2 || !ladder->D || !ladder->state) {
        ladder_destroy(out);
        return moat_error_set(MOAT_MEMORY, "out of memory for the tables of %zu rungs, %zu trials, %zu nu",
                              config->ridge.N.size, config->ridge.trials, config->grid.axis[GRID_NU].size);
    }
    ladder->lambda_unit = moat_empirical_lambda_unit(config->gamma, config->P);
    moat_empirical_lambda(ladder->lambda_unit, LADDER_LAMBDAS, ladder->lambda);
    return MOAT_OK;
}

void ladder_destroy(struct ladder **ladder)
{
    if (*ladder) {
        free((*ladder)->lambda);
        free((*ladder)->A1);
        free((*ladder)->A2);
        free((*ladder)->D);
        free((*ladder)->state);
        free(*ladder);
        *ladder = NULL;
    }
}

size_t ladder_task_size(const struct ladder *ladder)
{
    return ladder->nus * ladder->lambdas;
}

double ladder_task_N(const struct ladder *ladder, size_t task)
{
    return ladder->config->ridge.N.values[task / ladder->trials];
}

/* The expected tables of one nu, for every trial of each rung. */
static void expect_nu(struct ladder *ladder, const struct moat_deterministic *deterministic, size_t nu)
{
    struct moat_solver solver = moat_deterministic_solver(deterministic);
    for (size_t task = 0; task < ladder->tasks; task++) {
        double N = ladder_task_N(ladder, task);
        for (size_t j = 0; j < ladder->lambdas; j++) {
            size_t at = (task * ladder->nus + nu) * ladder->lambdas + j;
            struct moat_coefficients c;
            if (task % ladder->trials > 0) { /* the same values as in the trial before */
                size_t before = at - ladder_task_size(ladder);
                c = (struct moat_coefficients){
                    .A1 = ladder->A1[before], .A2 = ladder->A2[before], .D = ladder->D[before]};
            } else {
                solver.coefficients(solver.state, N, moat_deterministic_x(deterministic, N, ladder->lambda[j]), &c);
            }
            ladder->A1[at] = c.A1;
            ladder->A2[at] = c.A2;
            ladder->D[at] = c.D;
        }
    }
}

enum moat_status ladder_expect(struct ladder *ladder)
{
    const struct config *config = ladder->config;
    enum moat_status status = MOAT_OK;
    for (size_t nu = 0; nu < ladder->nus && status == MOAT_OK; nu++) {
        struct moat_deterministic *deterministic = NULL;
        status =
            moat_deterministic_create(config->gamma, config->grid.axis[GRID_NU].values[nu], config->P, &deterministic);
        if (status == MOAT_OK) {
            expect_nu(ladder, deterministic, nu);
        }
        moat_deterministic_destroy(&deterministic);
    }
    memset(ladder->state, TASK_DONE, ladder->tasks);
    return status;
}

enum moat_status ladder_mean(const struct ladder *ladder, size_t nu, size_t excluded, double *means,
                             struct moat_empirical_tables *out)
{
    const double *from[] = {ladder->A1, ladder->A2, ladder->D};
    size_t size = ladder->rungs * ladder->lambdas;
    for (size_t k = 0; k < ladder->rungs; k++) {
        for (int c = 0; c < 3; c++) {
            double *mean = means + (size_t)c * size + k * ladder->lambdas;
            size_t trials = 0;
            for (size_t j = 0; j < ladder->lambdas; j++) {
                mean[j] = 0;
            }
            for (size_t trial = 0; trial < ladder->trials; trial++) {
                size_t task = k * ladder->trials + trial;
                if (trial == excluded || ladder->state[task] != TASK_DONE) {
                    continue;
                }
                trials++;
                const double *values = from[c] + task * ladder_task_size(ladder) + nu * ladder->lambdas;
                for (size_t j = 0; j < ladder->lambdas; j++) {
                    mean[j] += (values[j] - mean[j]) / (double)trials;
                }
            }
            if (trials == 0) {
                return moat_error_set(MOAT_NUMERICAL, "no trial succeeded at N = %g",
                                      ladder->config->ridge.N.values[k]);
            }
        }
    }
    *out = (struct moat_empirical_tables){.rungs = ladder->rungs,
                                          .lambdas = ladder->lambdas,
                                          .N = ladder->config->ridge.N.values,
                                          .lambda = ladder->lambda,
                                          .lambda_unit = ladder->lambda_unit,
                                          .A1 = means,
                                          .A2 = means + size,
                                          .D = means + 2 * size};
    return MOAT_OK;
}
