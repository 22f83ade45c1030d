/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ladder of sampled data sets and its tables. */
#include "sweep/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "moat/deterministic.h"
#include "sweep/ladder_cost.h"

int ladder_tables(const struct ladder *ladder)
{
    return ladder->config->measured ? 2 : 3;
}

double *ladder_table(const struct ladder *ladder, int table)
{
    double *const of_power_laws[] = {ladder->A1, ladder->A2, ladder->D};
    return !ladder->config->measured ? of_power_laws[table]
           : table == 0              ? ladder->loss_performance
                                     : ladder->loss_safety;
}

double ladder_lambda_unit(const struct config *config)
{
    struct ridge_population population = config_population(config);
    return config->measured ? moat_sampled_lambda_unit(&population.spectrum)
                            : moat_empirical_lambda_unit(config->gamma, config->P);
}

size_t ladder_slice(const struct ladder *ladder)
{
    return ladder->config->measured ? ladder->lambdas * MOAT_SAMPLED_ALPHAS : ladder->lambdas;
}

/* The tables, filled with zeros; false when out of memory. */
static bool allocate_tables(struct ladder *ladder)
{
    size_t values = ladder->tasks * ladder_task_size(ladder);
    double **const of_power_laws[] = {&ladder->A1, &ladder->A2, &ladder->D};
    double **const of_losses[] = {&ladder->loss_performance, &ladder->loss_safety};
    bool complete = true;
    for (int i = 0; i < ladder_tables(ladder); i++) {
        double **table = ladder->config->measured ? of_losses[i] : of_power_laws[i];
        *table = calloc(values, sizeof **table);
        complete = complete && *table;
    }
    return complete;
}

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
    ladder->lambda = malloc(LADDER_LAMBDAS * sizeof(double));
    ladder->state = calloc(ladder->tasks, 1);
    ladder->known = calloc(ladder->tasks * ladder->nus, 1);
    ladder->unknown_nu = malloc(ladder->nus * sizeof(double));
    if (!allocate_tables(ladder) || !ladder->lambda || !ladder->state || !ladder->known || !ladder->unknown_nu) {
        size_t nus = ladder->nus;
        ladder_destroy(out);
        return moat_error_set(MOAT_MEMORY, "out of memory for the tables of %zu rungs, %zu trials, %zu nu",
                              config->ridge.N.size, config->ridge.trials, nus);
    }
    ladder->reach = ladder_reach(config);
    ladder->lambda_unit = ladder_lambda_unit(config);
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
        free((*ladder)->loss_performance);
        free((*ladder)->loss_safety);
        free((*ladder)->state);
        free((*ladder)->known);
        free((*ladder)->unknown_nu);
        free(*ladder);
        *ladder = NULL;
    }
}

size_t ladder_task_size(const struct ladder *ladder)
{
    return ladder->nus * ladder_slice(ladder);
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

/* The expected losses on the measured spectrum, for every trial of each rung. */
static enum moat_status expect_losses(struct ladder *ladder)
{
    struct ridge_population population = config_population(ladder->config);
    struct moat_measured *measured = NULL;
    size_t size = ladder_task_size(ladder);
    enum moat_status status = moat_measured_create(&population.spectrum, &measured);
    for (size_t i = 0; i < ladder->tasks * size && status == MOAT_OK; i++) {
        size_t task = i / size, cell = i % size;
        double loss[2] = {0};
        if (task % ladder->trials > 0) { /* the same values as in the trial before */
            loss[0] = ladder->loss_performance[i - size];
            loss[1] = ladder->loss_safety[i - size];
        } else {
            moat_measured_losses(measured, ladder_task_N(ladder, task), ladder->lambda[cell / MOAT_SAMPLED_ALPHAS],
                                 moat_sampled_alpha[cell % MOAT_SAMPLED_ALPHAS], loss);
        }
        ladder->loss_performance[i] = loss[0];
        ladder->loss_safety[i] = loss[1];
    }
    moat_measured_destroy(&measured);
    return status;
}

enum moat_status ladder_expect(struct ladder *ladder)
{
    const struct config *config = ladder->config;
    enum moat_status status = config->measured ? expect_losses(ladder) : MOAT_OK;
    for (size_t nu = 0; nu < ladder->nus && status == MOAT_OK && !config->measured; nu++) {
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

/* The mean of one table on one rung. Returns the number of trials that it is of. */
static size_t mean_of(const struct ladder *ladder, const double *table, size_t rung, size_t excluded, double *mean)
{
    size_t trials = 0, slice = ladder_slice(ladder);
    memset(mean, 0, slice * sizeof *mean);
    for (size_t trial = 0; trial < ladder->trials; trial++) {
        size_t task = rung * ladder->trials + trial;
        if (trial == excluded || ladder->state[task] != TASK_DONE) {
            continue;
        }
        trials++;
        const double *values = table + task * ladder_task_size(ladder);
        for (size_t j = 0; j < slice; j++) {
            mean[j] += (values[j] - mean[j]) / (double)trials;
        }
    }
    return trials;
}

enum moat_status ladder_mean(const struct ladder *ladder, size_t nu, size_t excluded, double *means)
{
    size_t slice = ladder_slice(ladder);
    for (size_t k = 0; k < ladder->rungs; k++) {
        for (int c = 0; c < ladder_tables(ladder); c++) {
            double *mean = means + ((size_t)c * ladder->rungs + k) * slice;
            if (mean_of(ladder, ladder_table(ladder, c) + nu * slice, k, excluded, mean) == 0) {
                return moat_error_set(MOAT_NUMERICAL, "no trial succeeded at N = %g",
                                      ladder->config->ridge.N.values[k]);
            }
        }
    }
    return MOAT_OK;
}

struct moat_empirical_tables ladder_empirical_tables(const struct ladder *ladder, const double *means)
{
    size_t size = ladder->rungs * ladder_slice(ladder);
    return (struct moat_empirical_tables){.rungs = ladder->rungs,
                                          .lambdas = ladder->lambdas,
                                          .N = ladder->config->ridge.N.values,
                                          .lambda = ladder->lambda,
                                          .lambda_unit = ladder->lambda_unit,
                                          .A1 = means,
                                          .A2 = means + size,
                                          .D = means + 2 * size};
}

struct moat_sampled_tables ladder_sampled_tables(const struct ladder *ladder, const double *means)
{
    return (struct moat_sampled_tables){.rungs = ladder->rungs,
                                        .lambdas = ladder->lambdas,
                                        .N = ladder->config->ridge.N.values,
                                        .lambda = ladder->lambda,
                                        .lambda_unit = ladder->lambda_unit,
                                        .performance = means,
                                        .safety = means + ladder->rungs * ladder_slice(ladder)};
}
