/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coefficients of the losses from the spectral sums. */
#include "moat/spectral_sums.h"

#include "moat/solver.h"

void moat_spectral_sums_coefficients(double a0, const struct moat_spectral_sums *at, double N,
                                     struct moat_coefficients *out)
{
    double rest = 1 / (N - at->offset - at->df2);
    double noise = (at->offset + at->df2) * rest; /* v = E / (1 - E) */
    double noise_x = N * rest * rest * at->df2_x;
    *out = (struct moat_coefficients){
        .A1 = at->a2 * (1 + noise),
        .A2 = at->a1,
        .D = a0 * noise,
        .A1_x = at->a2_x * (1 + noise) + at->a2 * noise_x,
        .A2_x = at->a1_x,
        .D_x = a0 * noise_x,
    };
}

/* dx / d ln N = -df1 / (N - df2) at fixed lambda, because d df1 / dx = df2 - df1. */
void moat_spectral_sums_coefficients_log_N(double a0, const struct moat_spectral_sums *at, double N,
                                           struct moat_coefficients_log_N *out)
{
    double rest = 1 / (N - at->offset - at->df2), df2 = at->offset + at->df2;
    double x_log_N = -(at->offset + at->df1) * rest;
    double noise = df2 * rest;
    double noise_log_N = N * rest * rest * (at->df2_x * x_log_N - df2);
    *out = (struct moat_coefficients_log_N){
        .A1 = at->a2 * (1 + noise),
        .A2 = at->a1,
        .D = a0 * noise,
        .A1_log_N = at->a2_x * x_log_N * (1 + noise) + at->a2 * noise_log_N,
        .A2_log_N = at->a1_x * x_log_N,
        .D_log_N = a0 * noise_log_N,
    };
}
