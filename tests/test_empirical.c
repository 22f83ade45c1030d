/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The solver made of tables: exact on expected tables, accurate between nodes; its standard errors are the jackknife's.
 */
#include <math.h>
#include <string.h>

#include "expect.h"
#include "suite.h"
#include "sweep/jackknife.h"

static const char text[] = "name: test\n"
                           "sweep: market_entry\n"
                           "solver: ridge\n"
                           "output: test.h5\n"
                           "model: {gamma: 0.5, P: .inf}\n"
                           "incumbent: {tau: 0.9}\n"
                           "grid:\n"
                           "  N_I: {values: [100]}\n"
                           "  tau_E: {values: [.inf]}\n"
                           "  Q: {values: [0.3]}\n"
                           "  nu: {values: [0.75, 1.5]}\n"
                           "ridge: {P: 512, N: {log: [16, 512], points: 21}, trials: 5, seed: 1}\n";
enum { NU = 1, TRIALS = 5 };

struct fixture {
    struct config *config;
    struct ladder *ladder; /* with expected tables */
    struct moat_deterministic *deterministic;
    struct moat_solver solver;
    double Q;
    enum moat_scrutiny scrutiny; /* trained_model unless set */
};

static struct fixture fixture_open(void)
{
    struct fixture f = {.Q = 0.3};
    CU_ASSERT_EQUAL_FATAL(config_parse(text, "test", &f.config), MOAT_OK);
    CU_ASSERT_EQUAL_FATAL(ladder_create(f.config, &f.ladder), MOAT_OK);
    CU_ASSERT_EQUAL_FATAL(ladder_expect(f.ladder), MOAT_OK);
    CU_ASSERT_EQUAL_FATAL(
        moat_deterministic_create(0.5, f.config->grid.axis[GRID_NU].values[NU], 512, &f.deterministic), MOAT_OK);
    f.solver = moat_deterministic_solver(f.deterministic);
    return f;
}

static void fixture_close(struct fixture *f)
{
    moat_deterministic_destroy(&f->deterministic);
    ladder_destroy(&f->ladder);
    config_destroy(&f->config);
}

/* A smooth factor near 1, as finite-N effects make it. */
static double factor(double N, double lambda)
{
    return 1 + 0.1 * sin(0.7 * log(N)) / (1 + 0.3 * log1p(lambda * 1e4));
}

/* Multiplies every table by factor(N, lambda), and those of trial t by scale[t]. */
static void disturb(struct fixture *f, const double scale[TRIALS])
{
    struct ladder *ladder = f->ladder;
    for (size_t task = 0; task < ladder->tasks; task++) {
        for (size_t i = 0; i < ladder_task_size(ladder); i++) {
            size_t at = task * ladder_task_size(ladder) + i;
            double by =
                factor(ladder_task_N(ladder, task), ladder->lambda[i % ladder->lambdas]) * scale[task % ladder->trials];
            ladder->A1[at] *= by;
            ladder->A2[at] *= sqrt(by); /* keeps A2^2 <= A0 A1 */
            ladder->D[at] *= by;
        }
    }
}

static const double alike[TRIALS] = {1, 1, 1, 1, 1};

static struct moat_empirical *empirical_open(const struct fixture *f)
{
    enum { VALUES = 21 * LADDER_LAMBDAS };
    static double mean[3 * VALUES];
    struct moat_empirical *empirical = NULL;
    CU_ASSERT_EQUAL_FATAL(ladder_mean(f->ladder, NU, LADDER_ALL, mean), MOAT_OK);
    struct moat_empirical_tables tables = ladder_empirical_tables(f->ladder, mean);
    CU_ASSERT_EQUAL_FATAL(moat_empirical_create(f->deterministic, &tables, &empirical), MOAT_OK);
    return empirical;
}

static void interpolates(void)
{
    struct fixture f = fixture_open();
    disturb(&f, alike);
    struct moat_empirical *empirical = empirical_open(&f);
    struct moat_solver solver = moat_empirical_solver(empirical);
    for (double N = 17; N < 500; N *= 1.37) {
        double low, high;
        solver.domain(solver.state, N, &low, &high);
        for (int i = 1; i < 12; i++) {
            double x = low + (high - low) * i / 12, lambda_x, h = 1e-5;
            struct moat_coefficients found, exact, up, down;
            double lambda = moat_deterministic_lambda(f.deterministic, N, x, &lambda_x);
            solver.coefficients(solver.state, N, x, &found);
            solver.coefficients(solver.state, N, x + h, &up);
            solver.coefficients(solver.state, N, x - h, &down);
            f.solver.coefficients(f.solver.state, N, x, &exact);
            double by = factor(N, lambda);
            expect(fabs(found.A1 / (exact.A1 * by) - 1) < 2e-4, "A1 at N %g, lambda %g: factor %.8g, expected %.8g", N,
                   lambda, found.A1 / exact.A1, by);
            expect(fabs(found.D / (exact.D * by) - 1) < 2e-4, "D at N %g, lambda %g", N, lambda);
            expect(fabs(found.A1_x - (up.A1 - down.A1) / (2 * h)) < 1e-6 * fabs(found.A1_x) + 1e-9, "A1_x at N %g", N);
            expect(fabs(found.D_x - (up.D - down.D) / (2 * h)) < 1e-5 * fabs(found.D_x) + 1e-9, "D_x at N %g", N);
        }
    }
    moat_empirical_destroy(&empirical);
    fixture_close(&f);
}

