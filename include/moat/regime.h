/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_REGIME_H
#define MOAT_REGIME_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The exponents that theory gives for the three regimes of each result, in the order in which they are met, and which
 * of them a local exponent is near.
 */
enum { MOAT_REGIME_EXPONENTS = 3 };

/* nu' = min(1 + gamma, gamma + delta), the second data efficiency. Local. Source: DESIGN.md section 1. */
double moat_regime_nu_prime(double gamma, double nu);

/* The exponents of d ln N_E* / d ln N_I, tau_E = infinity (Theorem 4); of d ln N_E* / d ln (1/D), N_I = infinity
   (Theorem 5); of - d ln L1 / d ln N at fixed alpha (Theorem 2); of the excess loss likewise (Theorem 3). Local.
   Source: DESIGN.md section 3. */
void moat_regime_result_1(double nu, double exponent[MOAT_REGIME_EXPONENTS]);
void moat_regime_result_2(double gamma, double nu, double exponent[MOAT_REGIME_EXPONENTS]);
void moat_regime_scaling_law(double nu, double exponent[MOAT_REGIME_EXPONENTS]);
void moat_regime_excess_loss(double gamma, double nu, double exponent[MOAT_REGIME_EXPONENTS]);

enum moat_regime {
    MOAT_REGIME_NONE,
    MOAT_REGIME_FIRST,
    MOAT_REGIME_SECOND,
    MOAT_REGIME_THIRD,
    MOAT_REGIME_TRANSITIONAL,
    MOAT_REGIMES
};

/* "none", "first", .., indexed by enum moat_regime. */
extern const char *const moat_regime_name[MOAT_REGIMES];

/* The regime whose exponent is within a quarter of its distance to the next one on the side of `exponent` (beyond the
   outermost: of its distance to its neighbour), MOAT_REGIME_TRANSITIONAL when none is, MOAT_REGIME_NONE for NaN. Of
   regimes with one and the same exponent it is the first. Local. */
enum moat_regime moat_regime_nearest(double exponent, const double theory[MOAT_REGIME_EXPONENTS]);

#ifdef __cplusplus
}
#endif

#endif
