/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coefficients of the losses from the spectral sums. */
#include "moat/spectral_sums.h"

#include "moat/solver.h"

void moat_spectral_sums_coefficients(double a0, const struct moat_spectral_sums *at, double N,
                                     struct moat_coefficients *out)
{
    double rest = 1 / (N - at->origin - at->df2);
    double noise = (at->origin + at->df2) * rest; /* E / (1 - E) */
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

/* dx / d ln N = -df1 / (N - df2), because d df1 / dx = df2 - df1. */
void moat_spectral_sums_coefficients_log_N(double a0, const struct moat_spectral_sums *at, double N,
                                           struct moat_coefficients *out)
{
    double rest = 1 / (N - at->origin - at->df2), df2 = at->origin + at->df2;
    double x_N = -(at->origin + at->df1) * rest;
    double noise = df2 * rest;
    double noise_N = N * rest * rest * (at->df2_x * x_N - df2);
    *out = (struct moat_coefficients){
        .A1 = at->a2 * (1 + noise),
        .A2 = at->a1,
        .D = a0 * noise,
        .A1_x = at->a2_x * x_N * (1 + noise) + at->a2 * noise_N,
        .A2_x = at->a1_x * x_N,
        .D_x = a0 * noise_N,
    };
}
