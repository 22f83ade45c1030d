/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SPECTRAL_SUMS_H
#define MOAT_SPECTRAL_SUMS_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The deterministic equivalent at one x = ln kappa: four spectral sums. They give the coefficients of the losses at any
 * number of data points N. With v = df2 / (N - df2),
 *
 *     A0 = a0,  A1 = a2 (1 + v),  A2 = a1,  D = a0 v,  lambda = kappa (1 - df1/N).
 *
 * Source: MODEL.md sections 3.1 and 3.2.
 */
struct moat_spectral_sums {
    double x;
    double offset;           /* the sums are offset + df1 and offset + df2: 0, or P where they come close to P */
    double df1, df2, a1, a2; /* df1 and df2 less the offset */
    double df1_x, df2_x, a1_x, a2_x; /* derivatives in x */
};

struct moat_coefficients;
struct moat_coefficients_log_N;

/* N - df1 = lambda N / kappa, without cancellation where df1 comes close to P. Local. */
static inline double moat_spectral_sums_free(const struct moat_spectral_sums *at, double N)
{
    return N - at->offset - at->df1;
}

/* The coefficients at N > df2 data points, with derivatives in x at fixed N. Local. */
void moat_spectral_sums_coefficients(double a0, const struct moat_spectral_sums *at, double N,
                                     struct moat_coefficients *out);

/* The coefficients at N > df2 data points, with derivatives in ln N at fixed lambda. Local. */
void moat_spectral_sums_coefficients_log_N(double a0, const struct moat_spectral_sums *at, double N,
                                           struct moat_coefficients_log_N *out);

#ifdef __cplusplus
}
#endif

#endif
