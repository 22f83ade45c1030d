/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ELASTICITY_H
#define MOAT_ELASTICITY_H

#include "moat/market.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How the market entry threshold moves with its market: exact local slopes on logarithmic scales. At a kink of N_E*
 * they are those of one side, or between the two.
 */
struct moat_elasticity {
    double N_I;   /* d ln N_E* / d ln N_I */
    double tau_E; /* d ln N_E* / d ln tau_E */
    double tau_I; /* d ln N_E* / d ln tau_I */
    double Q;     /* d ln N_E* / d ln Q, both thresholds fixed in the market's unit */
    double D;     /* d ln N_E* / d ln (1/D) along tau_I, D = G(tau_I) - G(tau_E) */
};

/* The elasticities of `threshold`, which moat_market_threshold filled for this market and `incumbent`. All are NaN
   where there is no N_E*, and 0 where N_E* does not move. D is NaN also where D <= 0 and where tau_I does not move it,
   that is tau_I >= L_star. Local, no allocation, never fails. Source: MODEL.md section 7. */
void moat_elasticity_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                               const struct moat_threshold *threshold, struct moat_elasticity *out);

#ifdef __cplusplus
}
#endif

#endif
