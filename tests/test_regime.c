/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The theory's exponents and ranges at round numbers; the power laws that they make meet at the break points; the bands
 * around exponents; and that markets show these regimes, under both kinds of scrutiny.
 */
#include "moat/regime.h"

#include <math.h>

#include "expect.h"
#include "moat/deterministic.h"
#include "suite.h"

static const enum moat_scrutiny model = MOAT_SCRUTINY_TRAINED_MODEL, mixture = MOAT_SCRUTINY_TRAINING_MIXTURE;

/* One regime as expected, in the order in which they are met. */
struct want {
    enum moat_regime regime;
    double exponent, end;
};

static void expect_regimes(const char *name, const struct moat_regimes *found, const struct want *want, int count)
{
    expect(found->count == count, "%s: %d regimes", name, found->count);
    for (int k = 0; k < count && k < found->count; k++) {
        expect(found->regime[k] == want[k].regime && fabs(found->exponent[k] - want[k].exponent) < 1e-14 &&
                   relative_error(found->end[k], want[k].end) < 1e-12,
               "%s, regime %d: %s, exponent %.17g, end %.17g", name, k, moat_regime_name[found->regime[k]],
               found->exponent[k], found->end[k]);
    }
}

/* gamma = .5, so nu' = 1.5 where nu = 2; a = 1e-4 and Q = 1/4. */
static void values(void)
{
    const double g = 0.5, a = 1e-4, Q = 0.25;
    const struct want law[] = {
        {MOAT_REGIME_FIRST, 2, 200}, {MOAT_REGIME_SECOND, 2 / 3., 2e8}, {MOAT_REGIME_THIRD, 0, INFINITY}};
    const struct want excess[] = {
        {MOAT_REGIME_FIRST, 2, 200}, {MOAT_REGIME_SECOND, 2 / 3., pow(40000, 5)}, {MOAT_REGIME_THIRD, 0.6, INFINITY}};
    const struct want one[] = {
        {MOAT_REGIME_FIRST, 1, 200}, {MOAT_REGIME_SECOND, 1 / 3., 2e8}, {MOAT_REGIME_THIRD, 0, INFINITY}};
    const struct want plateau[] = {{MOAT_REGIME_FIRST, 1, pow(10, 8 / 3.)},
                                   {MOAT_REGIME_OVER_REGULARISED, 0, 2500},
                                   {MOAT_REGIME_SECOND, 1 / 3., 2e8},
                                   {MOAT_REGIME_THIRD, 0, INFINITY}};
    const struct want two[] = {{MOAT_REGIME_FIRST, 0.5, 40000},
                               {MOAT_REGIME_SECOND, 1.5, pow(40000, 4)},
                               {MOAT_REGIME_THIRD, 5 / 3., INFINITY}};
    const struct want chosen[] = {{MOAT_REGIME_FIRST, 0.5, pow(10, 16 / 3.)},
                                  {MOAT_REGIME_SECOND, 1.5, INFINITY},
                                  {MOAT_REGIME_THIRD, 1.5, INFINITY}};
    struct moat_regimes r;
    moat_regime_scaling_law(2, Q, a, &r);
    expect_regimes("scaling law", &r, law, 3);
    moat_regime_excess_loss(g, 2, Q, a, &r);
    expect_regimes("excess loss", &r, excess, 3);
    moat_regime_result_1(mixture, g, 2, Q, a, &r);
    expect_regimes("result 1, mixture", &r, one, 3);
    CU_ASSERT(isnan(moat_regime_exponent(&r, MOAT_REGIME_OVER_REGULARISED)));
    moat_regime_result_1(model, g, 2, Q, a, &r);
    expect_regimes("result 1, model", &r, plateau, 4);
    CU_ASSERT(moat_regime_exponent(&r, MOAT_REGIME_OVER_REGULARISED) == 0 &&
              relative_error(moat_regime_end(&r, MOAT_REGIME_OVER_REGULARISED), 2500) < 1e-12);
    moat_regime_result_2(mixture, g, 2, Q, a, &r);
    expect_regimes("result 2, mixture", &r, two, 3);
    moat_regime_result_2(model, g, 2, Q, a, &r);
    expect_regimes("result 2, model", &r, chosen, 3);
    CU_ASSERT_EQUAL(moat_regime_nu_prime(0.5, 1.2), 1.2);
}