/* Against differences between neighbouring N at one lambda. */
static void derivatives_in_log_N(void)
{
    struct fixture f = fixture_open();
    disturb(&f, alike);
    struct moat_empirical *empirical = empirical_open(&f);
    struct moat_solver solver = moat_empirical_solver(empirical);
    for (double N = 17; N < 510; N *= 1.11) {
        for (double lambda = 1e-7; lambda < 1.01; lambda *= 10) {
            const double h = 1e-4;
            struct moat_coefficients up, down;
            struct moat_coefficients_log_N found;
            solver.coefficients_log_N(solver.state, N, solver.x_of_lambda(solver.state, N, lambda), &found);
            double above = N * exp(h), below = N * exp(-h);
            solver.coefficients(solver.state, above, solver.x_of_lambda(solver.state, above, lambda), &up);
            solver.coefficients(solver.state, below, solver.x_of_lambda(solver.state, below, lambda), &down);
            const double got[3] = {found.A1_log_N, found.A2_log_N, found.D_log_N};
            const double value[3] = {found.A1, found.A2, found.D};
            const double want[3] = {up.A1 - down.A1, up.A2 - down.A2, up.D - down.D};
            for (int k = 0; k < 3; k++) {
                expect(fabs(got[k] - want[k] / (2 * h)) < 1e-6 * (fabs(got[k]) + value[k]),
                       "coefficient %d at N %g, lambda %g: %.9g, by differences %.9g", k, N, lambda, got[k],
                       want[k] / (2 * h));
            }
        }
    }
    moat_empirical_destroy(&empirical);
    fixture_close(&f);
}

static struct moat_threshold solve(const struct jackknife *jackknife, const struct fixture *f, double N_I, double tau_E,
                                   double *standard_error)
{
    struct moat_market market = {.Q = f->Q, .tau_I = 0.9, .tau_E = tau_E, .scrutiny = f->scrutiny};
    struct moat_company incumbent[TRIALS + 1];
    struct moat_threshold found;
    CU_ASSERT_EQUAL_FATAL(jackknife_sets(jackknife), TRIALS + 1);
    jackknife_incumbents(jackknife, &market, N_I, incumbent);
    *standard_error = jackknife_threshold(jackknife, &market, incumbent, &found);
    return found;
}

static void compare_with_deterministic(enum moat_scrutiny scrutiny)
{
    struct fixture f = fixture_open();
    f.scrutiny = scrutiny;
    struct jackknife *jackknife = NULL;
    CU_ASSERT_EQUAL_FATAL(
        jackknife_create(&(struct jackknife_basis){f.deterministic, NULL}, f.ladder, NU, true, &jackknife), MOAT_OK);
    const double tau_E[] = {0.95, 1.2, INFINITY};
    for (int i = 0; i < 3; i++) {
        struct moat_company incumbent;
        struct moat_threshold deterministic;
        double standard_error;
        struct moat_market market = {&f.solver, f.Q, 0.9, tau_E[i], MOAT_TAU_L_STAR, scrutiny};
        moat_market_incumbent(&market, 200, &incumbent);
        moat_market_threshold(&market, &incumbent, &deterministic);
        struct moat_threshold found = solve(jackknife, &f, 200, tau_E[i], &standard_error);
        expect(fabs(found.N_E_star / deterministic.N_E_star - 1) < 1e-9, "N_E* %.12g, expected %.12g", found.N_E_star,
               deterministic.N_E_star);
        expect(standard_error < 1e-7, "standard error %g of equal trials", standard_error);
    }
    jackknife_destroy(&jackknife);
    fixture_close(&f);
}

static void expected_tables_give_the_deterministic_threshold(void)
{
    compare_with_deterministic(MOAT_SCRUTINY_TRAINED_MODEL);
    compare_with_deterministic(MOAT_SCRUTINY_TRAINING_MIXTURE);
}

