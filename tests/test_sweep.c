/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sweep on any number of ranks: the file's numbers are, to the bit, those of the library's functions at each point.
 * An MPI program; rank 0 asserts, the others work.
 */
#include "suite.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "moat/deterministic.h"
#include "moat/market.h"
#include "moat/scaling_law.h"
#include "results/results.h"
#include "run/agreement.h"
#include "run/coordinator.h"
#include "run/measurement.h"
#include "sweep/ladder.h"
#include "sweep/ladder_cost.h"

static const char text[] = "name: test\n"
                           "sweep: market_entry\n"
                           "solver: deterministic\n"
                           "output: test.h5\n"
                           "model: {gamma: 0.5, P: .inf}\n"
                           "tau_unit: L_star\n"
                           "grid:\n"
                           "  tau_I: {values: [0.5, 0.6]}\n"
                           "  N_I: {values: [1, 30, 1e3, 1e6, 1e15, .inf]}\n"
                           "  tau_E: {values: [0.2, 0.4, 0.6, 0.61, 1.5, .inf]}\n"
                           "  Q: {linear: [0.1, 1], points: 4}\n"
                           "  nu: {values: [0.6, 1.0, 3.0]}\n";
enum {
    SHAPE_TAU_I = 2,
    SHAPE_N = 6,
    SHAPE_TAU = 6,
    SHAPE_Q = 4,
    SHAPE_NU = 3,
    POINTS = SHAPE_TAU_I * SHAPE_N * SHAPE_TAU * SHAPE_Q * SHAPE_NU
};

static const char scaling_text[] = "name: test\n"
                                   "sweep: scaling_law\n"
                                   "solver: deterministic\n"
                                   "output: test.h5\n"
                                   "model: {gamma: 0.5, P: 1e4}\n"
                                   "grid:\n"
                                   "  N: {log: [1, 1e15], points: 31}\n"
                                   "  alpha: {values: [0.5, 0.75, 1]}\n"
                                   "  Q: {linear: [0.1, 1], points: 4}\n"
                                   "  nu: {values: [0.6, 1.0, 3.0]}\n";
enum { LAWS_N = 31, LAWS_ALPHA = 3, LAWS = LAWS_N * LAWS_ALPHA * SHAPE_Q * SHAPE_NU };

static void read_dataset(const char *path, const char *name, hid_t type, void *out)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    CU_ASSERT_FATAL(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
    H5Dclose(dataset);
    H5Fclose(file);
}

/* The solver at grid index i_nu, from one set of tables for all points. */
static struct moat_solver solver_at(const struct config *config, size_t i_nu)
{
    static struct moat_deterministic *table[SWEEPS][SHAPE_NU];
    struct moat_deterministic **found = &table[config->sweep][i_nu];
    double nu = config->grid.axis[GRID_NU].values[i_nu];
    if (!*found) {
        CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.5, nu, config->P, found), MOAT_OK);
    }
    return moat_deterministic_solver(*found);
}

static struct moat_threshold solve_directly(const struct config *config, size_t i_tau_I, size_t i_N, size_t i_tau,
                                            size_t i_Q, size_t i_nu)
{
    const struct axis *axis = config->grid.axis;
    struct moat_solver solver = solver_at(config, i_nu);
    struct moat_market market = {.solver = &solver,
                                 .Q = axis[GRID_Q].values[i_Q],
                                 .tau_I = axis[GRID_TAU_I].values[i_tau_I],
                                 .tau_E = axis[GRID_TAU_E].values[i_tau],
                                 .unit = MOAT_TAU_L_STAR,
                                 .scrutiny = config->scrutiny};
    struct moat_company incumbent;
    struct moat_threshold threshold;
    moat_market_incumbent(&market, axis[GRID_N_I].values[i_N], &incumbent);
    moat_market_threshold(&market, &incumbent, &threshold);
    return threshold;
}

