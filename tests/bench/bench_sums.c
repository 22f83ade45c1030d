/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times a ladder of data sets of one trial: through the sums of the trial, and each through its data, which was the
 * only way before there were sums. Each rank has a trial of its own. For the sums it prints the speed of each step as a
 * percentage of DGEMM's peak, which the same run measures; and the ratio of the two ways, in CPU time, so that other
 * programs on the machine matter less. The tables have to agree.
 * Usage: mpirun -n R bench_sums [P [largest N [rungs]]]; default P = 32768, 1024, 25.
 */
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ridge/group.h"
#include "ridge/profile.h"
#include "ridge/sums.h"

enum { NUS = 2, LAMBDAS = 64, CELLS = NUS * LAMBDAS, RUNGS_MOST = 64, SMALLEST = 16, ORDER = 1000, REPEATS = 5 };

struct ways {
    double seconds[2], flops[2];  /* through data, through sums: CPU time, counted operations */
    struct ridge_profile profile; /* through sums */
    double difference;            /* of the tables, A1 relative to 1 and D to itself */
    double making, making_flops;  /* the part of the sums alone */
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* DGEMM's flops per second of CPU time; 0 when out of memory. */
static double gemm_peak(void)
{
    const size_t n = ORDER;
    double *a = malloc(3 * n * n * sizeof *a), best = 0;
    for (size_t i = 0; a && i < 3 * n * n; i++) {
        a[i] = 1.0 / (double)(i % 1000 + 1);
    }
    for (int repeat = 0; a && repeat < REPEATS; repeat++) {
        double start = cpu_seconds();
        ridge_multiply('N', 'N', n, n, n, 1, a, n, a + n * n, n, 0, a + 2 * n * n, n);
        best = fmax(best, 2.0 * (double)(n * n * n) / (cpu_seconds() - start));
    }
    free(a);
    return best;
}

static double difference(double tables[2][3][CELLS])
{
    double worst = 0;
    for (size_t i = 0; i < CELLS; i++) {
        worst = fmax(worst, fabs(tables[0][0][i] - tables[1][0][i]));
        worst = fmax(worst, fabs(tables[0][2][i] / tables[1][2][i] - 1));
    }
    return worst;
}

/* Solves the ladder, the largest data set first, both ways, one rung after the other. */
static enum moat_status run(size_t P, size_t largest, size_t rungs, uint32_t trial, struct ways *ways)
{
    const double nu[NUS] = {0.75, 1.5};
    double lambda[LAMBDAS] = {0}, tables[2][3][CELLS];
    for (size_t l = 1; l < LAMBDAS; l++) {
        lambda[l] = 1e-10 * (double)(l * l * l);
    }
    struct ridge_task task = {
        .gamma = 0.5, .P = P, .seed = 1, .trial = trial, .nus = NUS, .nu = nu, .lambdas = LAMBDAS, .lambda = lambda};
    struct ridge_sums *sums = NULL;
    enum moat_status status = MOAT_OK;
    ways->making_flops = ways->flops[1] = ridge_sums_flops(P, largest, NUS);
    task.N = SMALLEST; /* the sums, and almost nothing else */
    struct ridge_table first = {.A1 = tables[1][0], .A2 = tables[1][1], .D = tables[1][2]};
    double begin = cpu_seconds();
    status = ridge_solve_rung_profiled(&task, largest, MPI_COMM_SELF, &sums, &first, &ways->profile);
    ways->making = ways->seconds[1] = cpu_seconds() - begin;
    for (size_t k = rungs; k-- > 0 && status == MOAT_OK;) {
        task.N = (size_t)(SMALLEST * pow((double)largest / SMALLEST, (double)k / (double)(rungs - 1)) + 0.5);
        ways->flops[0] += ridge_flops(P, task.N, NUS, LAMBDAS);
        ways->flops[1] += ridge_rung_flops(task.N, NUS, NUS, LAMBDAS);
        for (int way = 0; way < 2 && status == MOAT_OK; way++) {
            struct ridge_profile other = {0};
            struct ridge_table table = {.A1 = tables[way][0], .A2 = tables[way][1], .D = tables[way][2]};
            double start = cpu_seconds();
            status = ridge_solve_rung_profiled(&task, way == 0 ? 0 : task.N, MPI_COMM_SELF, &sums, &table,
                                               way == 0 ? &other : &ways->profile);
            ways->seconds[way] += cpu_seconds() - start;
        }
        ways->difference = fmax(ways->difference, difference(tables));
    }
    ridge_sums_release(&sums);
    return status;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    size_t P = argc > 1 ? strtoul(argv[1], NULL, 10) : 32768, largest = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024;
    size_t rungs = argc > 3 ? strtoul(argv[3], NULL, 10) : 25;
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    struct ways ways = {.difference = 0};
    double peak = gemm_peak();
    int failed = run(P, largest, rungs > 1 ? rungs : 2, (uint32_t)rank, &ways) != MOAT_OK;
    peak = fmax(peak, gemm_peak());
    if (rank == 0 && failed) {
        fprintf(stderr, "bench_sums: %s\n", moat_error_message());
    } else if (rank == 0) {
        const struct ridge_profile *profile = &ways.profile;
        double rest = ways.seconds[1] - ways.making, gram = profile->seconds[STEP_GRAM];
        gram = ways.making * gram / (gram + profile->seconds[STEP_SAMPLE]); /* of the CPU time, as of the time */
        printf(
            "P = %zu, %zu rungs to N = %zu, two nu: through data %.1f s, through sums %.1f s of CPU time, ratio %.2f "
            "(counted: %.2f); %zu of them through sums, tables agree to %.0e\n",
            P, rungs, largest, ways.seconds[0], ways.seconds[1], ways.seconds[0] / ways.seconds[1],
            ways.flops[0] / ways.flops[1], profile->through_sums - 1, ways.difference);
        printf(
            "    sums %.1f s, %.0f %% of DGEMM's %.1f GF/s; features drawn in %.1f s; rungs %.1f s, %.0f %%; %.0f MB\n",
            gram, 100 * ways.making_flops / gram / peak, peak * 1e-9, ways.making - gram, rest,
            100 * (ways.flops[1] - ways.making_flops) / rest / peak, (double)profile->bytes_peak * 1e-6);
    }
    MPI_Finalize();
    return failed;
}
