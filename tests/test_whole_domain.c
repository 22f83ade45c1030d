/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Companies and thresholds at random points of the whole legal domain against brute force, which shares nothing with
 * src/: the incumbent's loss, every status, and that N_E* is the smallest N that is enough.
 * Usage: test_whole_domain [tables [seed]], 20 points each; the long form is 5000 tables.
 */
#include <float.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>

#include "brute_force.h"
#include "expect.h"
#include "legal_domain.h"
#include "moat/deterministic.h"
#include "moat/market.h"
#include "suite.h"

enum { POINTS = 20 };

/* Tolerances: STEP of N_E*, relative. LOSS and TAU of brute force, relative, and FLOOR in units of A0: with N >= P
   brute force never reaches kappa = 0, where the loss is 0. */
static const double STEP = 1e-7, LOSS = 2e-11, FLOOR = 1e-20, TAU = 1e-11;

static unsigned long tables = 12, seed = 1;
static struct brute_model model;

struct point {
    struct moat_solver solver;
    double N_I, Q, tau_I, tau_E; /* tau absolute */
    struct moat_market market;
    struct moat_company incumbent;
    struct moat_threshold found;
    char where[256];
};

/* The least loss under the threshold tau (1 + change); INFINITY where that cannot be met. */
static double least_loss(const struct point *point, double N, double tau, double change)
{
    struct brute_choice choice = brute_company(&model, N, point->Q, tau * (1 + change));
    return choice.feasible ? (double)choice.losses.performance : INFINITY;
}

/* Whether `left` is at most `right` within a relative error of `right`. */
static bool at_most(double left, double right, double error)
{
    return left <= right * (1 + error) + FLOOR * (double)model.a0;
}

static void check_incumbent(const struct point *point)
{
    const struct moat_company *incumbent = &point->incumbent;
    double loss = incumbent->feasible ? incumbent->loss_performance : INFINITY;
    double expected = least_loss(point, point->N_I, point->tau_I, 0);
    if (at_most(loss, expected, 1e-9) && at_most(expected, loss, 1e-9)) {
        return;
    }
    /* Ill-conditioned in tau: the loss must lie between those of a slightly larger and a slightly smaller tau. */
    double low = least_loss(point, point->N_I, point->tau_I, TAU),
           high = least_loss(point, point->N_I, point->tau_I, -TAU);
    expect(at_most(low, loss, 1e-9) && at_most(loss, high, 1e-9),
           "L1* of the incumbent at %s: %.17g, not in %.17g..%.17g", point->where, loss, low, high);
}

/* Whether brute force can compute the losses of that choice; at kappa = 0 it cannot. */
static bool has_losses(const struct moat_company *choice)
{
    return isfinite(choice->N) && choice->feasible && (choice->lambda > 0 || choice->N < model.P);
}

static struct brute_losses losses_of(const struct point *point, const struct moat_company *choice, double alpha)
{
    struct brute_sums sums = brute_sums(&model, brute_log_kappa(&model, choice->N, choice->lambda));
    return brute_losses(&model, &sums, choice->N, point->Q, alpha);
}

/* What is held against the threshold: the safety loss of the model, or of its mixture with unlimited data. */
static double held_against(const struct point *point, const struct moat_company *choice,
                           const struct brute_losses *losses)
{
    double alpha = choice->alpha;
    return model.mixture ? alpha * alpha * 2 * point->Q * (double)model.a0 : (double)losses->safety;
}

/* Whether N points are enough. Next to N = P a dense search can miss the isolated feasible range of lambda at alpha
   = 1. Any choice that is good enough proves the point, so moat's own is tried too. */
static bool enough(const struct point *point, double N)
{
    struct moat_company choice;
    double allowed = point->incumbent.loss_performance;
    if (at_most(least_loss(point, N, point->tau_E, TAU), allowed, LOSS)) {
        return true;
    }
    moat_company_solve(&point->market, N, point->tau_E, &choice);
    if (!has_losses(&choice)) {
        return false;
    }
    struct brute_losses losses = losses_of(point, &choice, choice.alpha);
    return at_most((double)losses.performance, allowed, LOSS) &&
           at_most(held_against(point, &choice, &losses), point->tau_E, TAU);
}

static bool too_little(const struct point *point, double N)
{
    return at_most(point->incumbent.loss_performance, least_loss(point, N, point->tau_E, -TAU), LOSS);
}

/* The entrant's reported loss is that of its choice, but for the rounding of alpha, and the choice meets tau_E. */
static void check_choice(const struct point *point)
{
    const struct moat_company *entrant = &point->found.entrant;
    expect(entrant->alpha >= 0.5 && entrant->alpha <= 1 && entrant->lambda >= 0 && entrant->lambda <= 1,
           "alpha %.17g, lambda %.17g at %s", entrant->alpha, entrant->lambda, point->where);
    if (!has_losses(entrant) || fabs(entrant->N / model.P - 1) < STEP) {
        return; /* at N = P the last digit of N is worth too much of the loss */
    }
    struct brute_losses losses = losses_of(point, entrant, entrant->alpha);
    double found = entrant->loss_performance;
    double less = (double)losses_of(point, entrant, fmin(1, entrant->alpha + DBL_EPSILON)).performance;
    double more = (double)losses_of(point, entrant, entrant->alpha - DBL_EPSILON).performance;
    expect(at_most(found, fmax(less, more), 1e-7) && at_most(fmin(less, more), found, 1e-7),
           "L1 of the entrant at %s: %.17g, expected %.17g to %.17g", point->where, found, less, more);
    expect(held_against(point, entrant, &losses) <= point->tau_E * (1 + 1e-9), "L2 of the entrant at %s: %.17Lg",
           point->where, losses.safety);
    expect(relative_error(entrant->loss_safety, (double)losses.safety) < 1e-7, "L2 of the entrant at %s: %.17g",
           point->where, entrant->loss_safety);
}

