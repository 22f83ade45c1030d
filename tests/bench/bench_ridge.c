/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times a ridge task step by step. For each step it prints the counted operations, the time, and the speed as a
 * percentage of DGEMM's peak, which the same run measures on all ranks at once. First all ranks share one task. Then
 * each rank solves a task of its own, as in a sweep that has more tasks than ranks.
 * Usage: mpirun -n R bench_ridge [P] [order ...]; default P = 4000 and orders 500, 1000, 2000.
 */
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/profile.h"

enum { NUS = 2, LAMBDAS = 64 };

static const char *const step_name[RIDGE_STEPS] = {"sample", "Gram",  "eigenvectors", "rotate",
                                                   "refine", "check", "forms"};

/* DGEMM's peak in flops per second: all ranks together, each with its own product of order 1500. Collective. */
static double gemm_peak(MPI_Comm comm)
{
    const size_t n = 1500;
    double *a = malloc(3 * n * n * sizeof *a), best = 0;
    if (!a) {
        MPI_Abort(comm, 1);
        return 0;
    }
    for (size_t i = 0; i < 3 * n * n; i++) {
        a[i] = 1.0 / (double)(i % 1000 + 1);
    }
    int size;
    MPI_Comm_size(comm, &size);
    for (int repeat = 0; repeat < 4; repeat++) {
        MPI_Barrier(comm);
        double start = MPI_Wtime();
        ridge_multiply('N', 'N', n, n, n, 1, a, n, a + n * n, n, 0, a + 2 * n * n, n);
        MPI_Barrier(comm);
        double rate = 2.0 * (double)(n * n * n) * size / (MPI_Wtime() - start);
        best = rate > best ? rate : best;
    }
    free(a);
    MPI_Bcast(&best, 1, MPI_DOUBLE, 0, comm);
    return best;
}

static void report(const struct ridge_task *task, const struct ridge_profile *profile, double seconds, double residual,
                   double peak, int ranks, int tasks)
{
    double flops[RIDGE_STEPS], all = tasks * ridge_flops(task->P, task->N, NUS, LAMBDAS);
    ridge_step_flops(task->P, task->N, task->nus, task->lambdas, flops);
    printf("P = %zu, N = %zu, %d x %d ranks: %.2f s, %.1f GF/s, %.0f %% of DGEMM's %.1f; residual %.1e, refined %zu, "
           "memory %.0f MB (predicted %.0f)\n",
           task->P, task->N, tasks, ranks, seconds, all / seconds * 1e-9, 100 * all / seconds / peak, peak * 1e-9,
           residual, profile->refined, (double)profile->bytes_peak * 1e-6,
           (double)ridge_bytes(task->P, task->N, NUS, LAMBDAS, ranks) * 1e-6);
    for (int step = 0; step < RIDGE_STEPS; step++) {
        printf("    %-13s %8.3f s", step_name[step], profile->seconds[step]);
        if (flops[step] > 0) {
            printf(" %8.1f GF %5.0f %%", flops[step] * 1e-9, 100 * tasks * flops[step] / profile->seconds[step] / peak);
        }
        printf("\n");
    }
    fflush(stdout);
}

/* Solves and reports one task on all ranks or, if `each`, one on each rank. Nonzero if it fails. Collective. */
static int bench_groups(size_t P, size_t N, bool each)
{
    const double nu[NUS] = {0.75, 1.5};
    double lambda[LAMBDAS] = {0}, tables[3][NUS * LAMBDAS];
    for (size_t l = 1; l < LAMBDAS; l++) {
        lambda[l] = 1e-10 * (double)(l * l * l);
    }
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    struct ridge_task task = {
        .gamma = 0.5, .P = P, .N = N, .seed = 1, .nus = NUS, .nu = nu, .lambdas = LAMBDAS, .lambda = lambda};
    struct ridge_table table = {.A1 = tables[0], .A2 = tables[1], .D = tables[2]};
    struct ridge_profile profile = {0};
    double peak = gemm_peak(MPI_COMM_WORLD);
    task.trial = each ? (uint32_t)rank : 0;
    enum moat_status status = ridge_solve_profiled(&task, each ? MPI_COMM_SELF : MPI_COMM_WORLD, &table, &profile);
    MPI_Allreduce(MPI_IN_PLACE, &table.seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    double after = gemm_peak(MPI_COMM_WORLD);
    if (rank == 0 && status == MOAT_OK) {
        report(&task, &profile, table.seconds, table.residual, peak > after ? peak : after, each ? 1 : ranks,
               each ? ranks : 1);
    } else if (rank == 0) {
        fprintf(stderr, "bench_ridge: %s\n", moat_error_message());
    }
    return status != MOAT_OK;
}

static int bench(size_t P, size_t N)
{
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return bench_groups(P, N, false) || (ranks > 1 && bench_groups(P, N, true));
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    size_t P = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000;
    int failed = 0;
    if (argc > 2) {
        for (int i = 2; i < argc && !failed; i++) {
            failed = bench(P, strtoul(argv[i], NULL, 10));
        }
    } else {
        failed = bench(P, 500) || bench(P, 1000) || bench(P, 2000);
    }
    MPI_Finalize();
    return failed;
}
