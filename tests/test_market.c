/* SPDX-License-Identifier: GPL-3.0-or-later */
/* N_E* against brute-force bisection, every status, and the theory's predictions. */
#include "moat/market.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_zeta.h>
#include <string.h>

#include "brute_force.h"
#include "brute_gap.h"
#include "expect.h"
#include "moat/deterministic.h"
#include "suite.h"

static struct brute_model model;

/* The markets of one spectrum and one Q. */
struct fixture {
    struct moat_deterministic *table;
    struct moat_solver solver;
    double Q, L_star;
    enum moat_scrutiny scrutiny; /* trained_model unless set */
};

static void fixture_open(struct fixture *fixture, double gamma, double nu, double P, double Q)
{
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, P, &fixture->table), MOAT_OK);
    fixture->solver = moat_deterministic_solver(fixture->table);
    fixture->Q = Q;
    fixture->scrutiny = MOAT_SCRUTINY_TRAINED_MODEL;
    fixture->L_star = 2 * Q * fixture->solver.A0;
}

/* Thresholds in multiples of L_star. */
static struct moat_threshold entry(const struct fixture *fixture, double N_I, double tau_I, double tau_E)
{
    struct moat_market market = {
        .solver = &fixture->solver, .Q = fixture->Q, .tau_I = tau_I, .tau_E = tau_E, .scrutiny = fixture->scrutiny};
    struct moat_company incumbent;
    struct moat_threshold found;
    moat_market_incumbent(&market, N_I, &incumbent);
    moat_market_threshold(&market, &incumbent, &found);
    return found;
}

