/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_POWER_LAW_H
#define MOAT_RIDGE_POWER_LAW_H

#include "ridge/measure_estimate.h"

/*
 * The power law nearest to a measured spectrum, sigma_i ~ i^-(1+gamma) and b_i ~ i^-delta, and what it gets wrong. An
 * exponent is NaN where there are too few directions for it. Source: MODEL.md section 16.
 */
struct exponent {
    double value, stderr_of;
};

struct power_law {
    struct exponent gamma, delta, nu, nu_prime;
    struct exponent Q;                                   /* 1 - correlation of the targets */
    double eigenvalue_deviation, alignment_deviation;    /* rms of ln sigma and of ln b from the law, over octaves */
    double N_I;                                          /* of the market below: the rows */
    double N_E_spectrum, N_E_law, N_E_law_without_noise; /* thresholds in it; NaN where there is none */
};

/* The market in which the law and the spectrum are compared: N_I is the number of rows, tau_E infinite. */
#define POWER_LAW_TAU_I 0.9 /* of L* */

/* Fills *out. Returns MOAT_MEMORY, or MOAT_USAGE where no company can be solved on the spectrum. Local. */
enum moat_status power_law_fit(const struct measure_fit *fit, const struct measure_estimate *estimate,
                               struct power_law *out);

#endif
