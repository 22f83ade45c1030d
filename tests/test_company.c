/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The company's constrained minimum against a dense search over (alpha, lambda), and the facts it relies on. */
#include "moat/company.h"

#include <gsl/gsl_rng.h>

#include "brute_force.h"
#include "expect.h"
#include "moat/deterministic.h"
#include "moat/limit.h"
#include "moat/market.h"
#include "suite.h"

static struct brute_model model;

static double uniform(gsl_rng *rng, double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

/* One company somewhere in the legal domain. */
struct sample {
    double P, N, Q, tau, L_star;
    struct moat_deterministic *table;
    struct moat_solver solver;
    char where[192];
};

static double sample_N(gsl_rng *rng, int number, double P)
{
    const double special[] = {1, 1e15, P / 2, P, P * 2, 1.5, P * (1 - 1e-6), P * (1 + 1e-6)};
    double N = exp(uniform(rng, 0, log(1e15)));
    if (number % 3 == 0) {
        N = special[(number / 3) % 8];
    }
    return isfinite(N) && N >= 1 ? N : 1e3;
}

static double sample_tau(gsl_rng *rng, int number, double L_star)
{
    const double special[] = {INFINITY, 0.25 * (1 + 1e-3), 0.25 * (1 + 1e-6), 0.5, 0.9, 1, 1.5};
    return L_star * (number % 2 ? uniform(rng, 0.25, 1.3) : special[(number / 2) % 7]);
}

static void sample_draw(gsl_rng *rng, int number, struct sample *sample)
{
    double gamma = number % 11 == 0 ? 0.01 : number % 11 == 1 ? 2 : uniform(rng, 0.01, 2);
    double nu = fmin(2 * (1 + gamma), gamma + (2 + gamma) * gsl_rng_uniform_pos(rng));
    double P = number % 2 ? floor(exp(uniform(rng, 0, log(1e9)))) : INFINITY;
    *sample = (struct sample){.P = P, .N = sample_N(rng, number, P)};
    sample->Q = number % 5 == 0 ? 1 : number % 5 == 1 ? exp(uniform(rng, -7, 0)) : gsl_rng_uniform_pos(rng);
    brute_model_init(&model, gamma, nu, P);
    sample->L_star = 2 * sample->Q * (double)model.a0;
    sample->tau = sample_tau(rng, number / 6 + number % 6, sample->L_star);
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, P, &sample->table), MOAT_OK);
    sample->solver = moat_deterministic_solver(sample->table);
    snprintf(sample->where, sizeof sample->where,
             "gamma %.17g, nu %.17g, P %.0f, N %.17g, Q %.17g, tau %.17g (%.9g L*)", gamma, nu, P, sample->N, sample->Q,
             sample->tau, sample->tau / sample->L_star);
}

/* The company with N data points at an absolute threshold. */
static struct moat_company solve(const struct moat_solver *solver, double N, double Q, double tau)
{
    const struct moat_market market = {.solver = solver, .Q = Q, .unit = MOAT_TAU_ABSOLUTE};
    struct moat_company company;
    moat_company_solve(&market, N, tau, &company);
    return company;
}

/* The reported choice gives the reported losses, at its x and, lambda being inside its range, at its lambda. */
static void expect_reproduced(const struct sample *sample, const struct moat_company *found)
{
    long double points[2] = {found->x, found->x};
    if (found->lambda > 0 && found->lambda < 1) {
        points[1] = brute_log_kappa(&model, sample->N, found->lambda);
    }
    for (int k = 0; k < 2; k++) {
        struct brute_sums sums = brute_sums(&model, points[k]);
        struct brute_losses losses = brute_losses(&model, &sums, sample->N, sample->Q, found->alpha);
        expect(relative_error(found->loss_performance, (double)losses.performance) < 1e-9,
               "L1 at %s, the choice: %.17g, expected %.17Lg (%d)", sample->where, found->loss_performance,
               losses.performance, k);
        expect(relative_error(found->loss_safety, (double)losses.safety) < 1e-9,
               "L2 at %s, the choice: %.17g, expected %.17Lg (%d)", sample->where, found->loss_safety, losses.safety,
               k);
        expect(losses.safety <= sample->tau * (1 + 1e-9), "tau at %s: L2 is %.17Lg", sample->where, losses.safety);
    }
    expect(found->alpha >= 0.5 && found->alpha <= 1 && found->lambda >= 0 && found->lambda <= 1,
           "range at %s: alpha %.17g, lambda %.17g", sample->where, found->alpha, found->lambda);
}

