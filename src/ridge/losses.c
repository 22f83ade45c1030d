/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both losses on a measured spectrum from the coefficients of its moments, and label noise. With A1, A2 of b11, b12 and
 * b22, and the D of noise of variance x^T diag(delta) x and of variance 1,
 *
 *     L1 = a^2 L_star + 2 a T + S,   L2 = alpha^2 L_star - 2 alpha T + S
 *     T = alpha (A2_11 - A2_12) + a (A2_12 - A2_22)
 *     S = alpha^2 A1_11 + 2 alpha a A1_12 + a^2 A1_22 + alpha a D_delta + (alpha n1 + a n2) D_1.
 *
 * Source: MODEL.md section 17.
 */
#include <math.h>

#include "moat/sampled.h"
#include "ridge/fits.h"
#include "ridge/moments.h"
#include "ridge/population.h"

void ridge_moment_losses(const struct ridge_work *work, const struct ridge_table *moments, struct ridge_table *out)
{
    const struct moat_measured_spectrum *spectrum = &work->task->population->spectrum;
    size_t lambdas = work->task->lambdas;
    double L_star = ridge_targets_distance(spectrum);
    for (size_t i = 0; i < lambdas * MOAT_SAMPLED_ALPHAS; i++) {
        size_t l = i / MOAT_SAMPLED_ALPHAS;
        double alpha = moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS], a = 1 - alpha;
        const double *A1 = moments->A1 + l, *A2 = moments->A2 + l, *D = moments->D + l;
        double T = alpha * (A2[0] - A2[lambdas]) + a * (A2[lambdas] - A2[2 * lambdas]);
        double S = alpha * alpha * A1[0] + 2 * alpha * a * A1[lambdas] + a * a * A1[2 * lambdas] + alpha * a * D[0] +
                   (alpha * spectrum->noise1 + a * spectrum->noise2) * D[lambdas];
        out->performance[i] = a * a * L_star + 2 * a * T + S;
        out->safety[i] = alpha * alpha * L_star - 2 * alpha * T + S;
    }
}

void ridge_add_noise(const struct ridge_work *work, const double *D, struct ridge_table *out)
{
    for (size_t i = 0; i < work->task->lambdas * MOAT_SAMPLED_ALPHAS; i++) {
        double alpha = moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS],
               noise = alpha * (1 - alpha) * D[i / MOAT_SAMPLED_ALPHAS];
        out->performance[i] += noise;
        out->safety[i] += noise;
    }
}

enum moat_status ridge_check_losses(const struct ridge_work *work, const struct ridge_table *out)
{
    for (size_t i = 0; i < work->task->lambdas * MOAT_SAMPLED_ALPHAS; i++) {
        double L1 = out->performance[i], L2 = out->safety[i];
        if (!(L1 >= 0 && isfinite(L1) && L2 >= 0 && isfinite(L2))) {
            return moat_error_set(MOAT_NUMERICAL,
                                  "the losses at alpha = %g, lambda = %g are %g and %g, expected numbers above 0 "
                                  "(P = %zu, N = %zu, trial %u)",
                                  moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS],
                                  work->task->lambda[i / MOAT_SAMPLED_ALPHAS], L1, L2, work->task->P, work->task->N,
                                  (unsigned)work->task->trial);
        }
    }
    return MOAT_OK;
}
