/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_EQUIVALENT_H
#define MOAT_EQUIVALENT_H

/*
 * The deterministic equivalent at one x = ln kappa: four spectral sums, of which the coefficients of the losses are
 * made at any number of data points N. With v = df2 / (N - df2),
 *
 *     A0 = a0,  A1 = a2 (1 + v),  A2 = a1,  D = a0 v,  lambda = kappa (1 - df1/N).
 */
struct equivalent {
    double x;
    double origin; /* df1 and df2 are less this number: 0, or P where they come close to it */
    double df1, df2, a1, a2;
    double df1_x, df2_x, a1_x, a2_x; /* derivatives in x */
};

struct coefficients;

/* The coefficients at N > df2 data points. Local. Source: DESIGN.md section 2. */
void equivalent_coefficients(double a0, const struct equivalent *at, double N, struct coefficients *out);

/* The same with derivatives in ln N at fixed lambda in place of those in x. Local. */
void equivalent_coefficients_log_N(double a0, const struct equivalent *at, double N, struct coefficients *out);

#endif