static double uniform(gsl_rng *rng, double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

/* |d ln L1* / d ln N| at N by brute force: 1/slope is how far an error of the losses carries into ln N_E*. */
static double loss_slope(double Q, double tau, double N)
{
    long double low = brute_company(&model, N * 0.999, Q, tau).losses.performance;
    long double high = brute_company(&model, N * 1.001, Q, tau).losses.performance;
    return (double)(logl(low / high) / 0.002L);
}

/* One market against brute force; returns whether N_E* itself was compared. */
static bool compare(const struct fixture *fixture, double N_I, double tau_I, double tau_E, const char *where)
{
    struct moat_threshold found = entry(fixture, N_I, tau_I, tau_E);
    const char *status = moat_market_status_name[found.status];
    struct brute_choice incumbent = brute_company(&model, N_I, fixture->Q, tau_I * fixture->L_star);
    if (!incumbent.feasible) {
        expect(found.status == MOAT_MARKET_INCUMBENT_INFEASIBLE, "%s at %s", status, where);
        return false;
    }
    if (found.status == MOAT_MARKET_ENTRANT_ALWAYS) {
        struct brute_choice one = brute_company(&model, 1, fixture->Q, tau_E * fixture->L_star);
        expect(one.feasible && one.losses.performance <= incumbent.losses.performance * (1 + 1e-8L), "%s at %s", status,
               where);
        return false;
    }
    double tau = tau_E * fixture->L_star;
    double log_N = brute_threshold(&model, fixture->Q, tau, incumbent.losses.performance, log(1e15));
    double slope = loss_slope(fixture->Q, tau, exp(log_N));
    double tolerance = fabs(slope) >= 1e-4 ? 1e-7 : 1e-11 / fabs(slope);
    expect(found.status == MOAT_MARKET_OK && fabs(log(found.N_E_star) - log_N) < tolerance,
           "N_E* at %s: %s %.17g, brute force %.17g, slope %g", where, status, found.N_E_star, exp(log_N), slope);
    return true;
}

static void bisection(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    int compared = 0;
    for (int number = 0; number < 30; number++) {
        double gamma = uniform(rng, 0.01, 2),
               nu = fmin(2 * (1 + gamma), gamma + (2 + gamma) * gsl_rng_uniform_pos(rng));
        double P = number % 4 == 3 ? floor(exp(uniform(rng, log(50), log(1e9)))) : INFINITY;
        double Q = number % 5 == 0 ? 1 : gsl_rng_uniform_pos(rng), N_I = exp(uniform(rng, 0, log(1e12)));
        double tau_I = uniform(rng, 0.26, 1.1), tau_E = number % 3 ? tau_I + gsl_rng_uniform(rng) : INFINITY;
        struct fixture fixture;
        fixture_open(&fixture, gamma, nu, P, Q);
        brute_model_init(&model, gamma, nu, P);
        char where[192];
        snprintf(where, sizeof where,
                 "gamma %.17g, nu %.17g, P %.0f, Q %.17g, N_I %.17g, tau_I %.17g L*, tau_E %.17g L*", gamma, nu, P, Q,
                 N_I, tau_I, tau_E);
        compared += compare(&fixture, N_I, tau_I, tau_E, where);
        moat_deterministic_destroy(&fixture.table);
    }
    CU_ASSERT(compared >= 15);
    gsl_rng_free(rng);
}

/* The definition itself: the entrant at N_E* is as good as the incumbent, and one with less data is not. */
static void expect_smallest(const struct moat_market *market, const struct moat_company *incumbent)
{
    struct moat_threshold found;
    double tau_I = market->tau_I, tau_E = market->tau_E;
    moat_market_threshold(market, incumbent, &found);
    const char *status = moat_market_status_name[found.status];
    double N_I = incumbent->N, loss = incumbent->loss_performance;
    if (found.status != MOAT_MARKET_OK) {
        expect(isnan(found.N_E_star) || (found.status == MOAT_MARKET_ENTRANT_ALWAYS && found.N_E_star == 1),
               "N_E* %g with %s", found.N_E_star, status);
        struct moat_company largest; /* N_E* is to be found up to 1e15 */
        moat_company_solve(market, 1e15, tau_E, &largest);
        bool beyond = found.status == MOAT_MARKET_FAILED && largest.loss_performance > loss;
        expect(found.status == MOAT_MARKET_ENTRANT_ALWAYS || found.status == MOAT_MARKET_INCUMBENT_INFEASIBLE || beyond,
               "%s at N_I %.17g, tau_I %.17g, tau_E %.17g", status, N_I, tau_I, tau_E);
        return;
    }
    struct moat_company below;
    moat_company_solve(market, found.N_E_star * (1 - 1e-4), tau_E, &below);
    expect(found.entrant.loss_performance < loss * (1 + 1e-8), "the entrant's loss at N_I %.17g", N_I);
    expect(!below.feasible || below.loss_performance > loss * (1 - 1e-12), "N_E* %.17g is not the smallest",
           found.N_E_star);
    expect(found.entrant.N == found.N_E_star && found.N_E_star >= 1 && found.N_E_star <= N_I * (1 + 1e-9),
           "N_E* %.17g at N_I %.17g", found.N_E_star, N_I);
}

static void definition(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int table = 0; table < 30; table++) {
        double gamma = uniform(rng, 0.01, 2),
               nu = fmin(2 * (1 + gamma), gamma + (2 + gamma) * gsl_rng_uniform_pos(rng));
        struct fixture fixture;
        fixture_open(&fixture, gamma, nu, table % 4 ? INFINITY : 1e4, 1);
        for (int number = 0; number < 100; number++) {
            double Q = gsl_rng_uniform_pos(rng), tau_I = uniform(rng, 0.26, 1) * (2 * Q * fixture.solver.A0);
            double N_I = exp(uniform(rng, 0, log(1e15))), tau_E = number % 3 ? tau_I + gsl_rng_uniform(rng) : INFINITY;
            struct moat_market market = {&fixture.solver, Q, tau_I, tau_E, MOAT_TAU_ABSOLUTE, fixture.scrutiny};
            struct moat_company incumbent;
            moat_market_incumbent(&market, number % 7 ? N_I : INFINITY, &incumbent);
            expect_smallest(&market, &incumbent);
        }
        moat_deterministic_destroy(&fixture.table);
    }
    gsl_rng_free(rng);
}

