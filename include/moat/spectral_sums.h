/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SPECTRAL_SUMS_H
#define MOAT_SPECTRAL_SUMS_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The deterministic equivalent at one x = ln kappa: four spectral sums, of which the coefficients of the losses are
 * made at any number of data points N. With v = df2 / (N - df2),
 *
 *     A0 = a0,  A1 = a2 (1 + v),  A2 = a1,  D = a0 v,  lambda = kappa (1 - df1/N).
 */
struct moat_spectral_sums {
    double x;
    double origin; /* df1 and df2 are less this number: 0, or P where they come close to it */
    double df1, df2, a1, a2;
    double df1_x, df2_x, a1_x, a2_x; /* derivatives in x */
};

struct moat_coefficients;

/* The coefficients at N > df2 data points. Local. Source: DESIGN.md section 2. */
void moat_spectral_sums_coefficients(double a0, const struct moat_spectral_sums *at, double N,
                                     struct moat_coefficients *out);

/* The same with derivatives in ln N at fixed lambda in place of those in x. Local. */
void moat_spectral_sums_coefficients_log_N(double a0, const struct moat_spectral_sums *at, double N,
                                           struct moat_coefficients *out);

#ifdef __cplusplus
}
#endif

#endif