static void compare(const struct config *config, const char *path)
{
    static double N_E_star[POINTS], lambda[POINTS];
    static unsigned char status[POINTS];
    read_dataset(path, "N_E_star", H5T_NATIVE_DOUBLE, N_E_star);
    read_dataset(path, "entrant_lambda", H5T_NATIVE_DOUBLE, lambda);
    read_dataset(path, "status", H5T_NATIVE_UCHAR, status);
    unsigned kinds = 0;
    for (size_t i = 0; i < POINTS; i++) {
        struct moat_threshold direct = solve_directly(
            config, i / (SHAPE_N * SHAPE_TAU * SHAPE_Q * SHAPE_NU), i / (SHAPE_TAU * SHAPE_Q * SHAPE_NU) % SHAPE_N,
            i / (SHAPE_Q * SHAPE_NU) % SHAPE_TAU, i / SHAPE_NU % SHAPE_Q, i % SHAPE_NU);
        CU_ASSERT_EQUAL(status[i], direct.status);
        CU_ASSERT(memcmp(&N_E_star[i], &direct.N_E_star, sizeof(double)) == 0);
        CU_ASSERT(memcmp(&lambda[i], &direct.entrant.lambda, sizeof(double)) == 0);
        kinds |= 1U << status[i];
    }
    CU_ASSERT(kinds & 1U << MOAT_MARKET_OK && kinds & 1U << MOAT_MARKET_NO_ENTRY &&
              kinds & 1U << MOAT_MARKET_ENTRANT_INFEASIBLE);
    /* one data point meets tau_I = L_star/2 with its mixture, not with its model */
    CU_ASSERT_EQUAL(!(kinds & 1U << MOAT_MARKET_INCUMBENT_INFEASIBLE),
                    config->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE);
}

static void compare_laws(const struct config *config, const char *path)
{
    static double loss[LAWS], exponent[LAWS];
    read_dataset(path, "loss", H5T_NATIVE_DOUBLE, loss);
    read_dataset(path, "exponent_excess", H5T_NATIVE_DOUBLE, exponent);
    const struct axis *axis = config->grid.axis;
    for (size_t i = 0; i < LAWS; i++) {
        struct moat_scaling_law direct;
        struct moat_solver solver = solver_at(config, i % SHAPE_NU);
        moat_scaling_law_solve(&solver, axis[GRID_N].values[i / (LAWS_ALPHA * SHAPE_Q * SHAPE_NU)],
                               axis[GRID_Q].values[i / SHAPE_NU % SHAPE_Q],
                               axis[GRID_ALPHA].values[i / (SHAPE_Q * SHAPE_NU) % LAWS_ALPHA], NAN, &direct);
        CU_ASSERT(memcmp(&loss[i], &direct.loss, sizeof(double)) == 0);
        CU_ASSERT(memcmp(&exponent[i], &direct.exponent_excess, sizeof(double)) == 0 ||
                  (isnan(exponent[i]) && isnan(direct.exponent_excess)));
    }
}

/* One sweep over all ranks into `path` on rank 0. Collective. */
static enum moat_status sweep(const struct config *config, const char *path)
{
    int rank = 0;
    struct results *results = NULL;
    struct worker *worker = NULL;
    struct progress progress;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    enum moat_status status = worker_create(config, NULL, &worker);
    if (status == MOAT_OK && rank == 0) {
        status = results_open(path, config, &(struct results_run){.command = "test_sweep"}, 0, &results);
    }
    if (agreement_worst(status, MPI_COMM_WORLD) == MOAT_OK) {
        if (rank == 0) {
            progress_begin(&progress, "points", grid_points(&config->grid), 0, true);
            status = coordinator_run(config, results, worker, &progress, MPI_COMM_WORLD);
            CU_ASSERT_EQUAL(progress.done, grid_points(&config->grid));
        } else {
            worker_run(worker, MPI_COMM_WORLD);
        }
    }
    enum moat_status closed = results_close(&results);
    worker_destroy(&worker);
    return status == MOAT_OK ? closed : status;
}