/* nu' = nu: both readings have the same three regimes, and no third one of the gap. a = 0: the first never ends. */
static void one_efficiency(void)
{
    struct moat_regimes by_model, by_mixture;
    for (double a = 1e-6; a < 0.5; a *= 7) {
        moat_regime_result_1(model, 0.5, 1.2, 0.3, a, &by_model);
        moat_regime_result_1(mixture, 0.5, 1.2, 0.3, a, &by_mixture);
        CU_ASSERT(by_model.count == 3 && by_mixture.count == 3);
        for (int k = 0; k < 3; k++) {
            CU_ASSERT(by_model.end[k] == by_mixture.end[k] && by_model.exponent[k] == by_mixture.exponent[k]);
        }
        moat_regime_result_2(mixture, 0.5, 1.2, 0.3, a, &by_mixture);
        CU_ASSERT(by_mixture.exponent[1] == 2.2 / 1.2 && isinf(by_mixture.end[1]));
    }
    moat_regime_result_1(model, 0.1, 2, 0.3, 0, &by_model);
    moat_regime_result_2(model, 0.1, 2, 0.3, 0, &by_mixture);
    CU_ASSERT(isinf(by_model.end[0]) && isinf(by_mixture.end[0]));
}

/* The power laws of neighbouring regimes meet at the break point: N_E* = N_I, a plateau where n = a^-1/nu' directions
   are learnt, (N_I/(a Q))^(1/(nu+1)), and (a^2 Q)^(-1/nu), at which the entrant's N^-nu is the incumbent's loss. */
static void laws_meet(void)
{
    const double gamma = 0.2, nu = 1.9, prime = 1.2;
    for (double Q = 1; Q > 1e-4; Q /= 6) {
        for (double a = 0.1; a > 1e-9; a /= 10) {
            struct moat_regimes r;
            double second_at[2], first = pow(a, -1 / prime), third = pow(a * a * Q, -1 / nu);
            moat_regime_result_1(model, gamma, nu, Q, a, &r);
            bool met = r.end[1] > r.end[0];
            for (int i = 0; i < 2; i++) {
                second_at[i] = pow(r.end[1 + i] / (a * Q), 1 / (nu + 1));
            }
            expect(met == (first > pow(a * Q, -1 / nu)), "a plateau at a %g, Q %g: %d", a, Q, met);
            expect(relative_error(r.end[0], met ? first : pow(a * Q, -1 / nu)) < 1e-12, "the first at a %g, Q %g", a,
                   Q);
            expect(relative_error(second_at[0], r.end[0]) < 1e-11, "the second begins at a %g, Q %g: %g, %g", a, Q,
                   second_at[0], r.end[0]);
            expect(relative_error(second_at[1], third) < 1e-11, "the second ends at a %g, Q %g", a, Q);
            moat_regime_result_2(mixture, gamma, nu, Q, a, &r); /* N_E* along 1/D */
            double fixed = pow(r.end[0], 1 / nu), low = a * Q * pow(r.end[0], (nu + 1) / nu);
            double high = a * Q * pow(r.end[1], (nu + 1) / nu), last = pow(r.end[1] * a * Q, (prime + 1) / prime);
            expect(relative_error(low, fixed) < 1e-11 && relative_error(high, last) < 1e-10, "result 2 at a %g, Q %g",
                   a, Q);
        }
    }
}

