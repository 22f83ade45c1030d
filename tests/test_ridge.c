/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ridge tables against their definitions in higher precision, literal regressions, the deterministic equivalent, and
 * each other on groups of different sizes; agreement on failures. Runs on any number of ranks: all run the same tests,
 * every verdict is that of all ranks, rank 0 prints.
 */
#include <float.h>
#include <math.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "allocation_faults.h"
#include "moat/deterministic.h"
#include "moat/loss.h"
#include "mpi_suite.h"
#include "ridge/profile.h"
#include "ridge_reference.h"

enum { NUS = 2, LAMBDAS = 5, CELLS = NUS * LAMBDAS };
static const double nus[NUS] = {0.75, 1.5};
static const double lambdas[LAMBDAS] = {0, 1e-10, 1e-6, 1e-3, 1};

struct tables {
    double A1[CELLS], A2[CELLS], D[CELLS];
};

/* On rank 0, when MOAT_TEST_VERBOSE is set. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0 && getenv("MOAT_TEST_VERBOSE")) {
        va_list arguments;
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
    }
}

static struct ridge_task make_task(double gamma, size_t P, size_t N)
{
    return (struct ridge_task){.gamma = gamma,
                               .P = P,
                               .N = N,
                               .seed = 11,
                               .trial = 3,
                               .nus = NUS,
                               .nu = nus,
                               .lambdas = LAMBDAS,
                               .lambda = lambdas};
}

static struct ridge_table view(struct tables *tables)
{
    return (struct ridge_table){.A1 = tables->A1, .A2 = tables->A2, .D = tables->D};
}

static enum moat_status solve(const struct ridge_task *task, MPI_Comm group, struct tables *tables)
{
    struct ridge_table table = view(tables);
    memset(tables, 0xff, sizeof *tables); /* NaNs */
    return ridge_solve(task, group, &table);
}

/* Largest difference of two tables' cells of one nu: A1 and A2 relative to A0, D relative to itself. NaN if there is
 * one. */
static double difference(const struct ridge_task *task, const struct tables *left, const struct tables *right)
{
    double worst = 0;
    for (size_t v = 0; v < NUS; v++) {
        double A0 = 0;
        for (size_t j = task->P; j > 0; j--) {
            A0 += pow((double)j, -(1 + task->nu[v]));
        }
        for (size_t at = v * LAMBDAS; at < (v + 1) * LAMBDAS; at++) {
            double each[] = {fabs(left->A1[at] - right->A1[at]) / A0, fabs(left->A2[at] - right->A2[at]) / A0,
                             fabs(left->D[at] / right->D[at] - 1)};
            for (int i = 0; i < 3; i++) {
                worst = each[i] <= worst ? worst : each[i];
            }
        }
    }
    return worst;
}

/* The tables of a task over MPI_COMM_WORLD against its definition, which rank 0 computes. */
static double error_of(const struct ridge_task *task, bool precise)
{
    struct tables tables, reference;
    struct ridge_table table = view(&reference);
    int rank, complete = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) {
        complete = ridge_reference(task, precise, &table);
    }
    MPI_Bcast(&complete, 1, MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Bcast(&reference, sizeof reference, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (solve(task, MPI_COMM_WORLD, &tables) != MOAT_OK || !complete) {
        return INFINITY;
    }
    double error = difference(task, &tables, &reference);
    double A1 = 0;
    for (int i = 0; i < CELLS; i++) {
        A1 = fmax(A1, reference.A1[i] > 0 ? fabs(tables.A1[i] / reference.A1[i] - 1) : 0);
    }
    say("gamma = %g, P = %zu, N = %zu: error %.1e; A1 relative to itself %.1e\n", task->gamma, task->P, task->N, error,
        A1);
    return error;
}

static void test_definition(void)
{
    const double gammas[] = {0.1, 0.5};
    const size_t N[] = {1, 20, 47, 48, 49, 100};
    for (size_t g = 0; g < 2; g++) {
        for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
            struct ridge_task task = make_task(gammas[g], 48, N[n]);
            CU_ASSERT(everywhere(error_of(&task, true) < 1e-9));
        }
    }
}

/* A spectrum so steep that most of it is refined, s^2 down to 1e-10 and below. */
static void test_definition_steep(void)
{
    const double steep[NUS] = {2.5, 4};
    struct ridge_task task = make_task(2, 100, 100);
    task.nu = steep;
    CU_ASSERT(everywhere(error_of(&task, true) < 1e-9));
}