static void statuses(void)
{
    static const struct {
        double N_I, tau_I, tau_E;
        enum moat_market_status status;
    } cases[] = {{1e3, 0.9, INFINITY, MOAT_MARKET_OK},
                 {1, 0.99, INFINITY, MOAT_MARKET_INCUMBENT_INFEASIBLE}, /* checked below: one point cannot meet tau_I */
                 {1e3, 0.2499, INFINITY, MOAT_MARKET_INCUMBENT_INFEASIBLE},
                 {INFINITY, 0.2499, INFINITY, MOAT_MARKET_INCUMBENT_INFEASIBLE},
                 {1e3, 0.9, 0.2499, MOAT_MARKET_ENTRANT_INFEASIBLE},
                 {INFINITY, 0.9, 0.25, MOAT_MARKET_ENTRANT_INFEASIBLE}, /* met by infinite data only */
                 {INFINITY, 0.9, 0.8, MOAT_MARKET_NO_ENTRY},
                 {INFINITY, 0.9, 0.9, MOAT_MARKET_NO_ENTRY},
                 {1e14, 0.9, 0.4, MOAT_MARKET_NO_ENTRY},
                 {INFINITY, 1, INFINITY, MOAT_MARKET_NO_ENTRY},
                 {INFINITY, 0.9, INFINITY, MOAT_MARKET_OK}};
    struct fixture fixture;
    fixture_open(&fixture, 0.5, 1, INFINITY, 0.1);
    brute_model_init(&model, 0.5, 1, INFINITY);
    CU_ASSERT(!brute_company(&model, 1, 0.1, 0.99 * fixture.L_star).feasible);
    CU_ASSERT(brute_company(&model, 1e15, 0.1, 0.4 * fixture.L_star).losses.performance >
              brute_company(&model, 1e14, 0.1, 0.9 * fixture.L_star).losses.performance);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct moat_threshold found = entry(&fixture, cases[k].N_I, cases[k].tau_I, cases[k].tau_E);
        expect(found.status == cases[k].status, "status at N_I %g, tau_I %g L*, tau_E %g L*: %s, expected %s",
               cases[k].N_I, cases[k].tau_I, cases[k].tau_E, moat_market_status_name[found.status],
               moat_market_status_name[cases[k].status]);
        expect(isnan(found.N_E_star) == (cases[k].status != MOAT_MARKET_OK), "N_E* %g", found.N_E_star);
    }
    moat_deterministic_destroy(&fixture.table);
}

/* A demanding tau_I leaves the incumbent with more than the loss one free point gives. */
static void entrant_always(void)
{
    struct fixture fixture;
    fixture_open(&fixture, 0.5, 1, INFINITY, 1);
    brute_model_init(&model, 0.5, 1, INFINITY);
    double one = (double)brute_company(&model, 1, 1, INFINITY).losses.performance;
    struct brute_choice incumbent = {.losses = {0, 0}};
    double N_I = 2, tau_I = 0;
    for (; N_I < 1e6 && incumbent.losses.performance < one; N_I *= 2) {
        tau_I = (double)brute_company(&model, N_I, 1, fixture.L_star / 5).losses.safety * (1 + 1e-6) / fixture.L_star;
        incumbent = brute_company(&model, N_I, 1, tau_I * fixture.L_star);
        if (incumbent.losses.performance >= one) {
            break;
        }
    }
    CU_ASSERT(incumbent.losses.performance >= one);
    struct moat_threshold found = entry(&fixture, N_I, tau_I, INFINITY);
    expect(found.status == MOAT_MARKET_ENTRANT_ALWAYS && found.N_E_star == 1, "%s, N_E* %g at N_I %g, tau_I %.17g L*",
           moat_market_status_name[found.status], found.N_E_star, N_I, tau_I);
    moat_deterministic_destroy(&fixture.table);
    CU_ASSERT_STRING_EQUAL(moat_market_status_name[MOAT_MARKET_ENTRANT_ALWAYS], "entrant_always");
    CU_ASSERT_STRING_EQUAL(moat_market_status_name[MOAT_MARKET_FAILED], "failed");
}