static void bands(void)
{
    struct moat_regimes falling = {
        3, {MOAT_REGIME_FIRST, MOAT_REGIME_SECOND, MOAT_REGIME_THIRD}, {1, 0.5, 0}, {1e3, 1e6, INFINITY}};
    const struct {
        double variable, exponent;
        enum moat_regime want;
    } cases[] = {{100, 1, MOAT_REGIME_FIRST},
                 {100, 0.88, MOAT_REGIME_FIRST},
                 {100, 0.87, MOAT_REGIME_TRANSITIONAL},
                 {100, 1.12, MOAT_REGIME_FIRST},
                 {100, 1.13, MOAT_REGIME_TRANSITIONAL},
                 {9, 1, MOAT_REGIME_TRANSITIONAL}, /* few data show no power law */
                 {9900, 1, MOAT_REGIME_FIRST},     /* break points may be off by 10 */
                 {10100, 1, MOAT_REGIME_TRANSITIONAL},
                 {990, 0.5, MOAT_REGIME_TRANSITIONAL}, /* not before its range */
                 {1010, 0.62, MOAT_REGIME_SECOND},
                 {1e5, 0.38, MOAT_REGIME_SECOND},
                 {1e5, 0.37, MOAT_REGIME_TRANSITIONAL},
                 {1e5, 0, MOAT_REGIME_TRANSITIONAL},
                 {1e7, 0.12, MOAT_REGIME_THIRD},
                 {1e7, 0, MOAT_REGIME_THIRD},
                 {1e20, 0, MOAT_REGIME_THIRD},
                 {1e7, -0.2, MOAT_REGIME_TRANSITIONAL},
                 {1e7, NAN, MOAT_REGIME_NONE},
                 {NAN, 1, MOAT_REGIME_NONE},
                 {1e7, -INFINITY, MOAT_REGIME_TRANSITIONAL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum moat_regime found = moat_regime_at(&falling, cases[i].variable, cases[i].exponent);
        expect(found == cases[i].want, "%g at %g is %s", cases[i].exponent, cases[i].variable, moat_regime_name[found]);
    }
    falling.end[0] = 9; /* shorter than a decade */
    CU_ASSERT_EQUAL(moat_regime_at(&falling, 20, 1), MOAT_REGIME_TRANSITIONAL);
    struct moat_regimes same = {
        3, {MOAT_REGIME_FIRST, MOAT_REGIME_SECOND, MOAT_REGIME_THIRD}, {0.5, 1.5, 1.5}, {1e3, INFINITY, INFINITY}};
    CU_ASSERT_EQUAL(moat_regime_at(&same, 1e9, 1.4), MOAT_REGIME_SECOND);
    CU_ASSERT_EQUAL(moat_regime_at(&same, 1e9, 1.7), MOAT_REGIME_SECOND);
    CU_ASSERT_EQUAL(moat_regime_at(&same, 1e9, 1.8), MOAT_REGIME_TRANSITIONAL);
}

/* The regime of a market at (gamma, nu), and its exponent. */
static enum moat_regime regime_of(const struct moat_market *market, double gamma, double nu, double N_I,
                                  double *exponent)
{
    struct moat_company incumbent;
    struct moat_threshold threshold;
    struct moat_elasticity elasticity;
    struct moat_regimes regimes;
    moat_market_incumbent(market, N_I, &incumbent);
    moat_market_threshold(market, &incumbent, &threshold);
    moat_elasticity_threshold(market, &incumbent, &threshold, &elasticity);
    if (isinf(N_I)) {
        moat_regime_result_2(market->scrutiny, gamma, nu, market->Q, moat_market_share(market, market->tau_E),
                             &regimes);
    } else {
        moat_regime_result_1(market->scrutiny, gamma, nu, market->Q, moat_market_share(market, market->tau_I),
                             &regimes);
    }
    *exponent = isinf(N_I) ? elasticity.D : elasticity.N_I;
    return moat_regime_market(market, N_I, &regimes, &elasticity);
}

/* Result 1 at nu' < nu and a = 1e-6: over-regularising keeps the incumbent from learning more for four decades, and
   only where the model is what is held against tau. */
static void result_1_in_markets(void)
{
    static const struct {
        double N_I;
        enum moat_regime model, mixture;
    } known[] = {{100, MOAT_REGIME_FIRST, MOAT_REGIME_FIRST},
                 {1e5, MOAT_REGIME_FIRST, MOAT_REGIME_SECOND},
                 {1e6, MOAT_REGIME_FIRST, MOAT_REGIME_SECOND},
                 {1e7, MOAT_REGIME_OVER_REGULARISED, MOAT_REGIME_SECOND},
                 {3e9, MOAT_REGIME_OVER_REGULARISED, MOAT_REGIME_SECOND},
                 {1e10, MOAT_REGIME_TRANSITIONAL, MOAT_REGIME_SECOND},
                 {1e11, MOAT_REGIME_SECOND, MOAT_REGIME_SECOND},
                 {1e13, MOAT_REGIME_TRANSITIONAL, MOAT_REGIME_TRANSITIONAL},
                 {1e15, MOAT_REGIME_THIRD, MOAT_REGIME_THIRD}};
    struct moat_deterministic *table = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.1, 2, INFINITY, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct moat_market market = {.solver = &solver, .Q = 1, .tau_I = 0.999998000001, .tau_E = INFINITY};
        double exponent;
        enum moat_regime found = regime_of(&market, 0.1, 2, known[k].N_I, &exponent);
        expect(found == known[k].model, "N_I %g, model: %s, exponent %g", known[k].N_I, moat_regime_name[found],
               exponent);
        expect(found != MOAT_REGIME_OVER_REGULARISED || fabs(exponent) < 0.02, "the plateau's exponent %g", exponent);
        market.scrutiny = mixture;
        found = regime_of(&market, 0.1, 2, known[k].N_I, &exponent);
        expect(found == known[k].mixture, "N_I %g, mixture: %s, exponent %g", known[k].N_I, moat_regime_name[found],
               exponent);
        market.tau_E = 0.9999999;
        CU_ASSERT_EQUAL(regime_of(&market, 0.1, 2, known[k].N_I, &exponent), MOAT_REGIME_NONE);
    }
    moat_deterministic_destroy(&table);
}