static void check_threshold(const struct point *point)
{
    double N = point->found.N_E_star, tau_E = point->tau_E;
    bool has_N = point->found.status == MOAT_MARKET_OK || point->found.status == MOAT_MARKET_ENTRANT_ALWAYS;
    expect(isnan(N) == !has_N, "N_E* %g at %s", N, point->where);
    switch (point->found.status) {
    case MOAT_MARKET_OK:
        expect(N > 1 && enough(point, N * (1 + STEP)), "N_E* at %s: %.17g is too small", point->where, N);
        expect(too_little(point, fmax(1, N * (1 - STEP))), "N_E* at %s: %.17g is too large", point->where, N);
        check_choice(point);
        break;
    case MOAT_MARKET_ENTRANT_ALWAYS:
        expect(N == 1 && enough(point, 1), "one is not enough at %s", point->where);
        check_choice(point);
        break;
    case MOAT_MARKET_NO_ENTRY:
        expect(too_little(point, INFINITY) && too_little(point, 1e15), "entry at %s", point->where);
        break;
    case MOAT_MARKET_ENTRANT_INFEASIBLE:
        expect(isinf(least_loss(point, INFINITY, tau_E, -TAU)), "the entrant is feasible at %s", point->where);
        break;
    case MOAT_MARKET_FAILED:
        expect(too_little(point, 1e15), "an N_E* below 1e15 at %s", point->where);
        break;
    default:
        expect(false, "status %d at %s", (int)point->found.status, point->where);
    }
}

static void check_point(struct point *point)
{
    point->market = (struct moat_market){
        &point->solver,    point->Q,
        point->tau_I,      point->tau_E,
        MOAT_TAU_ABSOLUTE, model.mixture ? MOAT_SCRUTINY_TRAINING_MIXTURE : MOAT_SCRUTINY_TRAINED_MODEL};
    moat_market_incumbent(&point->market, point->N_I, &point->incumbent);
    moat_market_threshold(&point->market, &point->incumbent, &point->found);
    check_incumbent(point);
    expect((point->found.status == MOAT_MARKET_INCUMBENT_INFEASIBLE) == !point->incumbent.feasible, "%s at %s",
           moat_market_status_name[point->found.status], point->where);
    if (point->incumbent.feasible) {
        check_threshold(point);
    }
}

static void whole_domain(bool mixture)
{
    long seen[MOAT_MARKET_STATUSES] = {0};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    gsl_rng_set(rng, seed);
    for (unsigned long k = 0; k < tables; k++) {
        struct legal_spectrum spectrum = legal_spectrum(rng);
        struct moat_deterministic *table;
        CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(spectrum.gamma, spectrum.nu, spectrum.P, &table), MOAT_OK);
        brute_model_init(&model, spectrum.gamma, spectrum.nu, spectrum.P);
        model.mixture = mixture;
        for (int number = 0; number < POINTS; number++) {
            struct legal_market market = legal_market(rng, spectrum.P);
            struct point point = {.solver = moat_deterministic_solver(table), .N_I = market.N_I, .Q = market.Q};
            double L_star = 2 * market.Q * point.solver.A0;
            point.tau_I = market.tau_I * L_star;
            point.tau_E = market.tau_E * L_star;
            snprintf(point.where, sizeof point.where,
                     "seed %lu: gamma %.17g, nu %.17g, P %.0f, N_I %.17g, Q %.17g, tau_I %.17g L*, tau_E %.17g L*",
                     seed, spectrum.gamma, spectrum.nu, spectrum.P, market.N_I, market.Q, market.tau_I, market.tau_E);
            check_point(&point);
            seen[point.found.status]++;
        }
        moat_deterministic_destroy(&table);
    }
    gsl_rng_free(rng);
    for (int status = MOAT_MARKET_OK; status < MOAT_MARKET_STATUSES; status++) {
        printf("%s %ld  ", moat_market_status_name[status], seen[status]);
    }
    printf("\n");
    expect(2 * seen[MOAT_MARKET_OK] > (long)(tables * POINTS) / 3, "only %ld thresholds", seen[MOAT_MARKET_OK]);
}

static void trained_model(void)
{
    whole_domain(false);
}

static void training_mixture(void)
{
    whole_domain(true);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"random points under trained_model by brute force", trained_model},
                           {"random points under training_mixture by brute force", training_mixture},
                           CU_TEST_INFO_NULL};
    tables = argc > 1 ? strtoul(argv[1], NULL, 10) : tables;
    seed = argc > 2 ? strtoul(argv[2], NULL, 10) : seed;
    return suite_run("whole domain", tests);
}
