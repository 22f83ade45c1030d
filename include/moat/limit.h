/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LIMIT_H
#define MOAT_LIMIT_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The limit of infinite data, the one place that knows G(tau) = (sqrt L_star - sqrt min(tau, L_star))^2. Thresholds are
 * absolute. Differences are factored, so that results keep their digits where tau comes close to L_star/4 or to L_star.
 * Source: MODEL.md sections 1, 4 and 6.1.
 */

/* The optimum of a company with infinite data, in the form of loss.h: m (1 + z)^2 = min(tau, L_star), and
   G(tau) = m distance^2. */
struct moat_limit {
    double m, z;
    double distance; /* 1 - z, to the performance optimum */
    double headroom; /* tau - L_star where positive, else 0 */
};

/* That optimum, for tau >= L_star/4 (INFINITY allowed). Local. */
struct moat_limit moat_limit(double A0, double Q, double tau);

/* G(tau), the performance loss L1* of infinite data; NaN when tau < L_star/4, which no company meets. Local. */
double moat_limit_loss(double L_star, double tau);

/* D = G(tau_I) - G(tau_E); NaN when a threshold is below L_star/4. Local. */
double moat_limit_gap(double L_star, double tau_I, double tau_E);

#ifdef __cplusplus
}
#endif

#endif
