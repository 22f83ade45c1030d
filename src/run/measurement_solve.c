/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Solves one data set of the ladder on a group of ranks, and gives all tables to every rank. */
#include "base/clock.h"
#include "ridge/ridge.h"
#include "run/broadcast.h"
#include "run/measurement.h"
#include "sweep/ladder_known.h"

enum moat_status measurement_solve(struct ladder *ladder, size_t task, MPI_Comm group, struct ridge_sums **sums,
                                   double *seconds)
{
    const struct config *config = ladder->config;
    size_t at = task * ladder_task_size(ladder);
    struct ridge_population population = config_population(config);
    struct ridge_task ridge = {.gamma = config->gamma,
                               .P = config->measured ? population.spectrum.n : (size_t)config->P,
                               .N = (size_t)ladder_task_N(ladder, task),
                               .seed = config->ridge.seed,
                               .trial = (uint32_t)(task % ladder->trials),
                               .nus = ladder_gather_unknown(ladder, task),
                               .nu = ladder->unknown_nu,
                               .lambdas = ladder->lambdas,
                               .lambda = ladder->lambda,
                               .population = config->measured ? &population : NULL};
    struct ridge_table table = {0};
    if (config->measured) {
        table.performance = ladder->loss_performance + at;
        table.safety = ladder->loss_safety + at;
    } else {
        table.A1 = ladder->A1 + at;
        table.A2 = ladder->A2 + at;
        table.D = ladder->D + at;
    }
    double start = clock_seconds();
    enum moat_status status =
        sums ? ridge_solve_rung(&ridge, ridge.N, group, sums, &table) : ridge_solve(&ridge, group, &table);
    *seconds = clock_seconds() - start;
    ladder_spread_unknown(ladder, task);
    if (status != MOAT_MEMORY) {
        ladder->state[task] = status == MOAT_OK ? TASK_DONE : TASK_FAILED;
    }
    return status == MOAT_OK ? status
                             : moat_error_context(status, "N = %zu, trial %zu", ridge.N, task % ladder->trials);
}

void measurement_share(struct ladder *ladder, MPI_Comm comm)
{
    size_t values = ladder->tasks * ladder_task_size(ladder);
    for (int i = 0; i < ladder_tables(ladder); i++) {
        broadcast_numbers(ladder_table(ladder, i), values, comm);
    }
    MPI_Bcast(ladder->state, (int)ladder->tasks, MPI_BYTE, 0, comm);
    MPI_Bcast(ladder->known, (int)(ladder->tasks * ladder->nus), MPI_BYTE, 0, comm);
}
