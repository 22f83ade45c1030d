/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MODEL_SAMPLED_H
#define MOAT_MODEL_SAMPLED_H

#include "moat/elasticity.h"
#include "moat/sampled.h"
#include "moat/scaling_law.h"
#include "model/alignment_loss.h"
#include "model/patch.h"

struct moat_sampled {
    const struct moat_measured *measured;
    double N_low, N_high;
    struct ratio_splines splines; /* of L1 at each alpha, then of L2 */
};

enum { SAMPLED_LOSSES = 2, SAMPLED_RATIOS = SAMPLED_LOSSES * MOAT_SAMPLED_ALPHAS };

/* L1 and L2 at one (N, x) as quadratics in s = 2 alpha - 1, and their derivatives in x and in ln N at fixed lambda. */
struct sampled_losses {
    struct quadratic loss[SAMPLED_LOSSES], x[SAMPLED_LOSSES], log_N[SAMPLED_LOSSES];
};

/* Both losses of the deterministic equivalent at the three alpha: expected[loss * MOAT_SAMPLED_ALPHAS + alpha], and
   likewise their derivatives. Local. */
struct sampled_equivalent {
    double value[SAMPLED_RATIOS], x[SAMPLED_RATIOS], log_N[SAMPLED_RATIOS];
};

void moat_sampled_expect(const struct moat_measured *measured, const struct alignment_sums *sums, double N,
                         struct sampled_equivalent *out);

/* The losses at N data points; log_N is filled if `with_log_N`. Local. */
void moat_sampled_at(const struct moat_sampled *sampled, const struct alignment_sums *sums, double N, bool with_log_N,
                     struct sampled_losses *out);

/* lambda at x, and d lambda / dx. Local. */
double moat_sampled_lambda(const struct alignment_sums *sums, double N, double *lambda_x);

/* The range of x that is searched: from a lambda far below the unit, below which nothing changes, to lambda = 1. Local.
 */
void moat_sampled_domain(const struct moat_sampled *sampled, double N, double *x_low, double *x_high);

/* struct moat_solver_methods. Local. */
void moat_sampled_company(const struct moat_market *market, double N, double tau, struct moat_company *out);
void moat_sampled_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                            struct moat_threshold *out);
void moat_sampled_elasticity(const struct moat_market *market, const struct moat_company *incumbent,
                             const struct moat_threshold *threshold, struct moat_elasticity *out);
void moat_sampled_scaling_law(const struct moat_solver *solver, double N, double alpha, double lambda,
                              struct moat_scaling_law *out);

#endif
