/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SPECTRUM_H
#define MOAT_SPECTRUM_H

#include "moat/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sums over the power-law spectrum sigma_i = i^-(1+gamma) with alignment b_i = i^-delta, delta = nu - gamma, i = 1..P.
 * With t_i = sigma_i / (sigma_i + kappa):
 *
 *     df1 = sum t_i      df2 = sum t_i^2      a1 = sum b_i sigma_i (1 - t_i)      a2 = sum b_i sigma_i (1 - t_i)^2
 *
 * Relative error at most 1e-10 (in practice 1e-13) for every kappa from the one with df1 = MOAT_SPECTRUM_DF1_MAX to
 * e^MOAT_SPECTRUM_LOG_KAPPA_MAX, 0.01 <= gamma <= 2, gamma < nu <= 2 (1 + gamma), 1 <= P <= 1e9 or P = INFINITY. The
 * cost is a fixed number of directly summed terms and one quadrature node for every 1/16 in ln i beyond them.
 */
#define MOAT_SPECTRUM_DF1_MAX 1e15
#define MOAT_SPECTRUM_LOG_KAPPA_MAX 6.0

struct moat_spectrum;

struct moat_spectrum_sums {
    double df1, df2, a1, a2;
    double rest1, rest2; /* P - df1 and P - df2, without cancellation; INFINITY at P = INFINITY */
};

/* Prepares the sums for one (gamma, nu, P). Returns MOAT_USAGE outside the domain above, MOAT_MEMORY. The caller
   owns *out. Local. */
enum moat_status moat_spectrum_create(double gamma, double nu, double P, struct moat_spectrum **out);

/* Frees *spectrum and sets it to NULL; accepts NULL inside. Local. */
void moat_spectrum_destroy(struct moat_spectrum **spectrum);

/* The smallest ln kappa of that range. With P finite it lies so low that 1 - t_i < 1e-26 for every i. Local. */
double moat_spectrum_log_kappa_min(const struct moat_spectrum *spectrum);

/* a0 = sum b_i sigma_i = sum i^-(1+nu), and the trace, sum sigma_i. Local. */
double moat_spectrum_a0(const struct moat_spectrum *spectrum);
double moat_spectrum_trace(const struct moat_spectrum *spectrum);

/* The four sums at ln kappa. Local. Source: MODEL.md sections 3.1 and 3.3. */
void moat_spectrum_sums(const struct moat_spectrum *spectrum, double log_kappa, struct moat_spectrum_sums *out);

#ifdef __cplusplus
}
#endif

#endif