/* The jackknife against leaving each trial out by hand: a failed trial is not in the mean. */
static void leave_out_by_hand(enum moat_scrutiny scrutiny)
{
    const double scale[TRIALS] = {0.9, 1.05, 1, 1.1, 0.97};
    struct fixture f = fixture_open();
    f.scrutiny = scrutiny;
    disturb(&f, scale);
    struct jackknife *jackknife = NULL;
    CU_ASSERT_EQUAL_FATAL(
        jackknife_create(&(struct jackknife_basis){f.deterministic, NULL}, f.ladder, NU, true, &jackknife), MOAT_OK);
    double found, mean = 0, squares = 0, without[TRIALS], ignored;
    solve(jackknife, &f, 200, INFINITY, &found);
    jackknife_destroy(&jackknife);

    for (size_t trial = 0; trial < TRIALS; trial++) {
        for (size_t task = 0; task < f.ladder->tasks; task++) {
            f.ladder->state[task] = task % TRIALS == trial ? TASK_FAILED : TASK_DONE;
        }
        CU_ASSERT_EQUAL_FATAL(
            jackknife_create(&(struct jackknife_basis){f.deterministic, NULL}, f.ladder, NU, true, &jackknife),
            MOAT_OK);
        without[trial] = solve(jackknife, &f, 200, INFINITY, &ignored).N_E_star;
        mean += without[trial] / (double)TRIALS;
        jackknife_destroy(&jackknife);
    }
    for (int trial = 0; trial < TRIALS; trial++) {
        squares += pow(without[trial] - mean, 2);
    }
    double expected = sqrt(squares * (double)(TRIALS - 1) / (double)TRIALS);
    expect(expected > 0.1 && fabs(found / expected - 1) < 1e-9, "standard error %.12g, expected %.12g", found,
           expected);
    fixture_close(&f);
}

static void standard_error(void)
{
    leave_out_by_hand(MOAT_SCRUTINY_TRAINED_MODEL);
    leave_out_by_hand(MOAT_SCRUTINY_TRAINING_MIXTURE);
}

static void nothing_beyond_the_ladder(void)
{
    struct fixture f = fixture_open();
    struct jackknife *jackknife = NULL;
    double ignored;
    CU_ASSERT_EQUAL_FATAL(
        jackknife_create(&(struct jackknife_basis){f.deterministic, NULL}, f.ladder, NU, true, &jackknife), MOAT_OK);
    CU_ASSERT_EQUAL(solve(jackknife, &f, 15.9, INFINITY, &ignored).status, MOAT_MARKET_FAILED);
    CU_ASSERT_EQUAL(solve(jackknife, &f, 513, INFINITY, &ignored).status, MOAT_MARKET_FAILED);
    CU_ASSERT_EQUAL(solve(jackknife, &f, INFINITY, 0.9001, &ignored).status, MOAT_MARKET_FAILED); /* N_E* is above */
    CU_ASSERT_EQUAL(solve(jackknife, &f, 512, INFINITY, &ignored).status, MOAT_MARKET_OK);
    jackknife_destroy(&jackknife);
    fixture_close(&f);
}

/* One trial left on a rung: thresholds, but no standard errors. */
static void one_trial_left(void)
{
    struct fixture f = fixture_open();
    struct jackknife *jackknife = NULL;
    double error = 0;
    memset(f.ladder->state + 3 * TRIALS, TASK_FAILED, TRIALS - 1);
    CU_ASSERT_EQUAL_FATAL(
        jackknife_create(&(struct jackknife_basis){f.deterministic, NULL}, f.ladder, NU, true, &jackknife), MOAT_OK);
    CU_ASSERT_EQUAL(solve(jackknife, &f, 200, INFINITY, &error).status, MOAT_MARKET_OK);
    CU_ASSERT(isnan(error));
    jackknife_destroy(&jackknife);
    fixture_close(&f);
}

static void no_trial_left(void)
{
    struct fixture f = fixture_open();
    struct jackknife *jackknife = NULL;
    memset(f.ladder->state + 3 * TRIALS, TASK_FAILED, TRIALS);
    CU_ASSERT_EQUAL(jackknife_create(&(struct jackknife_basis){f.deterministic, NULL}, f.ladder, NU, true, &jackknife),
                    MOAT_NUMERICAL);
    CU_ASSERT_PTR_NULL(jackknife);
    fixture_close(&f);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"interpolates between nodes, with derivatives", interpolates},
        {"derivatives in ln N at fixed lambda", derivatives_in_log_N},
        {"expected tables give the deterministic threshold", expected_tables_give_the_deterministic_threshold},
        {"standard error is the jackknife's", standard_error},
        {"nothing beyond the ladder", nothing_beyond_the_ladder},
        {"a rung with one trial has no standard error", one_trial_left},
        {"a rung without a trial is refused", no_trial_left},
        CU_TEST_INFO_NULL,
    };
    return suite_run("empirical", tests);
}
