/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The theory's exponents at round numbers, and the bands around them. */
#include "moat/regime.h"

#include <math.h>

#include "expect.h"
#include "suite.h"

static void exponents(void)
{
    double e[4][MOAT_REGIME_EXPONENTS];
    const double want[4][MOAT_REGIME_EXPONENTS] = {
        {1, 1 / 3., 0}, {0.5, 1.5, 5 / 3.}, {2, 2 / 3., 0}, {2, 2 / 3., 0.6}};
    moat_regime_result_1(2, e[0]);
    moat_regime_result_2(0.5, 2, e[1]); /* nu' = 1.5 */
    moat_regime_scaling_law(2, e[2]);
    moat_regime_excess_loss(0.5, 2, e[3]);
    for (int r = 0; r < 4; r++) {
        for (int i = 0; i < MOAT_REGIME_EXPONENTS; i++) {
            expect(relative_error(e[r][i], want[r][i]) < 1e-15, "result %d, exponent %d: %.17g", r, i, e[r][i]);
        }
    }
    CU_ASSERT_EQUAL(moat_regime_nu_prime(0.5, 1.2), 1.2);
}

static void bands(void)
{
    const double falling[] = {1, 0.5, 0}, same[] = {0.5, 1.5, 1.5};
    const struct {
        double exponent;
        enum moat_regime want;
    } cases[] = {{1, MOAT_REGIME_FIRST},
                 {0.88, MOAT_REGIME_FIRST},
                 {0.87, MOAT_REGIME_TRANSITIONAL},
                 {1.12, MOAT_REGIME_FIRST},
                 {1.13, MOAT_REGIME_TRANSITIONAL},
                 {0.62, MOAT_REGIME_SECOND},
                 {0.38, MOAT_REGIME_SECOND},
                 {0.37, MOAT_REGIME_TRANSITIONAL},
                 {0.12, MOAT_REGIME_THIRD},
                 {0, MOAT_REGIME_THIRD},
                 {-0.2, MOAT_REGIME_TRANSITIONAL},
                 {NAN, MOAT_REGIME_NONE},
                 {-INFINITY, MOAT_REGIME_TRANSITIONAL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum moat_regime found = moat_regime_nearest(cases[i].exponent, falling);
        expect(found == cases[i].want, "%g is %s", cases[i].exponent, moat_regime_name[found]);
    }
    CU_ASSERT_EQUAL(moat_regime_nearest(1.4, same), MOAT_REGIME_SECOND);
    CU_ASSERT_EQUAL(moat_regime_nearest(1.7, same), MOAT_REGIME_SECOND);
    CU_ASSERT_EQUAL(moat_regime_nearest(1.8, same), MOAT_REGIME_TRANSITIONAL);
}

/* With gamma = 0.5, nu = 2: result 1 has 1, 1/3, 0 and result 2 has 1/2, 3/2, 5/3. */
static void markets(void)
{
    CU_ASSERT_EQUAL(moat_regime_market(0.5, 2, 1e15, 0.34, 0.5), MOAT_REGIME_SECOND);
    CU_ASSERT_EQUAL(moat_regime_market(0.5, 2, INFINITY, 0.34, 0.5), MOAT_REGIME_FIRST);
    CU_ASSERT_EQUAL(moat_regime_market(0.5, 2, INFINITY, 0, 5 / 3.), MOAT_REGIME_THIRD);
    CU_ASSERT_EQUAL(moat_regime_market(0.5, 2, INFINITY, 0, NAN), MOAT_REGIME_NONE);
}

int main(void)
{
    CU_TestInfo tests[] = {{"exponents of the theory", exponents},
                           {"bands around them", bands},
                           {"regimes of markets", markets},
                           CU_TEST_INFO_NULL};
    return suite_run("regime", tests);
}
