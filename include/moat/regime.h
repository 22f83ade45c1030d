/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_REGIME_H
#define MOAT_REGIME_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The exponents that theory gives for the three regimes of each result, in the order in which they are met, and the
 * regime that a local exponent belongs to. Source: MODEL.md section 11.
 */
enum { MOAT_REGIME_EXPONENTS = 3 };

/* nu' = min(1 + gamma, gamma + delta), the second data efficiency. Local. Source: MODEL.md section 1. */
double moat_regime_nu_prime(double gamma, double nu);

/* Fill `exponent` with the exponents of: result 1, d ln N_E* / d ln N_I at tau_E = infinity (Theorem 4); result 2,
   d ln N_E* / d ln (1/D) at N_I = infinity (Theorem 5); the scaling law, - d ln L1 / d ln N at fixed alpha (Theorem 2);
   and the excess loss L1 - a^2 L_star, likewise (Theorem 3). Local. */
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

/* The regime whose exponent is nearest to `exponent`; the first of regimes with equal exponents. It counts only within
   a quarter of the distance from its exponent to the next one on the side of `exponent`, or, beyond the outermost
   exponent, to its only neighbour. Otherwise MOAT_REGIME_TRANSITIONAL, and MOAT_REGIME_NONE for NaN. Local. */
enum moat_regime moat_regime_nearest(double exponent, const double theory[MOAT_REGIME_EXPONENTS]);

/* The regime of a market, from its two exponents: of result 1 by d ln N_E* / d ln N_I where N_I is finite, of result 2
   by d ln N_E* / d ln (1/D) where it is not. Local. */
enum moat_regime moat_regime_market(double gamma, double nu, double N_I, double exponent_N_I, double exponent_D);

#ifdef __cplusplus
}
#endif

#endif