/* L1* and excess of a feasible company. */
static void compare_losses(const struct sample *sample, const struct moat_company *found,
                           const struct brute_choice *brute)
{
    double loss = (double)brute->losses.performance;
    /* with N >= P and no label noise the infimum is 0, at lambda = 0; the solver's range ends where 1 - t < 1e-13 */
    const double zero = sample->N >= sample->P ? 1e-12 * sample->L_star : 0;
    if (loss < zero / 10) {
        loss = 0;
    }
    double stricter = loss, laxer = loss;
    if (fabs(sample->tau / sample->L_star - 1) < 1e-14 && relative_error(found->loss_performance, loss) > 1e-8) {
        /* label noise sets in at tau = L_star, where L1* may jump: any answer between those of the neighbours is right
         */
        stricter = (double)brute_company(&model, sample->N, sample->Q, sample->tau * (1 - 1e-15)).losses.performance;
        laxer = (double)brute_company(&model, sample->N, sample->Q, sample->tau * (1 + 1e-15)).losses.performance;
    }
    expect(found->loss_performance <= stricter * (1 + 1e-8) + zero &&
               found->loss_performance >= laxer * (1 - 1e-8) - zero,
           "L1* at %s: %.17g (alpha %.17g, lambda %.17g), brute force %.17g to %.17g (%.17Lg, %.17Lg)", sample->where,
           found->loss_performance, found->alpha, found->lambda, laxer, stricter, brute->alpha, brute->lambda);
    if (loss == 0 || stricter != laxer) {
        return;
    }
    long double root = sqrtl(2 * sample->Q * model.a0) - sqrtl(fminl(sample->tau, 2 * sample->Q * model.a0));
    double excess = (double)(brute->losses.performance - root * root);
    double rounding = 1e-15 * sqrt(sample->L_star * loss); /* G(tau) contains the rounding of L_star */
    expect(fabs(found->excess - excess) <= 1e-8 * excess + rounding, "excess at %s: %.17g, expected %.17g",
           sample->where, found->excess, excess);
    expect_reproduced(sample, found);
}

static void compare(const struct sample *sample)
{
    struct moat_company found = solve(&sample->solver, sample->N, sample->Q, sample->tau);
    struct brute_choice brute = brute_company(&model, sample->N, sample->Q, sample->tau);
    double margin = (double)(brute.losses.safety / sample->tau) - 1; /* of the least L2 when none is feasible */
    if (!brute.feasible && margin < 1e-9) {
        return;
    }
    expect(found.feasible == brute.feasible, "feasible at %s: %d, expected %d (L2/tau - 1 = %g)", sample->where,
           found.feasible, brute.feasible, margin);
    if (!brute.feasible) {
        if (brute.alpha < 0.5L + 1e-9L) { /* next to N = P label noise can make alpha = 1 the nearest to feasible */
            double excess = (double)brute.losses.safety - moat_limit_loss(sample->L_star, sample->tau);
            expect(relative_error(found.excess, excess) < 1e-8, "excess at %s: %.17g, expected %.17g", sample->where,
                   found.excess, excess);
        }
        expect(isnan(found.alpha) && isnan(found.lambda) && isnan(found.loss_performance) && isnan(found.loss_safety),
               "numbers of an infeasible company at %s", sample->where);
    } else if (found.feasible) {
        compare_losses(sample, &found, &brute);
    }
}