/* Orders at which more than one rank uses ScaLAPACK. */
static void test_definition_large(void)
{
    const size_t N[] = {200, 240, 300};
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        struct ridge_task task = make_task(0.5, 240, N[n]);
        const double some[] = {1e-7, 1e-6, 1e-4, 1e-2, 1};
        task.lambda = N[n] < task.P ? some : lambdas; /* long double does not reach further with N < P */
        CU_ASSERT(everywhere(error_of(&task, false) < 1e-9));
    }
}

/* Groups of different sizes at once: rank 0 alone, the others together; and all together. Against each rank by itself.
 */
static void test_groups(void)
{
    const size_t N[] = {7, 210, 230, 300};
    int rank;
    MPI_Comm group;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank > 0, rank, &group);
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        struct ridge_task task = make_task(0.5, 230, N[n]);
        struct tables own, part, world, without_mpi;
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_SELF, &own) == MOAT_OK));
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_NULL, &without_mpi) == MOAT_OK));
        CU_ASSERT(everywhere(memcmp(&own, &without_mpi, sizeof own) == 0));
        CU_ASSERT(everywhere(solve(&task, group, &part) == MOAT_OK));
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &world) == MOAT_OK));
        CU_ASSERT(everywhere(difference(&task, &own, &part) < 1e-9));
        CU_ASSERT(everywhere(difference(&task, &own, &world) < 1e-9));
        struct tables first = world; /* every rank has the same bits */
        MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
        CU_ASSERT(everywhere(memcmp(&first, &world, sizeof first) == 0));
    }
    MPI_Comm_free(&group);
}

/* Drawn targets and labels on the same X, within four standard errors of the losses that the tables give. */
static void test_draws(void)
{
    const size_t N[] = {24, 60};
    const double lambda = 0.02, nu = 1.2, Q = 0.6, alpha = 0.7;
    for (size_t n = 0; n < 2; n++) {
        struct ridge_task task = {
            .gamma = 0.5, .P = 40, .N = N[n], .seed = 5, .nus = 1, .nu = &nu, .lambdas = 1, .lambda = &lambda};
        struct moat_coefficients c = {0};
        struct ridge_table table = {.A1 = &c.A1, .A2 = &c.A2, .D = &c.D};
        double A0 = 0, mean[2], error[2];
        for (size_t j = task.P; j > 0; j--) {
            A0 += pow((double)j, -(1 + nu));
        }
        CU_ASSERT(everywhere(ridge_solve(&task, MPI_COMM_WORLD, &table) == MOAT_OK));
        CU_ASSERT_FATAL(everywhere(ridge_draw_losses(&task, Q, alpha, 20000, MPI_COMM_WORLD, mean, error)));
        struct moat_loss_form form = moat_loss_form(A0, Q, &c);
        double loss[] = {moat_loss_performance(&form, alpha), moat_loss_safety(&form, alpha)};
        for (int target = 0; target < 2; target++) {
            CU_ASSERT(everywhere(fabs(mean[target] - loss[target]) < 4 * error[target]));
            CU_ASSERT(everywhere(error[target] < 0.02 * loss[target])); /* so that the line above says something */
        }
    }
}

/* The mean of a few trials differs from the deterministic equivalent by a few parts in N, D in units of A0. */
static void test_deterministic_equivalent(void)
{
    enum { TRIALS = 8 };
    const size_t N[] = {60, 240, 700};
    const double nu = 1, lambda = 1e-3, P = 400, gamma = 0.5;
    struct moat_deterministic *equivalent = NULL;
    CU_ASSERT_FATAL(everywhere(moat_deterministic_create(gamma, nu, P, &equivalent) == MOAT_OK));
    struct moat_solver solver = moat_deterministic_solver(equivalent);
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        double mean[3] = {0}, effect[3];
        for (uint32_t trial = 0; trial < TRIALS; trial++) {
            struct ridge_task task = {.gamma = gamma,
                                      .P = (size_t)P,
                                      .N = N[n],
                                      .seed = 1,
                                      .trial = trial,
                                      .nus = 1,
                                      .nu = &nu,
                                      .lambdas = 1,
                                      .lambda = &lambda};
            double value[3];
            struct ridge_table table = {.A1 = &value[0], .A2 = &value[1], .D = &value[2]};
            CU_ASSERT(everywhere(ridge_solve(&task, MPI_COMM_WORLD, &table) == MOAT_OK));
            for (int i = 0; i < 3; i++) {
                mean[i] += value[i] / (double)TRIALS;
            }
        }
        struct moat_coefficients c;
        solver.coefficients(solver.state, (double)N[n], moat_deterministic_x(equivalent, (double)N[n], lambda), &c);
        effect[0] = (mean[0] / c.A1 - 1) * (double)N[n];
        effect[1] = (mean[1] / c.A2 - 1) * (double)N[n];
        effect[2] = (mean[2] - c.D) / solver.A0 * (double)N[n];
        for (int i = 0; i < 3; i++) {
            CU_ASSERT(everywhere(fabs(effect[i]) < 5));
        }
        say("N = %.0f: finite-N effect %.2f, %.2f, %.2f over N\n", (double)N[n], effect[0], effect[1], effect[2]);
    }
    moat_deterministic_destroy(&equivalent);
}

