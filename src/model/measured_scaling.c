/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scaling law on a measured spectrum: the loss at a given alpha, at a given ridge level or the best one. It is that
 * of a company whose s and whose optimum of infinite data are both 2 alpha - 1, so the excess is the company's and
 * nothing cancels in it. Source: MODEL.md sections 10 and 15.
 */
#include <math.h>

#include "moat/scaling_law.h"
#include "model/alignment_loss.h"
#include "model/measured.h"
#include "model/valley.h"

struct given {
    struct stance stance;
    double N;
};

static double excess_at(const struct given *given, const struct alignment_sums *sums)
{
    struct stand at = stand_top(&given->stance, sums->value);
    return stance_performance(&given->stance, at.d) + moat_alignment_R(&given->stance, sums, given->N, &at);
}

static struct site site_at(const struct alignment_sums *sums, const void *context)
{
    const struct given *given = context;
    struct stand at = stand_top(&given->stance, sums->value);
    struct alignment_slopes slopes = moat_alignment_slopes(&given->stance, sums, given->N, &at);
    return (struct site){true, excess_at(given, sums), slopes.L1_x};
}

/* The key lemma's terms. b11 of a direction is h + delta (1 + f)^2 / 4. */
static struct moat_loss_terms terms_at(const struct given *given, const struct alignment_sums *sums)
{
    const double *sum = sums->value;
    const struct stance *stance = &given->stance;
    struct stand at = stand_top(stance, sum);
    struct quadratic rest = alignment_rest(sum);
    double a = at.from_one / 2, L_star = 4 * stance->m, missed = sum[SUM_MISSED], missed_f = sum[SUM_MISSED_F];
    double first = L_star * (missed + missed_f) - sum[SUM_SQUARE_0] - sum[SUM_SQUARE_1];
    double second = 2 * L_star * missed - sum[SUM_SQUARE_0];
    return (struct moat_loss_terms){
        .finite_data = sum[SUM_SHARED] + (sum[SUM_SQUARE_0] + 2 * sum[SUM_SQUARE_1] + sum[SUM_SQUARE_2]) / 4,
        .overfitting = moat_alignment_R(stance, sums, given->N, &at) - quadratic_at(&rest, at.s),
        .mixture = a * a * L_star,
        .mixture_finite_data = a * first - a * a * second,
    };
}

void moat_measured_scaling_law(const struct moat_solver *solver, double N, double alpha, double lambda,
                               struct moat_scaling_law *out)
{
    const struct moat_measured *measured = solver->state;
    double s = 2 * alpha - 1, low, high, x = NAN, a = 1 - alpha;
    struct given given = {.stance = {.m = measured->L_star / 4,
                                     .noise1 = measured->noise1,
                                     .noise2 = measured->noise2,
                                     .limit = {.m = measured->L_star / 4, .z = s, .distance = 2 * a},
                                     .tau = INFINITY,
                                     .top = s,
                                     .from_top = 2 * a},
                          .N = N};
    moat_measured_domain(measured, N, &low, &high);
    if (isnan(lambda)) {
        struct valley valley = {&measured->table, site_at, &given, low, high, false};
        moat_valley_lowest(&valley, &x);
    } else {
        x = moat_measured_x(measured, N, lambda);
    }
    struct alignment_sums sums;
    moat_alignment_at(&measured->table, x, &sums);
    struct stand at = stand_top(&given.stance, sums.value);
    double excess = excess_at(&given, &sums);
    if (!isfinite(excess)) {
        return;
    }
    double own = exp(x) * alignment_free1(&sums, N) / N;
    out->solved = true;
    out->lambda = !isnan(lambda) ? lambda : x == low ? 0 : x == high ? 1 : fmin(1, fmax(0, own));
    if (out->lambda == 0 && a == 0 && N >= solver->N_interpolating) { /* the limit itself */
        out->loss = out->excess = 0;
        out->term = (struct moat_loss_terms){0};
        return;
    }
    double slope = moat_alignment_slopes(&given.stance, &sums, N, &at).L1_log_N;
    out->term = terms_at(&given, &sums);
    out->excess = excess;
    out->loss = excess + out->term.mixture;
    out->exponent_loss = -slope / out->loss;
    out->exponent_excess = -slope / excess;
}