static void dense_search(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 270; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        compare(&sample);
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

/* N next to P and tau next to L_star: the label noise of N = P cuts the search in two, one minimum without noise near
   alpha = 1 and one with more lambda. */
static void next_to_interpolation(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 80; number++) {
        struct sample sample;
        sample_draw(rng, 2 * number + 1, &sample);
        const double N_of_P[] = {1, 1 - exp(uniform(rng, -20, -1)), 1 + exp(uniform(rng, -20, 0))};
        sample.N = fmax(1, sample.P * N_of_P[number % 3]);
        sample.Q = number % 2 ? sample.Q : exp(uniform(rng, -7, 0));
        sample.L_star = 2 * sample.Q * (double)model.a0;
        sample.tau = sample.L_star * (1 + (number % 5 < 2 ? -0.7 : 1) * exp(uniform(rng, -14, 0)));
        snprintf(sample.where, sizeof sample.where,
                 "gamma %.17g, nu %.17g, P %.0f, N %.17g, Q %.17g, tau %.17g, near N = P", model.gamma, model.nu,
                 sample.P, sample.N, sample.Q, sample.tau);
        compare(&sample);
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

/* Where only alpha = 1 in a narrow range of lambda meets tau, more data still never raise L1*. */
static void isolated_range(void)
{
    struct moat_deterministic *table = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.135, 0.4, 257, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    double Q = 0.0041, tau = 0.99999 * 2 * Q * solver.A0, before = INFINITY;
    int isolated = 0;
    for (double N = 267; N < 280; N += 0.01) {
        struct moat_company found = solve(&solver, N, Q, tau);
        double loss = found.feasible ? found.loss_performance : INFINITY;
        expect(loss <= before, "L1* at N %.17g: %.17g, with less data %.17g", N, loss, before);
        isolated += found.feasible && found.alpha == 1;
        before = loss;
    }
    CU_ASSERT(isolated > 500);
    moat_deterministic_destroy(&table);
}

/* Next to N = P the best lambda is 0 and L1 -> 0, but the loss is flat there to rounding. */
static void flat_ridgeless_end(void)
{
    struct moat_deterministic *table = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.36, 0.361, 39, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    double Q = 0.04, tau = 1.0003 * 2 * Q * solver.A0;
    for (double rest = 1e-6; rest > 1e-10; rest /= 1.1) {
        struct moat_company found = solve(&solver, 39 * (1 - rest), Q, tau);
        expect(found.feasible && found.lambda < 1e-12 && found.loss_performance < 10 * rest,
               "L1* at N = P (1 - %g): %g", rest, found.loss_performance);
    }
    moat_deterministic_destroy(&table);
}

/* tau just above and just below the least L2 of N points: at the edge of feasibility alpha is 1/2 and lambda is the
 * best.
 */
static void edge_of_feasibility(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 40; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        struct brute_choice least = brute_company(&model, sample.N, sample.Q, sample.L_star / 5);
        const double margins[] = {1e-3, 1e-6, -1e-6, -1e-3};
        char where[sizeof sample.where];
        snprintf(where, sizeof where, "%s", sample.where);
        for (int k = 0; k < 4; k++) {
            sample.tau = (double)least.losses.safety * (1 + margins[k]);
            if (sample.tau > sample.L_star / 4) {
                snprintf(sample.where, sizeof sample.where, "%.140s, edge %g", where, margins[k]);
                compare(&sample);
            }
        }
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

static void infinite_data(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 100; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        sample.N = INFINITY;
        struct moat_company found = solve(&sample.solver, INFINITY, sample.Q, sample.tau);
        struct brute_choice brute = brute_company(&model, INFINITY, sample.Q, sample.tau);
        double root = sqrt(sample.L_star) - sqrt(fmin(sample.tau, sample.L_star)), L_star = sample.L_star;
        expect(found.feasible && found.excess == 0 && isnan(found.x), "infinite data at %s", sample.where);
        expect(fabs(found.loss_performance - root * root) <= 1e-14 * L_star &&
                   fabs(found.loss_performance - (double)brute.losses.performance) <= 1e-9 * L_star,
               "G at %s: %.17g, expected %.17g", sample.where, found.loss_performance, root * root);
        expect(fabs(found.alpha - (double)brute.alpha) < 1e-9 &&
                   relative_error(found.loss_safety, (double)brute.losses.safety) < 1e-9 &&
                   found.loss_safety <= sample.tau * (1 + 1e-14),
               "choice at %s: %.17g, expected %.17Lg", sample.where, found.alpha, brute.alpha);
        found = solve(&sample.solver, INFINITY, sample.Q, L_star * 0.2499999);
        expect(!found.feasible, "a quarter of L* at %s", sample.where);
        CU_ASSERT(isnan(moat_limit_loss(L_star, L_star * 0.2499999)));
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

/* The two facts on which a one-dimensional search relies: along ln kappa the feasible set is one interval, and the best
   loss at each ln kappa has one local minimum. Changes below 1e-11 of the loss or 1e-18 of L_star do not count:
   rounding. */
static void expect_single_minimum(const struct sample *sample, long double low, long double high)
{
    enum { POINTS = 300 };
    int pieces = 0, minima = 0;
    long double lowest = INFINITY, highest = -INFINITY; /* since the last turn */
    bool inside = false, falling = true;
    const long double noise = 1e-18L * sample->L_star;
    for (int k = 0; k <= POINTS + 1; k++) {
        struct brute_sums sums = brute_sums(&model, low + (high - low) * k / (long double)POINTS);
        struct brute_choice here = brute_alpha(&model, &sums, sample->N, sample->Q, sample->tau);
        bool feasible = here.feasible && k <= POINTS;
        long double loss = feasible ? here.losses.performance : INFINITY;
        pieces += feasible && !inside;
        if (feasible && !inside) {
            falling = true;
            lowest = loss;
        }
        if (falling && (loss > lowest * (1 + 1e-11L) + noise || (inside && !feasible))) {
            minima++;
            falling = false;
            highest = loss;
        } else if (!falling && feasible && loss < highest * (1 - 1e-11L) - noise) {
            falling = true;
            lowest = loss;
        }
        lowest = fminl(lowest, loss);
        highest = fmaxl(highest, loss);
        inside = feasible;
    }
    expect(pieces <= 1 && minima <= 1, "shape at %s: %d feasible intervals, %d minima", sample->where, pieces, minima);
}

static void single_minimum(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    gsl_rng_set(rng, 5);
    for (int number = 0; number < 120; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        double low, high;
        sample.solver.domain(sample.solver.state, sample.N, &low, &high);
        expect_single_minimum(&sample, low, high);
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

int main(void)
{
    CU_TestInfo tests[] = {{"infinite data", infinite_data},
                           {"dense search over (alpha, lambda)", dense_search},
                           {"N next to P", next_to_interpolation},
                           {"an isolated feasible range", isolated_range},
                           {"a flat ridgeless end", flat_ridgeless_end},
                           {"edge of feasibility", edge_of_feasibility},
                           {"one feasible interval, one minimum", single_minimum},
                           CU_TEST_INFO_NULL};
    return suite_run("company", tests);
}