/* Result 2 at nu' < nu: MODEL.md section 13 has the exponents, from quadruple precision. */
static void result_2_in_markets(void)
{
    const double epsilon[] = {1e-4, 1e-6, 1e-8, 1e-10}, by_model[] = {1.5230, 1.5110, 1.5062, 1.5037};
    const double by_mixture[] = {1.9023, 1.9089, 1.90909};
    struct moat_deterministic *table = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.1, 2, INFINITY, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    for (int k = 0; k < 4; k++) {
        struct moat_market market = {.solver = &solver, .Q = 0.5, .tau_I = 0.9 - epsilon[k], .tau_E = 0.9};
        double exponent;
        enum moat_regime found = regime_of(&market, 0.1, 2, INFINITY, &exponent);
        expect(fabs(exponent - by_model[k]) < 6e-5 && found == MOAT_REGIME_SECOND, "model at %g: %.5f, %s", epsilon[k],
               exponent, moat_regime_name[found]);
        market.scrutiny = mixture;
        found = regime_of(&market, 0.1, 2, INFINITY, &exponent);
        expect((k == 3 || fabs(exponent - by_mixture[k]) < 6e-5) && found == MOAT_REGIME_THIRD,
               "mixture at %g: %.6f, %s", epsilon[k], exponent, moat_regime_name[found]);
    }
    moat_deterministic_destroy(&table);
}

int main(void)
{
    CU_TestInfo tests[] = {{"exponents and ranges", values},
                           {"nu' = nu, and a = 0", one_efficiency},
                           {"power laws meet at break points", laws_meet},
                           {"bands around exponents", bands},
                           {"result 1 in markets", result_1_in_markets},
                           {"result 2 in markets", result_2_in_markets},
                           CU_TEST_INFO_NULL};
    return suite_run("regime", tests);
}
