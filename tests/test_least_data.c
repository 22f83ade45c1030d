/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thresholds as minima over kappa, and companies from neighbouring nodes, against the bracketing search that knows
 * neither (the same solver without its table), at random points of the whole legal domain.
 * Usage: test_least_data [tables], 200 points each; the long form is 5000 tables.
 */
#include "model/least_data.h"

#include <stdlib.h>

#include "expect.h"
#include "legal_domain.h"
#include "moat/deterministic.h"
#include "moat/market.h"
#include "suite.h"

enum { POINTS = 200 };

static int tables = 60;
static gsl_rng *rng;
static enum moat_scrutiny scrutiny;

struct sample {
    double gamma, nu, P, N_I, Q, tau_I, tau_E; /* tau absolute */
    struct moat_solver by_nodes, bracketing;
    char where[224];
};

static void draw_table(struct sample *sample, struct moat_deterministic **table)
{
    struct legal_spectrum spectrum = legal_spectrum(rng);
    sample->gamma = spectrum.gamma;
    sample->nu = spectrum.nu;
    sample->P = spectrum.P;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(sample->gamma, sample->nu, sample->P, table), MOAT_OK);
    sample->by_nodes = sample->bracketing = moat_deterministic_solver(*table);
    sample->bracketing.table = NULL;
}

static void draw_market(struct sample *sample)
{
    struct legal_market market = legal_market(rng, sample->P);
    double L_star = 2 * market.Q * sample->by_nodes.A0;
    sample->Q = market.Q;
    sample->N_I = market.N_I;
    sample->tau_I = market.tau_I * L_star;
    sample->tau_E = market.tau_E * L_star;
    snprintf(sample->where, sizeof sample->where,
             "gamma %.17g, nu %.17g, P %.0f, N_I %.17g, Q %.17g, tau_I %.17g, tau_E %.17g", sample->gamma, sample->nu,
             sample->P, sample->N_I, sample->Q, sample->tau_I, sample->tau_E);
}

static struct moat_company solve_slowly(const struct sample *sample, double N, double tau)
{
    struct moat_market market = {
        .solver = &sample->bracketing, .Q = sample->Q, .unit = MOAT_TAU_ABSOLUTE, .scrutiny = scrutiny};
    struct moat_company company;
    moat_company_solve(&market, N, tau, &company);
    return company;
}

static void compare_companies(const struct sample *sample, const struct moat_company *found,
                              const struct moat_company *expected)
{
    expect(found->feasible == expected->feasible, "feasible at %s: %d", sample->where, found->feasible);
    if (expected->feasible) {
        double rounding = 1e-18 * sample->Q * sample->by_nodes.A0;
        expect(fabs(found->excess - expected->excess) <= 1e-9 * expected->excess + rounding,
               "excess at %s: %.17g, expected %.17g", sample->where, found->excess, expected->excess);
    }
}

/* The choice is that of the minimum at N_E*. Next to N = P the last digit of N is worth too much of L1*. */
static void compare_choices(const struct sample *sample, const struct moat_company *found)
{
    if (fabs(found->N / sample->P - 1) < 1e-7) {
        return;
    }
    struct moat_company expected = solve_slowly(sample, found->N, sample->tau_E);
    double tolerance = 1e-8;
    if (!expected.feasible) { /* where meeting tau_E sets N_E*: by rounding; alpha leaves 1/2 fast from there */
        double step = fmax(1e-11, 1e-12 / sample->gamma); /* a loss falls like N^-gamma */
        expected = solve_slowly(sample, found->N * (1 + step), sample->tau_E);
        tolerance = 1e-6;
    }
    expect(relative_error(found->loss_performance, expected.loss_performance) < 1e-8,
           "L1* at %s: %.17g, expected %.17g", sample->where, found->loss_performance, expected.loss_performance);
    expect(relative_error(found->loss_safety, expected.loss_safety) < 1e-8, "L2 at %s: %.17g, expected %.17g",
           sample->where, found->loss_safety, expected.loss_safety);
    expect(fabs(found->alpha - expected.alpha) < tolerance, "alpha at %s: %.17g, expected %.17g", sample->where,
           found->alpha, expected.alpha);
    expect(fabs(found->lambda - expected.lambda) <= 1e-4 * expected.lambda, "lambda at %s: %.17g, expected %.17g",
           sample->where, found->lambda, expected.lambda);
}

/* N_E* to 1e-7 or as closely as L1* determines it: with a little less data than N_E* the entrant's loss is too large
   and with a little more it is not. */
