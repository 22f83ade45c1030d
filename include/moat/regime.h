/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_REGIME_H
#define MOAT_REGIME_H

#include "moat/elasticity.h"
#include "moat/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The regimes that theory gives for each result: the exponent of each, and the range of the variable along which it is
 * met. Break points hold up to constant factors. Source: MODEL.md section 11.
 */
enum moat_regime {
    MOAT_REGIME_NONE, /* theory has no regimes here, or there is no exponent */
    MOAT_REGIME_FIRST,
    MOAT_REGIME_SECOND,
    MOAT_REGIME_THIRD,
    MOAT_REGIME_TRANSITIONAL, /* between regimes: outside the range of the one whose exponent is near, or near none */
    /* Of result 1 under trained_model where nu' < nu, between the first and the second: the incumbent has alpha = 1 and
       meets its threshold by over-regularising. */
    MOAT_REGIME_OVER_REGULARISED,
    MOAT_REGIMES
};

/* "none", "first", .., indexed by enum moat_regime. */
extern const char *const moat_regime_name[MOAT_REGIMES];

/* The regimes of one result, in the order in which they are met. */
enum { MOAT_REGIME_EXPONENTS = 4 };
struct moat_regimes {
    int count;
    enum moat_regime regime[MOAT_REGIME_EXPONENTS];
    double exponent[MOAT_REGIME_EXPONENTS];
    double end[MOAT_REGIME_EXPONENTS]; /* of the variable: where the next begins, INFINITY for the last; the first
                                          begins at 1. Equal to the end before it where the regime is not met. */
};

/* nu' = min(1 + gamma, gamma + delta), the second data efficiency. Local. Source: MODEL.md section 1. */
double moat_regime_nu_prime(double gamma, double nu);

/* Result 1: d ln N_E* / d ln N_I along N_I, for an entrant without scrutiny, tau_E >= L_star (Theorem 4). `a` is the
   share of safety in the incumbent's labels with infinite data, moat_market_share at tau_I. Local. */
void moat_regime_result_1(enum moat_scrutiny scrutiny, double gamma, double nu, double Q, double a,
                          struct moat_regimes *out);

/* Result 2: d ln N_E* / d ln (1/D) along 1/D, at N_I = INFINITY (Theorem 5). `a` is the share of the entrant,
   moat_market_share at tau_E. Local. */
void moat_regime_result_2(enum moat_scrutiny scrutiny, double gamma, double nu, double Q, double a,
                          struct moat_regimes *out);

/* The scaling law: - d ln L1 / d ln N along N at the best ridge level (Theorem 2), and the same of the excess loss
   L1 - a^2 L_star (Theorem 3), at a fixed alpha = 1 - a. Local. */
void moat_regime_scaling_law(double nu, double Q, double a, struct moat_regimes *out);
void moat_regime_excess_loss(double gamma, double nu, double Q, double a, struct moat_regimes *out);

/* The exponent of `regime`, and where it ends; NaN where the result has no such regime. Local. */
double moat_regime_exponent(const struct moat_regimes *regimes, enum moat_regime regime);
double moat_regime_end(const struct moat_regimes *regimes, enum moat_regime regime);

/* The regime of a point. `exponent` must be near the regime's: within a quarter of the distance to the next exponent on
   the side of `exponent`, or, beyond the outermost exponent, to its only neighbour. And theory must have the regime
   there: its range is a factor of 10 or longer, and `variable` lies in it, at 10 at least, or up to a factor of 10
   beyond its end, because break points hold up to constant factors. Of two such regimes it is the later one. Otherwise
   MOAT_REGIME_TRANSITIONAL, and MOAT_REGIME_NONE where either number is NaN. Local. */
enum moat_regime moat_regime_at(const struct moat_regimes *regimes, double variable, double exponent);

/* The regime of a market with N_I data points: where N_I is finite by result 1, MOAT_REGIME_NONE unless tau_E >=
   L_star, else by result 2. `regimes` are those of that result. Local. */
enum moat_regime moat_regime_market(const struct moat_market *market, double N_I, const struct moat_regimes *regimes,
                                    const struct moat_elasticity *elasticity);

#ifdef __cplusplus
}
#endif

#endif
