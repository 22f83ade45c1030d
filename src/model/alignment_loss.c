/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A company's choice of alpha on a measured spectrum at given x and N. Both losses are quadratics in s. The best s is
 * an end of its range, the vertex of L1, or a root of L2 = tau; all of them are compared, for L1 may rise with s, and
 * the quadratics may be concave where label noise is large. Source: MODEL.md section 15.
 */
#include "model/alignment_loss.h"

#include "model/measured.h"

struct stance moat_stance_on(const struct moat_measured *measured, const struct moat_market *market, double tau)
{
    const struct moat_solver *solver = market->solver;
    double L_star = 2 * solver->A0, ratio = market->unit == MOAT_TAU_L_STAR ? tau : tau / L_star;
    bool mixture = market->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE;
    struct stance stance = {.m = L_star / 4,
                            .noise1 = measured->noise1,
                            .noise2 = measured->noise2,
                            .limit = moat_limit(solver->A0, 1, ratio),
                            .tau = market->unit == MOAT_TAU_L_STAR ? tau * L_star : tau,
                            .bound = !mixture && isfinite(tau),
                            .top = 1};
    if (mixture) {
        stance.top = stance.limit.z;
        stance.from_top = stance.limit.distance;
    }
    return stance;
}

struct stance moat_measured_stance(const struct moat_measured *measured)
{
    double m = measured->L_star / 4;
    return (struct stance){.m = m,
                           .noise1 = measured->noise1,
                           .noise2 = measured->noise2,
                           .limit = {.m = m, .z = 1},
                           .tau = INFINITY,
                           .top = 1};
}

static double variance_share(const struct alignment_sums *sums, double N)
{
    return isinf(N) ? 0 : alignment_df2(sums) / alignment_free2(sums, N);
}

static double R_at(const struct stance *stance, const struct alignment_sums *sums, double v, const struct stand *at)
{
    struct quadratic rest = alignment_rest(sums->value);
    return quadratic_at(&rest, at->s) + (v > 0 ? v * alignment_noise_at(stance, sums->value, at) : 0);
}

double moat_alignment_R(const struct stance *stance, const struct alignment_sums *sums, double N,
                        const struct stand *at)
{
    return R_at(stance, sums, variance_share(sums, N), at);
}

struct alignment_slopes moat_alignment_slopes(const struct stance *stance, const struct alignment_sums *sums, double N,
                                              const struct stand *at)
{
    double v = variance_share(sums, N), v_x = sums->slope[SUM_DF2] / alignment_df2(sums) * v * (1 + v);
    double noise_at = alignment_noise_at(stance, sums->value, at);
    struct quadratic rest = alignment_rest(sums->value), noise = alignment_noise(stance, sums->value);
    struct quadratic rest_x = alignment_rest(sums->slope);
    const double *slope = sums->slope;
    double noise_x =
        slope[SUM_SHARED] + (slope[SUM_SQUARE_2] + at->s * (2 * slope[SUM_SQUARE_1] + at->s * slope[SUM_SQUARE_0])) / 4;
    double R_s = quadratic_slope(&rest, at->s) + v * quadratic_slope(&noise, at->s);
    double R_x = quadratic_at(&rest_x, at->s) + v * noise_x + v_x * noise_at;
    double to_performance = 2 * stance->m * (stance->limit.distance + at->d);
    double to_safety = 2 * stance->m * (1 + stance->limit.z - at->d);
    double d_x = stand_d_x(at, slope), learnt = sums->value[SUM_LEARNT];
    struct alignment_slopes out = {.L1_s = R_s - to_performance * learnt,
                                   .L2_s = R_s + to_safety * learnt,
                                   .L1_x = R_x + to_performance * d_x,
                                   .L2_x = R_x - to_safety * d_x};
    if (isfinite(N)) {
        double x_log_N = -alignment_df1(sums) / alignment_free2(sums, N), R_log_N = -v * (1 + v) * noise_at;
        out.L1_log_N = R_log_N + out.L1_x * x_log_N;
        out.L2_log_N = R_log_N + out.L2_x * x_log_N;
    }
    return out;
}

/* What a choice is made from. */
struct options {
    const struct stance *stance;
    const struct alignment_sums *sums;
    double v;
    struct alignment_choice best;
};

/* Keeps the choice `at` if it is feasible and better; where nothing is feasible yet, the one nearest to feasible. */
static void consider(struct options *options, const struct stand *at, bool binding)
{
    const struct stance *stance = options->stance;
    if (!(at->s >= 0 && at->from_one >= stance->from_top)) {
        return;
    }
    double R = R_at(stance, options->sums, options->v, at);
    double breach = stance->bound ? R - stance_headroom(stance, at->d) : 0;
    if (binding && !(fabs(breach) <= 1e-9 * stance->tau)) {
        return; /* near N = n, lambda = 0 without label noise R is so steep in s that rounding decides where a root is
                 */
    }
    bool feasible = binding || breach <= 0;
    double value = feasible ? stance_performance(stance, at->d) + R : breach;
    if (feasible > options->best.feasible || (feasible == options->best.feasible && value < options->best.excess)) {
        options->best = (struct alignment_choice){feasible, binding, *at, value};
    }
}

/* The vertex of m (target - z)^2 + R, the target being 1 or -1. */
static void consider_vertex(struct options *options, const struct quadratic *R, double target)
{
    const double *sum = options->sums->value;
    double m = options->stance->m, learnt = sum[SUM_LEARNT];
    double curvature = m * learnt * learnt + R->c[2];
    double s = (m * learnt * (target + sum[SUM_MISSED_F]) - R->c[1] / 2) / curvature;
    if (curvature > 0 && s > 0 && s < options->stance->top) {
        struct stand at = stand_at_s(options->stance, sum, s);
        consider(options, &at, false);
    }
}

/* The roots of L2 = tau: A d^2 - 2 B d + e = 0. */
static void consider_binding(struct options *options, const struct quadratic *R)
{
    const struct stance *stance = options->stance;
    const double *sum = options->sums->value;
    double learnt = sum[SUM_LEARNT];
    struct stand origin = stand_at_d(stance, sum, 0);
    double e = R_at(stance, options->sums, options->v, &origin) - stance->limit.headroom;
    double half = stance->m * (1 + stance->limit.z) + quadratic_slope(R, origin.s) / (2 * learnt), root[2];
    int count = quadratic_roots(stance->m + R->c[2] / (learnt * learnt), half, e, root);
    for (int k = 0; k < count; k++) {
        struct stand at = stand_at_d(stance, sum, root[k]);
        consider(options, &at, true);
    }
}

struct alignment_choice moat_alignment_choose(const struct stance *stance, const struct alignment_sums *sums, double N)
{
    struct options options = {stance, sums, variance_share(sums, N), {.feasible = false, .excess = INFINITY}};
    struct quadratic R = alignment_rest(sums->value), noise = alignment_noise(stance, sums->value);
    for (int k = 0; k < 3; k++) {
        R.c[k] += options.v * noise.c[k];
    }
    struct stand top = stand_top(stance, sums->value), bottom = stand_bottom(stance, sums->value);
    consider(&options, &top, false);
    consider(&options, &bottom, false);
    consider_vertex(&options, &R, 1);
    if (stance->bound) {
        consider_binding(&options, &R);
        if (!options.best.feasible) {
            consider_vertex(&options, &R, -1);
        }
    }
    return options.best;
}
