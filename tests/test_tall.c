/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ridge tables with N at and above P, the larger through sums over panels of points: against their definition, on
 * groups of different sizes, with the memory that is predicted. Runs on any number of ranks: all run the same tests,
 * every verdict is that of all ranks, rank 0 prints.
 */
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moat/sampled.h"
#include "mpi_suite.h"
#include "ridge/population.h"
#include "ridge/profile.h"
#include "ridge/tall.h"
#include "ridge_reference.h"
#include "ridge_tables.h"

static enum moat_status solve(const struct ridge_task *task, MPI_Comm group, struct tables *tables,
                              struct ridge_profile *profile)
{
    struct ridge_table table = {.A1 = tables->A1, .A2 = tables->A2, .D = tables->D};
    memset(tables, 0xff, sizeof *tables); /* NaNs */
    memset(profile, 0, sizeof *profile);
    return ridge_solve_profiled(task, group, &table, profile);
}

/* N from P on, below and above where the sums begin to serve, and at the ends of panels. */
static void test_definition(void)
{
    enum { P = 20 };
    const double gammas[] = {0.5, 1, 2};
    const size_t N[] = {P, P + 1, P + 2, 2 * P, 4 * P, TALL_PANEL, TALL_PANEL + 1};
    for (size_t g = 0; g < 3; g++) {
        for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
            double nu[NUS];
            struct ridge_task task = make_task(gammas[g], P, N[n], nu);
            struct tables tables, reference;
            struct ridge_table table = {.A1 = reference.A1, .A2 = reference.A2, .D = reference.D};
            struct ridge_profile profile;
            CU_ASSERT(everywhere(ridge_reference(&task, N[n] < 4 * P, &table)));
            CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &tables, &profile) == MOAT_OK));
            double error = difference(&task, 0, &tables, &reference);
            CU_ASSERT(everywhere(error < (N[n] < 2 * P ? 1e-9 : 1e-12)));
            if (getenv("MOAT_TEST_VERBOSE")) {
                printf("gamma = %g, N = %zu: error %.1e\n", gammas[g], N[n], error);
            }
        }
    }
}

/* Rank 0 alone and the others together, all together, and each rank by itself, at an order for ScaLAPACK. */
static void test_groups(void)
{
    int rank;
    MPI_Comm part;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank > 0, rank, &part);
    double nu[NUS];
    struct ridge_task task = make_task(1, 200, 1700, nu);
    MPI_Comm group[] = {MPI_COMM_SELF, MPI_COMM_NULL, part, MPI_COMM_WORLD};
    struct tables tables[4];
    for (int i = 0; i < 4; i++) {
        struct ridge_profile profile;
        CU_ASSERT(everywhere(solve(&task, group[i], &tables[i], &profile) == MOAT_OK));
        CU_ASSERT(everywhere(difference(&task, 0, &tables[0], &tables[i]) < 1e-9));
    }
    CU_ASSERT(everywhere(memcmp(&tables[0], &tables[1], sizeof tables[0]) == 0));
    struct tables first = tables[3]; /* every rank has the same bits */
    MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
    CU_ASSERT(everywhere(memcmp(&first, &tables[3], sizeof first) == 0));
    MPI_Comm_free(&part);
}

/* A measured spectrum that is a power law, both targets alike and of correlation rho: its losses follow from the
   coefficients of the power law, and the noise of constant variance from those of B = 1 (nu = gamma). */
static void test_population(void)
{
    enum { P = 24, N = 600, COUNT = 2 };
    const double gamma = 0.6, rho = 0.3, noise = 0.25, lambda[COUNT] = {1e-6, 1e-2}, nu[NUS] = {1.3, 0.6};
    double A1[NUS * COUNT], A2[NUS * COUNT], D[NUS * COUNT], sigma[P], b[P], joint[P], L_star = 0;
    double loss[2][COUNT * MOAT_SAMPLED_ALPHAS];
    for (size_t j = 0; j < P; j++) {
        sigma[j] = pow((double)(j + 1), -(1 + gamma));
        b[j] = pow((double)(j + 1), gamma - nu[0]);
        joint[j] = rho * b[j];
        L_star += 2 * (1 - rho) * b[j] * sigma[j];
    }
    struct ridge_population population = {
        .spectrum = {.n = P, .sigma = sigma, .b11 = b, .b22 = b, .b12 = joint, .noise1 = noise, .noise2 = noise}};
    struct ridge_task task = {
        .gamma = gamma, .P = P, .N = N, .seed = 3, .nus = NUS, .nu = nu, .lambdas = COUNT, .lambda = lambda};
    struct ridge_table reference = {.A1 = A1, .A2 = A2, .D = D};
    CU_ASSERT_FATAL(everywhere(ridge_reference(&task, false, &reference)));
    task.population = &population;
    struct ridge_table table = {.performance = loss[0], .safety = loss[1]};
    CU_ASSERT(everywhere(ridge_solve(&task, MPI_COMM_WORLD, &table) == MOAT_OK));
    for (size_t i = 0; i < COUNT * MOAT_SAMPLED_ALPHAS; i++) {
        size_t l = i / MOAT_SAMPLED_ALPHAS;
        double alpha = moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS], a = 1 - alpha;
        double constant = (A2[COUNT + l] - A1[COUNT + l]) / lambda[l] / N, T = (alpha - a) * (1 - rho) * A2[l];
        double S = (1 - 2 * (1 - rho) * alpha * a) * A1[l] + 2 * (1 - rho) * alpha * a * D[l] + noise * constant;
        CU_ASSERT(everywhere(fabs(loss[0][i] / (a * a * L_star + 2 * a * T + S) - 1) < 1e-9));
        CU_ASSERT(everywhere(fabs(loss[1][i] / (alpha * alpha * L_star - 2 * alpha * T + S) - 1) < 1e-9));
    }
}

/* The same for three times as many points but for lists of a few numbers, at most what is predicted, and no less than
 * four fifths of it. */
static void test_bytes(void)
{
    const size_t P = 200, N[] = {4000, 12000};
    unsigned long long used[2];
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (size_t n = 0; n < 2; n++) {
        double nu[NUS];
        struct ridge_task task = make_task(0.5, P, N[n], nu);
        struct tables tables;
        struct ridge_profile profile;
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &tables, &profile) == MOAT_OK));
        CU_ASSERT(profile.bytes_now == 0);
        used[n] = profile.bytes_peak;
        MPI_Allreduce(MPI_IN_PLACE, &used[n], 1, MPI_UNSIGNED_LONG_LONG, MPI_MAX, MPI_COMM_WORLD);
        unsigned long long predicted = ridge_bytes(P, N[n], NUS, LAMBDAS, ranks);
        CU_ASSERT(used[n] <= predicted && (double)predicted <= 1.25 * (double)used[n]);
    }
    CU_ASSERT((double)used[1] < 1.001 * (double)used[0]);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"against the definition", test_definition},
                           {"groups of different sizes", test_groups},
                           {"Gaussian samples of a measured spectrum", test_population},
                           {"memory as predicted", test_bytes},
                           CU_TEST_INFO_NULL};
    return mpi_suite_run("tall", tests, &argc, &argv);
}
