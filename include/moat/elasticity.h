/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ELASTICITY_H
#define MOAT_ELASTICITY_H

#include <stdbool.h>

#include "moat/market.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How the market entry threshold moves with its market: exact local slopes on logarithmic scales. Where N_E* has a kink
 * they are those of one side, or between the two.
 */
struct moat_elasticity {
    double N_I;   /* d ln N_E* / d ln N_I */
    double tau_E; /* d ln N_E* / d ln tau_E */
    double tau_I; /* d ln N_E* / d ln tau_I */
    double Q;     /* d ln N_E* / d ln Q */
    double D;     /* d ln N_E* / d ln (1/D) along tau_I, D = G(tau_I) - G(tau_E) */
};

/* The elasticities of `threshold`, which moat_market_threshold filled for `incumbent`, tau_I and tau_E (absolute) at Q.
   tau_in_L_star: whether, as Q moves, both thresholds keep their ratio to L_star(Q) or their absolute values. All are
   NaN where there is no N_E* and 0 where it does not move; D is NaN besides where D <= 0 or tau_I does not move it,
   tau_I >= L_star. Local, no allocation, never fails. Source: DESIGN.md section 1, the envelope theorem. */
void moat_elasticity_threshold(const struct moat_solver *solver, double Q, const struct moat_company *incumbent,
                               double tau_I, double tau_E, bool tau_in_L_star, const struct moat_threshold *threshold,
                               struct moat_elasticity *out);

#ifdef __cplusplus
}
#endif

#endif