/* P finite, no safety constraint: L1 -> 0 as lambda -> 0 for every N >= P, so N_E* = P by definition. */
static void interpolation(void)
{
    const double N_I[] = {1000, 1500, 1e8, INFINITY};
    struct fixture fixture;
    fixture_open(&fixture, 0.5, 1, 1000, 0.3);
    for (size_t i = 0; i < sizeof N_I / sizeof N_I[0]; i++) {
        struct moat_threshold found = entry(&fixture, N_I[i], INFINITY, INFINITY);
        expect(found.status == MOAT_MARKET_OK && found.N_E_star == 1000, "N_E* %g at N_I %g", found.N_E_star, N_I[i]);
        expect(found.entrant.loss_performance == 0, "L1* %g", found.entrant.loss_performance);
    }
    struct moat_threshold below = entry(&fixture, 999, INFINITY, INFINITY);
    expect(fabs(below.N_E_star - 999) < 1e-6, "N_E* %.12g at N_I 999", below.N_E_star);
    moat_deterministic_destroy(&fixture.table);
}

/* Equal thresholds: N_E* = N_I. More data for the incumbent never lowers N_E*; a laxer tau_E never raises it. */
static void order(void)
{
    const double gammas[] = {0.01, 0.1, 0.5, 1, 2}, nus[] = {0.2, 0.34, 1, 3, 6};
    for (int k = 0; k < 5; k++) {
        struct fixture fixture;
        fixture_open(&fixture, gammas[k], nus[k], k == 3 ? 1e6 : INFINITY, k == 2 ? 1 : 0.2);
        double before = 0;
        for (double log_N = 0; log_N < 34.5; log_N += 0.31) {
            double N_I = exp(log_N);
            struct moat_threshold equal = entry(&fixture, N_I, 0.7, 0.7), laxer = entry(&fixture, N_I, 0.7, 0.9);
            struct moat_threshold free = entry(&fixture, N_I, 0.7, INFINITY);
            if (equal.status == MOAT_MARKET_INCUMBENT_INFEASIBLE) {
                CU_ASSERT(laxer.status == equal.status && free.status == equal.status);
                continue;
            }
            expect(relative_error(equal.N_E_star, N_I) < 1e-7, "equal thresholds, gamma %g, nu %g, N_I %.17g: %.17g",
                   gammas[k], nus[k], N_I, equal.N_E_star);
            expect(free.N_E_star >= before * (1 - 1e-9),
                   "N_E* falls with N_I, gamma %g, nu %g, N_I %.17g: %.17g, %.17g", gammas[k], nus[k], N_I, before,
                   free.N_E_star);
            expect(laxer.N_E_star <= N_I * (1 + 1e-9) && free.N_E_star <= laxer.N_E_star * (1 + 1e-9),
                   "order in tau_E, gamma %g, nu %g, N_I %.17g", gammas[k], nus[k], N_I);
            before = free.N_E_star;
        }
        moat_deterministic_destroy(&fixture.table);
    }
}

/* Issue 2's numbers, by an independent computation. */
static void first_result(void)
{
    struct fixture fixture;
    fixture_open(&fixture, 0.5, 1, INFINITY, 0.1);
    struct moat_threshold found = entry(&fixture, 1e3, 0.9, INFINITY);
    expect(fabs(found.N_E_star - 298.868) < 5e-4, "N_E* at N_I = 1e3: %.17g", found.N_E_star);
    double at_1e11 = entry(&fixture, 1e11, 0.9, INFINITY).N_E_star,
           at_1e12 = entry(&fixture, 1e12, 0.9, INFINITY).N_E_star;
    for (double N_I = 1e3; N_I < 1.01e12; N_I *= 1.5) {
        expect(entry(&fixture, N_I, 0.9, INFINITY).N_E_star < 3400, "N_E* at N_I = %g", N_I);
    }
    expect(at_1e12 > 3000 && log(at_1e12 / at_1e11) / log(10) < 0.01, "slope at N_I = 1e12");
    moat_deterministic_destroy(&fixture.table);
}

/* Theorem 1: N_I and tau_E infinite. N_E* solves L1*(N, infinity) = G exactly, and as a power of sqrt L* - sqrt tau_I
   falls at -2/nu for nu <= 1 + gamma, where the best ridge without label noise has loss ~ N^-nu. */
