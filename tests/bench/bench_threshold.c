/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures thresholds per second of CPU time on one core, in two ways: by the closed form over table nodes, and by
 * bracketing, for which the same solver is given no table. The figures are medians of interleaved repetitions, so the
 * ratio holds on a busy machine too. The table look-ups of a threshold are counted as well. Every rank measures, to
 * load the machine as a sweep does; rank 0 reports its own figures.
 * Usage: bench_threshold [repetitions].
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "moat/deterministic.h"
#include "moat/market.h"

enum { SIZE_N_I = 40, SIZE_Q = 10, SIZE_TAU = 24, REPETITIONS_MAX = 101 };

struct sweep {
    const char *name;
    double gamma, nu, P;
    double tau_I; /* in units of L_star, like tau_E */
    double tau_E_low, tau_E_high;
    int tau_Es;
    enum moat_scrutiny scrutiny;
};

static const struct sweep sweeps[] = {
    {"tau_E = inf, P = inf", 0.5, 1, INFINITY, 0.9, INFINITY, INFINITY, 1, MOAT_SCRUTINY_TRAINED_MODEL},
    {"tau_E = inf, P = 1e6", 0.5, 1, 1e6, 0.9, INFINITY, INFINITY, 1, MOAT_SCRUTINY_TRAINED_MODEL},
    {"tau_E finite, P = inf", 0.5, 1, INFINITY, 0.6, 0.6, 1.2, SIZE_TAU, MOAT_SCRUTINY_TRAINED_MODEL},
    {"the same, training_mixture", 0.5, 1, INFINITY, 0.6, 0.6, 1.2, SIZE_TAU, MOAT_SCRUTINY_TRAINING_MIXTURE},
    {"tau_E finite, P = 1e6", 0.5, 1, 1e6, 0.6, 0.6, 1.2, SIZE_TAU, MOAT_SCRUTINY_TRAINED_MODEL},
    {"the same, training_mixture", 0.5, 1, 1e6, 0.6, 0.6, 1.2, SIZE_TAU, MOAT_SCRUTINY_TRAINING_MIXTURE},
    {"tau_E stricter, nu = 0.34, P = inf", 0.1, 0.34, INFINITY, 0.9, 0.3, 0.9, SIZE_TAU, MOAT_SCRUTINY_TRAINED_MODEL},
};

/* Table look-ups are counted by functions that stand between the solver and its callers. */
static struct moat_solver counted;
static struct moat_sums_table counting_table;
static long lookups;

static void count_coefficients(const void *state, double N, double x, struct moat_coefficients *out)
{
    lookups++;
    counted.coefficients(state, N, x, out);
}

static void count_sums(const void *state, double x, struct moat_spectral_sums *out)
{
    lookups++;
    counted.table->sums(state, x, out);
}

struct tally {
    double thresholds, incumbents; /* solved */
    double seconds, incumbent_seconds;
};

