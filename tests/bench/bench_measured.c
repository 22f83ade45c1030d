/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures thresholds per second of CPU time on one core for a measured spectrum of P directions, and the time that its
 * table takes. The figures are medians. Every rank measures, to load the machine as a sweep does; rank 0 reports its
 * own figures. Usage: bench_measured [P [repetitions]].
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "moat/elasticity.h"
#include "moat/measured.h"

enum { SIZE_N_I = 40, SIZE_TAU = 24, REPETITIONS_MAX = 101 };

static const struct sweep {
    const char *name;
    double tau_E_low, tau_E_high;
    double noise;
    enum moat_scrutiny scrutiny;
} sweeps[] = {
    {"tau_E finite", 0.6, 1.2, 0, MOAT_SCRUTINY_TRAINED_MODEL},
    {"tau_E finite, label noise", 0.6, 1.2, 0.5, MOAT_SCRUTINY_TRAINED_MODEL},
    {"tau_E = inf, label noise", INFINITY, INFINITY, 0.5, MOAT_SCRUTINY_TRAINED_MODEL},
    {"tau_E finite, label noise, training_mixture", 0.6, 1.2, 0.5, MOAT_SCRUTINY_TRAINING_MIXTURE},
};

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double seconds_since(clock_t start)
{
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* A spectrum near a power law, with safety smaller than performance and alignments that vary. */
static struct moat_measured *table_make(size_t P, double noise)
{
    double *value = malloc(4 * P * sizeof *value);
    struct moat_measured *table = NULL;
    if (!value) {
        return NULL;
    }
    for (size_t i = 0; i < P; i++) {
        value[i] = pow((double)i + 1, -1.4) * (1 + 0.2 * sin((double)(7 * i)));
        value[P + i] = pow((double)i + 1, -0.4) * (1 + 0.3 * sin((double)(3 * i)));
        value[2 * P + i] = 0.7 * pow((double)i + 1, -0.5) * (1 + 0.3 * sin((double)(5 * i)));
        value[3 * P + i] = 0.4 * sin((double)(2 * i)) * sqrt(value[P + i] * value[2 * P + i]);
    }
    struct moat_measured_spectrum spectrum = {P, value, value + P, value + 2 * P, value + 3 * P, noise, noise / 2};
    if (moat_measured_create(&spectrum, &table) != MOAT_OK) {
        fprintf(stderr, "bench_measured: %s\n", moat_error_message());
    }
    free(value);
    return table;
}

static void bench(const struct sweep *sweep, size_t P, int repetitions, int rank)
{
    double threshold[REPETITIONS_MAX], incumbent_seconds[REPETITIONS_MAX], slopes[REPETITIONS_MAX];
    clock_t start = clock();
    struct moat_measured *table = table_make(P, sweep->noise);
    double making = seconds_since(start);
    if (!table) {
        return;
    }
    struct moat_solver solver = moat_measured_solver(table);
    int solved = 0;
    for (int k = 0; k < repetitions; k++) {
        static struct moat_company incumbent[SIZE_N_I];
        static struct moat_threshold found[SIZE_N_I][SIZE_TAU];
        struct moat_market market = {&solver, 1, 0.6, 0, MOAT_TAU_L_STAR, sweep->scrutiny};
        start = clock();
        for (int n = 0; n < SIZE_N_I; n++) {
            moat_market_incumbent(&market, pow(10, 1 + 11.0 * n / (SIZE_N_I - 1)), &incumbent[n]);
        }
        incumbent_seconds[k] = seconds_since(start) / SIZE_N_I;
        start = clock();
        solved = 0;
        for (int n = 0; n < SIZE_N_I; n++) {
            for (int t = 0; t < SIZE_TAU; t++) {
                market.tau_E = isinf(sweep->tau_E_low)
                                   ? INFINITY
                                   : sweep->tau_E_low + (t + 0.5) / SIZE_TAU * (sweep->tau_E_high - sweep->tau_E_low);
                moat_market_threshold(&market, &incumbent[n], &found[n][t]);
                solved += found[n][t].status == MOAT_MARKET_OK;
            }
        }
        threshold[k] = seconds_since(start) / (SIZE_N_I * SIZE_TAU);
        start = clock();
        for (int n = 0; n < SIZE_N_I; n++) {
            for (int t = 0; t < SIZE_TAU; t++) {
                struct moat_elasticity elasticity;
                moat_elasticity_threshold(&market, &incumbent[n], &found[n][t], &elasticity);
            }
        }
        slopes[k] = seconds_since(start) / (SIZE_N_I * SIZE_TAU);
    }
    double *kind[] = {threshold, incumbent_seconds, slopes};
    for (int k = 0; k < 3; k++) {
        qsort(kind[k], (size_t)repetitions, sizeof(double), compare);
    }
    int middle = repetitions / 2;
    if (rank == 0) {
        printf("%s: %.3g thresholds/s (%d of %d ok), %.3g with slopes and incumbents; an incumbent %.3g us; table %.3g "
               "s\n",
               sweep->name, 1 / threshold[middle], solved, SIZE_N_I * SIZE_TAU,
               1 / (threshold[middle] + slopes[middle] + incumbent_seconds[middle] / SIZE_TAU),
               1e6 * incumbent_seconds[middle], making);
    }
    moat_measured_destroy(&table);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    int P = argc > 1 ? atoi(argv[1]) : 1000, repetitions = argc > 2 ? atoi(argv[2]) : 11;
    repetitions = repetitions < 1 ? 1 : repetitions > REPETITIONS_MAX ? REPETITIONS_MAX : repetitions;
    for (size_t k = 0; k < sizeof sweeps / sizeof *sweeps; k++) {
        bench(&sweeps[k], (size_t)(P < 1 ? 1 : P), repetitions, rank);
    }
    MPI_Finalize();
    return 0;
}
