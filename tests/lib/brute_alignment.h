/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRUTE_ALIGNMENT_H
#define BRUTE_ALIGNMENT_H

#include <stdbool.h>

#include "moat/measured.h"

/*
 * A slow, literal implementation of a market on a measured spectrum, in long double, from the moments of the trained
 * model in each direction: E (t beta_bar - beta_j)^2 and so on, not the form of MODEL.md section 15. Every minimum over
 * kappa and alpha is a dense grid whose local minima are all refined. It shares no code with src/. Every function is
 * Local.
 */
enum { BRUTE_NUMBERS = 2048 };

struct brute_alignment {
    const struct moat_measured_spectrum *spectrum;
    bool mixture; /* scrutiny of the training mixture */
    long double L_star, trace, least;
};

struct brute_alignment_losses {
    long double performance, safety;
};

/* Sums at one kappa: df1, df2, the losses without v as quadratics in alpha, and sum sigma r^2 {b11, b22, b12}. */
struct brute_alignment_sums {
    long double kappa, df1, df2, L1[3], L2[3], own[3], L_star, noise1, noise2;
};

void brute_alignment_init(struct brute_alignment *brute, const struct moat_measured_spectrum *spectrum, bool mixture);

struct brute_alignment_sums brute_alignment_sums(const struct brute_alignment *brute, long double log_kappa);

/* Both losses at N data points; N = INFINITY allowed. */
struct brute_alignment_losses brute_alignment_losses(const struct brute_alignment_sums *sums, long double N,
                                                     long double alpha);

/* L1*, NAN when infeasible. N finite. */
long double brute_alignment_company(const struct brute_alignment *brute, double N, long double tau);

/* The least N at which some (alpha, lambda) has L1 <= target and meets tau; INFINITY when there is none. */
long double brute_alignment_threshold(const struct brute_alignment *brute, long double target, long double tau);

#endif
