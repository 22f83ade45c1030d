/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LIMIT_H
#define MOAT_LIMIT_H

#include <math.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The limit of infinite data, the one place that knows G(tau) = (sqrt L_star - sqrt min(tau, L_star))^2. Differences
 * are factored, so that results keep their digits where tau comes close to L_star/4, to L_star or to another threshold.
 * Source: MODEL.md sections 1, 4 and 6.1.
 */

/* The optimum of a company with infinite data, in the form of loss.h: m (1 + z)^2 = min(tau, L_star), and
   G(tau) = m distance^2. */
struct moat_limit {
    double m, z;
    double distance; /* 1 - z, to the performance optimum */
    double headroom; /* tau - L_star where positive, else 0 */
};

/* That optimum, for ratio = tau / L_star >= 1/4 (INFINITY allowed). Local. */
static inline struct moat_limit moat_limit(double A0, double Q, double ratio)
{
    struct moat_limit limit = {Q / 2 * A0, 1, 0, 0};
    if (ratio < 1) {
        double root = sqrt(ratio); /* (1 + z) / 2 */
        limit.z = (4 * ratio - 1) / (1 + 2 * root);
        limit.distance = 2 * (1 - ratio) / (1 + root);
    } else {
        limit.headroom = 4 * limit.m * (ratio - 1);
    }
    return limit;
}

/* The next two hold in any unit of loss that their arguments share, and return that unit. Thresholds that are written
   as multiples of L_star are exact in units of L_star, so pass L_star = 1 for them and multiply the result by L_star.
 */

/* G(tau), the performance loss L1* of infinite data; NaN when tau < L_star/4, which no company meets. Local. */
double moat_limit_loss(double L_star, double tau);

/* D = G(tau_I) - G(tau_E); NaN when a threshold is below L_star/4. Local. */
double moat_limit_gap(double L_star, double tau_I, double tau_E);

#ifdef __cplusplus
}
#endif

#endif