static void compare_N(const struct sample *sample, double N, double expected, double gap)
{
    double N_more = sample->tau_E >= sample->tau_I ? fmin(N * (1 + 1e-10), sample->N_I) : N * (1 + 1e-10);
    struct moat_company less = solve_slowly(sample, fmax(1, N * (1 - 1e-10)), sample->tau_E);
    struct moat_company more = solve_slowly(sample, N_more, sample->tau_E);
    expect(!less.feasible || less.excess >= gap * (1 - 1e-9), "N_E* at %s: %.17g is too large", sample->where, N);
    expect(more.feasible && more.excess <= gap * (1 + 1e-9), "N_E* at %s: %.17g is too small", sample->where, N);

    struct moat_company at = solve_slowly(sample, expected, sample->tau_E);
    bool flat = fabs(at.excess / gap - 1) < 1e-9;
    expect(flat || relative_error(N, expected) < 1e-7, "N_E* at %s: %.17g, expected %.17g", sample->where, N, expected);
}

/* How N_E* was found. */
enum { CLOSED, RESTING, BRACKETED, WAYS };

static void compare_markets(const struct sample *sample, int ways[WAYS])
{
    struct moat_company incumbent;
    struct moat_threshold found, expected;
    struct moat_market market = {&sample->by_nodes, sample->Q,         sample->tau_I,
                                 sample->tau_E,     MOAT_TAU_ABSOLUTE, scrutiny};
    moat_market_incumbent(&market, sample->N_I, &incumbent);
    struct moat_company incumbent_slowly = solve_slowly(sample, sample->N_I, sample->tau_I);
    compare_companies(sample, &incumbent, &incumbent_slowly);

    moat_market_threshold(&market, &incumbent, &found);
    market.solver = &sample->bracketing;
    moat_market_threshold(&market, &incumbent_slowly, &expected);
    expect(found.status == expected.status, "status at %s: %s, expected %s", sample->where,
           moat_market_status_name[found.status], moat_market_status_name[expected.status]);
    if (found.status != MOAT_MARKET_OK || expected.status != MOAT_MARKET_OK) {
        return;
    }
    struct moat_company closed;
    double gap = found.entrant.excess;
    market.solver = &sample->by_nodes;
    struct company_problem entrant = moat_company_problem(&market, NAN, sample->tau_E);
    bool resting = found.N_E_star == sample->N_I || found.N_E_star == sample->P;
    bool in_range = moat_least_data(&entrant, gap, &closed);
    if (in_range && closed.N == found.N_E_star) {
        ways[CLOSED]++;
        compare_N(sample, found.N_E_star, expected.N_E_star, gap);
        compare_choices(sample, &found.entrant);
        return;
    }
    ways[resting ? RESTING : BRACKETED]++;
    expect(relative_error(found.N_E_star, expected.N_E_star) < 1e-7 ||
               fabs(found.entrant.excess / expected.entrant.excess - 1) < 1e-8,
           "N_E* at %s: %.17g, expected %.17g", sample->where, found.N_E_star, expected.N_E_star);
}

static void whole_domain(void)
{
    int ways[WAYS] = {0};
    for (int k = 0; k < tables; k++) {
        struct sample sample;
        struct moat_deterministic *table;
        draw_table(&sample, &table);
        for (int point = 0; point < POINTS; point++) {
            draw_market(&sample);
            compare_markets(&sample, ways);
        }
        moat_deterministic_destroy(&table);
    }
    printf("%d points: N_E* as a minimum over kappa %d, equal to N_I or P %d, by bracketing %d\n", tables * POINTS,
           ways[CLOSED], ways[RESTING], ways[BRACKETED]);
    expect(20 * ways[BRACKETED] < ways[CLOSED], "%d by bracketing, %d not", ways[BRACKETED], ways[CLOSED]);
}

static void trained_model(void)
{
    scrutiny = MOAT_SCRUTINY_TRAINED_MODEL;
    whole_domain();
}

static void training_mixture(void)
{
    scrutiny = MOAT_SCRUTINY_TRAINING_MIXTURE;
    whole_domain();
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"random points under trained_model", trained_model},
                           {"random points under training_mixture", training_mixture},
                           CU_TEST_INFO_NULL};
    tables = argc > 1 ? atoi(argv[1]) : tables;
    rng = gsl_rng_alloc(gsl_rng_taus2);
    int failed = suite_run("least data", tests);
    gsl_rng_free(rng);
    return failed;
}