static void check_sweep(const char *yaml, enum moat_scrutiny scrutiny,
                        void (*check)(const struct config *, const char *))
{
    char path[] = "/tmp/moat-test-sweep.XXXXXX.h5";
    struct config *config = NULL;
    CU_ASSERT_EQUAL_FATAL(config_parse(yaml, "test", &config), MOAT_OK);
    config->scrutiny = scrutiny;
    int file = mkstemps(path, 3);
    CU_ASSERT_FATAL(file >= 0);
    close(file);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(sweep(config, path), MOAT_OK);
    check(config, path);
    unlink(path);
    config_destroy(&config);
}

static void test_file_equals_direct_solution(void)
{
    check_sweep(text, MOAT_SCRUTINY_TRAINED_MODEL, compare);
}

static void test_training_mixture(void)
{
    check_sweep(text, MOAT_SCRUTINY_TRAINING_MIXTURE, compare);
}

static void test_scaling_laws(void)
{
    check_sweep(scaling_text, MOAT_SCRUTINY_TRAINED_MODEL, compare_laws);
}

static void test_agree_is_the_worst(void)
{
    CU_ASSERT_EQUAL(agreement_worst(MOAT_IO, MPI_COMM_WORLD), MOAT_IO);
}

static const char ridge_text[] = "name: test\n"
                                 "sweep: scaling_law\n"
                                 "solver: ridge\n"
                                 "output: test.h5\n"
                                 "model: {gamma: 0.5, P: 64}\n"
                                 "grid:\n"
                                 "  N: {values: [8, 16]}\n"
                                 "  alpha: {values: [0.5]}\n"
                                 "  Q: {values: [0.5]}\n"
                                 "  nu: {values: [1]}\n"
                                 "ridge: {P: 64, N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}\n";

/* A rung whose tables all come from elsewhere may be one that this machine could not solve. */
static void test_memory_of_rungs_left(void)
{
    struct config *config = NULL;
    struct ladder *ladder = NULL;
    int group[4];
    CU_ASSERT_FATAL(config_parse(ridge_text, "test", &config) == MOAT_OK && ladder_create(config, &ladder) == MOAT_OK);
    double largest = ladder_bytes(config, ladder->reach, 3, 1);
    double bytes = (ladder_bytes(config, ladder->reach, 2, 1) + largest) / 2;
    CU_ASSERT(measurement_groups(config, NULL, 1, largest, group) == MOAT_OK);
    CU_ASSERT(measurement_groups(config, NULL, 1, bytes, group) == MOAT_USAGE);
    ladder->state[6] = TASK_DONE;
    CU_ASSERT(measurement_groups(config, ladder, 1, bytes, group) == MOAT_USAGE);
    ladder->state[7] = TASK_DONE;
    CU_ASSERT(measurement_groups(config, ladder, 1, bytes, group) == MOAT_OK);
    ladder_destroy(&ladder);
    config_destroy(&config);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank = 0, failed = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) {
        CU_TestInfo tests[] = {{"the file equals the market functions", test_file_equals_direct_solution},
                               {"the same under training_mixture", test_training_mixture},
                               {"the file equals the scaling law", test_scaling_laws},
                               {"statuses are agreed on", test_agree_is_the_worst},
                               {"memory of rungs that are left", test_memory_of_rungs_left},
                               CU_TEST_INFO_NULL};
        failed = suite_run("sweep", tests);
    } else { /* the same collectives in the same order */
        const char *const texts[] = {text, text, scaling_text};
        const enum moat_scrutiny scrutiny[] = {MOAT_SCRUTINY_TRAINED_MODEL, MOAT_SCRUTINY_TRAINING_MIXTURE,
                                               MOAT_SCRUTINY_TRAINED_MODEL};
        for (int i = 0; i < 3; i++) {
            struct config *config = NULL;
            enum moat_status status = config_parse(texts[i], "test", &config);
            if (status == MOAT_OK) {
                config->scrutiny = scrutiny[i];
                status = sweep(config, "");
            }
            config_destroy(&config);
            failed |= status != MOAT_OK;
        }
        agreement_worst(MOAT_OK, MPI_COMM_WORLD);
    }
    MPI_Finalize();
    return failed;
}