/* Prediction of memory: at least what is used, at most a quarter more. */
static void test_bytes(void)
{
    const size_t N[] = {100, 400, 600, 1200};
    int size;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        struct ridge_task task = make_task(0.5, 600, N[n]);
        struct tables tables;
        struct ridge_table table = view(&tables);
        struct ridge_profile profile = {0};
        CU_ASSERT(everywhere(ridge_solve_profiled(&task, MPI_COMM_WORLD, &table, &profile) == MOAT_OK));
        CU_ASSERT(profile.bytes_now == 0);
        unsigned long long used = profile.bytes_peak, predicted = ridge_bytes(600, N[n], NUS, LAMBDAS, size);
        MPI_Allreduce(MPI_IN_PLACE, &used, 1, MPI_UNSIGNED_LONG_LONG, MPI_MAX, MPI_COMM_WORLD);
        CU_ASSERT(used <= predicted);
        CU_ASSERT((double)predicted <= 1.25 * (double)used);
        say("N = %zu: %llu bytes, predicted %.2f times as many\n", N[n], used, (double)predicted / (double)used);
    }
}

static void test_refused(void)
{
    struct tables tables;
    struct ridge_task task = make_task(0.5, 10, 0);
    CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &tables) == MOAT_USAGE));
    const double negative[LAMBDAS] = {0, 1, 2, 3, -1e-3};
    task = make_task(0.5, 10, 5);
    task.lambda = negative;
    CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &tables) == MOAT_USAGE));
    CU_ASSERT(everywhere(strstr(moat_error_message(), "-0.001") != NULL));
}

#ifdef MOAT_FAULTS
/* A failure on one rank is the status, with its message, of all; the group goes on afterwards. */
static void test_failures(void)
{
    int size;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char fault[3][32];
    snprintf(fault[0], sizeof fault[0], "ridge:alloc:rank%d", size - 1);
    snprintf(fault[1], sizeof fault[1], "ridge:nan:rank%d", size / 2);
    snprintf(fault[2], sizeof fault[2], "ridge:info:rank0");
    const struct {
        const char *fault;
        enum moat_status status;
        const char *message;
    } cases[] = {{fault[0], MOAT_MEMORY, "cannot allocate"},
                 {fault[1], MOAT_NUMERICAL, "not finite"},
                 {fault[2], MOAT_NUMERICAL, "info = 1"},
                 {"ridge:residual", MOAT_NUMERICAL, "residual of 1"}};
    const size_t N[] = {30, 220, 260, 1500};
    for (size_t n = 0; n < 4; n++) {
        struct ridge_task task = make_task(0.5, 240, N[n]);
        struct tables tables;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            setenv("MOAT_FAULT", cases[i].fault, 1);
            CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &tables) == cases[i].status));
            CU_ASSERT(everywhere(strstr(moat_error_message(), cases[i].message) != NULL));
            unsetenv("MOAT_FAULT");
        }
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &tables) == MOAT_OK));
    }
}

/* Every allocation of a task fails once on the last rank: always the same status everywhere, and nothing leaks. */
static void test_allocations(void)
{
    const size_t N[] = {220, 240, 1500};
    for (size_t n = 0; n < 3; n++) {
        struct ridge_task task = make_task(0.5, 240, N[n]);
        struct tables tables;
        struct ridge_table table = view(&tables);
        enum moat_status status;
        unsigned call = fail_allocations(&task, &table, &status);
        CU_ASSERT(everywhere(status == MOAT_OK));
        CU_ASSERT(call > 25);
        say("N = %zu: %u allocations\n", N[n], call - 1);
    }
}
#endif

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"against the definition, quadruple precision", test_definition},
                           {"against the definition, steep spectrum", test_definition_steep},
                           {"against the definition, larger", test_definition_large},
                           {"groups of different sizes", test_groups},
                           {"literal regressions on drawn labels", test_draws},
                           {"deterministic equivalent", test_deterministic_equivalent},
                           {"memory as predicted", test_bytes},
                           {"tasks that are refused", test_refused},
#ifdef MOAT_FAULTS
                           {"agreement on failures", test_failures},
                           {"every allocation may fail", test_allocations},
#endif
                           CU_TEST_INFO_NULL};
    return mpi_suite_run("ridge", tests, &argc, &argv);
}
