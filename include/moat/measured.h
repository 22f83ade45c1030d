/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASURED_H
#define MOAT_MEASURED_H

#include <stddef.h>

#include "moat/error.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The deterministic equivalent on a measured spectrum: eigenvalues and alignments as they are found in data, in place
 * of power laws, and label noise. Direction i of features has the variance sigma[i], and the targets have in it the
 * second moments b11 = E beta_1^2, b22 = E beta_2^2 and b12 = E beta_1 beta_2. Four coefficients do not hold such
 * losses, so the solver answers for companies and markets itself (struct moat_solver_methods); moat_market_incumbent
 * and the other functions of market.h and elasticity.h are called as for any solver.
 */
struct moat_measured;

struct moat_measured_spectrum {
    size_t n;                /* directions, at least 1, in any order */
    const double *sigma;     /* [n], > 0 */
    const double *b11, *b22; /* [n], >= 0 */
    const double *b12;       /* [n], b12^2 <= b11 b22 */
    double noise1, noise2;   /* variance of label noise for performance and for safety, >= 0 */
};

/* Returns MOAT_USAGE with the direction and the number that is not allowed, also where the targets are the same in all
   directions (L_star = 0) or beta_1 is zero in all. Cheap beside moat_measured_create, which makes the same checks.
   Local. */
enum moat_status moat_measured_check(const struct moat_measured_spectrum *spectrum);

/* Tabulates `spectrum`, which it does not keep. Returns MOAT_USAGE as moat_measured_check does, MOAT_MEMORY.
   Cost: about 300 n operations for each of ln(sigma_max / sigma_min) + 45. The caller owns *out. Local. Source:
   MODEL.md section 15. */
enum moat_status moat_measured_create(const struct moat_measured_spectrum *spectrum, struct moat_measured **out);

/* Frees *measured and sets it to NULL; accepts NULL inside. Local. */
void moat_measured_destroy(struct moat_measured **measured);

/* L_star = sum sigma (b11 + b22 - 2 b12). Local. */
double moat_measured_L_star(const struct moat_measured *measured);

/* Both losses at N data points, 1 <= N < INFINITY, at the ridge level lambda in [0, 1] and alpha in [0, 1]: loss[0] is
   L1, loss[1] L2. Local. */
void moat_measured_losses(const struct moat_measured *measured, double N, double lambda, double alpha, double loss[2]);

/* The solver on `measured`, which must outlive it. Its A0 is L_star / 2: a market on it has Q = 1, so that
   moat_market_L_star is right. N_E* is exact to 1e-9 or better; moat_elasticity's Q is NaN, as there is no Q. Local. */
struct moat_solver moat_measured_solver(const struct moat_measured *measured);

#ifdef __cplusplus
}
#endif

#endif