static void warm_up(void)
{
    const double gammas[] = {0.1, 0.5, 0.5, 1}, nus[] = {0.34, 1, 1.5, 1.7};
    for (int k = 0; k < 4; k++) {
        struct fixture fixture;
        fixture_open(&fixture, gammas[k], nus[k], INFINITY, 0.3);
        brute_model_init(&model, gammas[k], nus[k], INFINITY);
        double N[2];
        for (int j = 0; j < 2; j++) { /* sqrt L* - sqrt tau_I = gap sqrt L* */
            double gap = pow(10, -nus[k] * (3.5 + j)), tau_I = (1 - gap) * (1 - gap), L_star = fixture.L_star;
            struct moat_threshold found = entry(&fixture, INFINITY, tau_I, INFINITY);
            double root = sqrt(L_star) - sqrt(tau_I * L_star), G = root * root;
            N[j] = found.N_E_star;
            double loss = (double)brute_company(&model, N[j], fixture.Q, INFINITY).losses.performance;
            expect(relative_error(loss, G) < 1e-7, "L1*(N_E*) at gamma %g, nu %g: %.17g, G %.17g", gammas[k], nus[k],
                   loss, G);
        }
        expect(fabs(log(N[1] / N[0]) / log(10) - 2) < 0.01, "exponent at gamma %g, nu %g: %g", gammas[k], nus[k],
               log(N[1] / N[0]) / log(10));
        moat_deterministic_destroy(&fixture.table);
    }
}

/* Gaps down to 1e-12 between the thresholds, or between the incumbent's and L_star: the ratios as written decide. */
static void tiny_gaps(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 24; number++) {
        double gamma = uniform(rng, 0.1, 2), nu = fmin(2 * (1 + gamma), gamma + uniform(rng, 0.7, 2 + gamma));
        double gap = pow(10, number % 3 ? uniform(rng, -12, -4) : -12), Q = uniform(rng, 0.05, 1);
        bool in_L_star = number % 4 != 3, free = number % 4 == 2, mixture = number >= 12;
        struct fixture fixture;
        fixture_open(&fixture, gamma, nu, INFINITY, Q);
        brute_model_init(&model, gamma, nu, INFINITY);
        model.mixture = mixture;
        double tau_I = free ? 1 - sqrt(gap) : uniform(rng, 0.3, 0.98), tau_E = free ? INFINITY : tau_I + gap;
        double unit = in_L_star ? 1 : fixture.L_star;
        struct moat_market market = {&fixture.solver,
                                     Q,
                                     unit * tau_I,
                                     unit * tau_E,
                                     in_L_star ? MOAT_TAU_L_STAR : MOAT_TAU_ABSOLUTE,
                                     mixture ? MOAT_SCRUTINY_TRAINING_MIXTURE : MOAT_SCRUTINY_TRAINED_MODEL};
        struct moat_company incumbent;
        struct moat_threshold found;
        moat_market_incumbent(&market, INFINITY, &incumbent);
        moat_market_threshold(&market, &incumbent, &found);
        double expected = exp(brute_gap_threshold(&model, Q, market.tau_I, market.tau_E, in_L_star));
        expect(found.status == MOAT_MARKET_OK && relative_error(found.N_E_star, expected) < 1e-9,
               "N_E* at gamma %.17g, nu %.17g, Q %.17g, tau_I %.17g, tau_E %.17g, in L* %d, mixture %d: %.17g, "
               "expected %.17g",
               gamma, nu, Q, market.tau_I, market.tau_E, in_L_star, mixture, found.N_E_star, expected);
        moat_deterministic_destroy(&fixture.table);
    }
    gsl_rng_free(rng);

    struct fixture known;
    fixture_open(&known, 0.3, 1, INFINITY, 0.4);
    double N = entry(&known, INFINITY, 0.9, 0.900000000001).N_E_star; /* in quadruple precision */
    expect(relative_error(N, 3.8197228650860e25) < 1e-11, "N_E* at a gap of 1e-12 L*: %.17g", N);
    moat_deterministic_destroy(&known.table);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"statuses", statuses},     {"entrant always", entrant_always}, {"first result", first_result},
        {"warm-up", warm_up},       {"interpolation", interpolation},   {"order", order},
        {"definition", definition}, {"tiny gaps", tiny_gaps},           {"brute-force bisection", bisection},
        CU_TEST_INFO_NULL};
    return suite_run("market", tests);
}