/* Solves the sweep once. Incumbents and thresholds are timed separately, a row of the grid at a time. */
static struct tally run(const struct sweep *sweep, const struct moat_solver *solver)
{
    struct tally tally = {0};
    struct moat_threshold threshold;
    static struct moat_company incumbent[SIZE_N_I];
    for (int q = 1; q <= SIZE_Q; q++) {
        struct moat_market market = {.solver = solver,
                                     .Q = (double)q / (double)SIZE_Q,
                                     .tau_I = sweep->tau_I,
                                     .unit = MOAT_TAU_L_STAR,
                                     .scrutiny = sweep->scrutiny};
        clock_t start = clock();
        for (int n = 0; n < SIZE_N_I; n++) {
            moat_market_incumbent(&market, pow(10, 1 + 11.0 * n / (SIZE_N_I - 1)), &incumbent[n]);
        }
        clock_t middle = clock();
        for (int n = 0; n < SIZE_N_I; n++) {
            for (int t = 0; t < sweep->tau_Es; t++) {
                double position = (t + 0.5) / sweep->tau_Es;
                market.tau_E = sweep->tau_E_low == sweep->tau_E_high
                                   ? sweep->tau_E_low
                                   : sweep->tau_E_low + position * (sweep->tau_E_high - sweep->tau_E_low);
                moat_market_threshold(&market, &incumbent[n], &threshold);
                tally.thresholds += threshold.status == MOAT_MARKET_OK;
            }
        }
        tally.seconds += (double)(clock() - middle) / CLOCKS_PER_SEC;
        tally.incumbent_seconds += (double)(middle - start) / CLOCKS_PER_SEC;
        tally.incumbents += (double)SIZE_N_I;
    }
    return tally;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

/* Look-ups per threshold, and per incumbent. */
static void count(const struct sweep *sweep, const struct moat_solver *solver, double *per_threshold,
                  double *per_incumbent)
{
    counted = *solver;
    struct moat_solver counting = *solver;
    counting.coefficients = count_coefficients;
    if (counted.table) {
        counting_table = *counted.table;
        counting_table.sums = count_sums;
        counting.table = &counting_table;
    }
    struct sweep none = *sweep;
    none.tau_Es = 0;
    lookups = 0;
    struct tally tally = run(&none, &counting);
    double incumbents = (double)lookups;
    lookups = 0;
    struct tally all = run(sweep, &counting);
    *per_incumbent = incumbents / tally.incumbents;
    *per_threshold = ((double)lookups - incumbents) / all.thresholds;
}

static void bench(const struct sweep *sweep, const struct moat_solver *closed, int repetitions, int rank)
{
    enum { THRESHOLD, TOTAL, KINDS };
    static double seconds[2][KINDS][REPETITIONS_MAX]; /* per threshold: without and with its part of the incumbents */
    struct moat_solver solver[2] = {*closed, *closed};
    solver[1].table = NULL;
    for (int k = 0; k < repetitions; k++) {
        for (int s = 0; s < 2; s++) {
            struct tally tally = {0};
            for (int again = 0; again < (s == 0 ? 20 : 2) * SIZE_TAU / sweep->tau_Es; again++) {
                struct tally once = run(sweep, &solver[s]);
                tally.thresholds += once.thresholds;
                tally.seconds += once.seconds;
                tally.incumbent_seconds += once.incumbent_seconds;
            }
            seconds[s][THRESHOLD][k] = tally.seconds / tally.thresholds;
            seconds[s][TOTAL][k] = (tally.seconds + tally.incumbent_seconds) / tally.thresholds;
        }
    }
    double cost[2][KINDS], lookups_threshold[2], lookups_incumbent[2];
    for (int s = 0; s < 2; s++) {
        for (int kind = 0; kind < KINDS; kind++) {
            cost[s][kind] = median(seconds[s][kind], repetitions);
        }
        count(sweep, &solver[s], &lookups_threshold[s], &lookups_incumbent[s]);
    }
    if (rank == 0) {
        printf("%s: %.3g thresholds/s, %.3g with their incumbents; by bracketing %.3g, %.3g: ratios %.1f, %.1f\n",
               sweep->name, 1 / cost[0][THRESHOLD], 1 / cost[0][TOTAL], 1 / cost[1][THRESHOLD], 1 / cost[1][TOTAL],
               cost[1][THRESHOLD] / cost[0][THRESHOLD], cost[1][TOTAL] / cost[0][TOTAL]);
        printf(
            "    a threshold: %.1f table look-ups and %.0f nodes (%.1f by bracketing); an incumbent: %.1f and as many "
            "nodes (%.1f)\n",
            lookups_threshold[0], ceil(log2((double)closed->table->nodes - 1)) + 2, lookups_threshold[1],
            lookups_incumbent[0], lookups_incumbent[1]);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, failed = 0, repetitions = argc > 1 ? atoi(argv[1]) : 11;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    repetitions = repetitions < 1 ? 1 : repetitions > REPETITIONS_MAX ? REPETITIONS_MAX : repetitions;
    for (size_t k = 0; k < sizeof sweeps / sizeof *sweeps && !failed; k++) {
        struct moat_deterministic *table;
        failed = moat_deterministic_create(sweeps[k].gamma, sweeps[k].nu, sweeps[k].P, &table) != MOAT_OK;
        if (failed) {
            fprintf(stderr, "bench_threshold: %s\n", moat_error_message());
            break;
        }
        struct moat_solver solver = moat_deterministic_solver(table);
        bench(&sweeps[k], &solver, repetitions, rank);
        moat_deterministic_destroy(&table);
    }
    MPI_Finalize();
    return failed;
}
