/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ALIGNMENT_LOSS_H
#define MOAT_ALIGNMENT_LOSS_H

#include <math.h>
#include <stdbool.h>

#include "moat/limit.h"
#include "moat/market.h"
#include "model/alignment.h"

/*
 * Both losses of a company on a measured spectrum, at one x. With s = 2 alpha - 1 and z the position of the trained
 * model between the safety optimum (-1) and the performance optimum (1),
 *
 *     L1 = m (1 - z)^2 + R,   L2 = m (1 + z)^2 + R,   z = learnt s - missed_f,   R = rest(s) + v noise(s),
 *     v = df2 / (N - df2).
 *
 * Positions are counted from the optimum of infinite data: d = limit.z - z. Then nothing cancels in
 * L1 - G(tau) = m d (2 limit.distance + d) + R. Source: MODEL.md section 15.
 */

/* One company, at any N. Its share of safety labels is bounded by top, its safety loss by tau where bound is set. */
struct stance {
    double m, noise1, noise2; /* noise: label noise variances */
    struct moat_limit limit;
    double tau;           /* absolute */
    bool bound;           /* L2 <= tau */
    double top, from_top; /* the greatest s, and 1 - top */
};

/* A choice of s, with d, and with 1 - s to full relative accuracy. */
struct stand {
    double s, d, from_one;
};

/* A quadratic c[0] + c[1] s + c[2] s^2. */
struct quadratic {
    double c[3];
};

/* The part of R that infinite data would leave, as a quadratic. Local. */
static inline struct quadratic alignment_rest(const double *sum)
{
    return (struct quadratic){{sum[SUM_SHARED] + sum[SUM_SPREAD_2] / 4, sum[SUM_SPREAD_1] / 2, sum[SUM_SPREAD_0] / 4}};
}

/* The part of R that v multiplies: what overfitting makes of the labels' variance. Local. */
static inline struct quadratic alignment_noise(const struct stance *stance, const double *sum)
{
    return (struct quadratic){
        {sum[SUM_SHARED] + sum[SUM_SQUARE_2] / 4 + stance->m + (stance->noise1 + stance->noise2) / 2,
         sum[SUM_SQUARE_1] / 2 + (stance->noise1 - stance->noise2) / 2, sum[SUM_SQUARE_0] / 4 - stance->m}};
}

static inline double quadratic_at(const struct quadratic *q, double s)
{
    return q->c[0] + s * (q->c[1] + s * q->c[2]);
}

static inline double quadratic_slope(const struct quadratic *q, double s)
{
    return q->c[1] + 2 * s * q->c[2];
}

/* The second quadratic, summed so that its terms near s = 1 keep their digits. Local. */
static inline double alignment_noise_at(const struct stance *stance, const double *sum, const struct stand *at)
{
    double own = (sum[SUM_SQUARE_2] + at->s * (2 * sum[SUM_SQUARE_1] + at->s * sum[SUM_SQUARE_0])) / 4;
    double labels = (1 + at->s) / 2 * stance->noise1 + at->from_one / 2 * stance->noise2;
    return sum[SUM_SHARED] + own + stance->m * at->from_one * (1 + at->s) + labels;
}

/* The three ways to name a choice: by an end of the range of s, by s, and by d. Local. */
static inline struct stand stand_bottom(const struct stance *stance, const double *sum)
{
    return (struct stand){0, stance->limit.z + sum[SUM_MISSED_F], 1};
}

static inline struct stand stand_top(const struct stance *stance, const double *sum)
{
    double d = stance->from_top == 0 ? sum[SUM_MISSED] + sum[SUM_MISSED_F] - stance->limit.distance
                                     : sum[SUM_MISSED] * stance->top + sum[SUM_MISSED_F];
    return (struct stand){stance->top, d, stance->from_top};
}

static inline struct stand stand_at_s(const struct stance *stance, const double *sum, double s)
{
    double d = (1 - s) - stance->limit.distance + s * sum[SUM_MISSED] + sum[SUM_MISSED_F];
    return (struct stand){s, d, 1 - s};
}

static inline struct stand stand_at_d(const struct stance *stance, const double *sum, double d)
{
    double at_one = sum[SUM_MISSED] + sum[SUM_MISSED_F] - stance->limit.distance; /* d of s = 1 */
    return (struct stand){(stance->limit.z + sum[SUM_MISSED_F] - d) / sum[SUM_LEARNT], d,
                          (d - at_one) / sum[SUM_LEARNT]};
}

/* dd/dx at fixed s. Local. */
static inline double stand_d_x(const struct stand *at, const double *sum_x)
{
    return sum_x[SUM_MISSED_F] + at->s * sum_x[SUM_MISSED];
}

/* m (1 - z)^2 - G(tau), and the part of tau that m (1 + z)^2 leaves. Local. */
static inline double stance_performance(const struct stance *stance, double d)
{
    return stance->m * d * (2 * stance->limit.distance + d);
}

static inline double stance_headroom(const struct stance *stance, double d)
{
    return stance->m * d * (2 * (1 + stance->limit.z) - d) + stance->limit.headroom;
}

/* The real roots of a x^2 - 2 b x + c, without cancellation; returns how many. Local. */
static inline int quadratic_roots(double a, double b, double c, double root[2])
{
    double square = b * b - a * c;
    if (!(square >= 0)) {
        return 0;
    }
    double w = b >= 0 ? b + sqrt(square) : b - sqrt(square);
    int count = 0;
    if (w != 0) {
        root[count++] = c / w;
    }
    if (a != 0) {
        root[count++] = w / a;
    }
    return count;
}

/* The company of a market on `measured` under the threshold tau, in the market's unit. Local. */
struct moat_measured;
struct stance moat_stance_on(const struct moat_measured *measured, const struct moat_market *market, double tau);

/* Slopes of both losses at a choice and N data points, INFINITY allowed: in s at fixed x, in x at fixed s, and in ln N
   at fixed s and lambda. Local. */
struct alignment_slopes {
    double L1_s, L2_s, L1_x, L2_x, L1_log_N, L2_log_N;
};

struct alignment_slopes moat_alignment_slopes(const struct stance *stance, const struct alignment_sums *sums, double N,
                                              const struct stand *at);

/* The best choice of one company at one x and N. */
struct alignment_choice {
    bool feasible;
    bool binding; /* L2 = tau decides s */
    struct stand at;
    double excess; /* L1 - G(tau); where not feasible, by how much L2 exceeds tau at its least */
};

struct alignment_choice moat_alignment_choose(const struct stance *stance, const struct alignment_sums *sums, double N);

/* R at a choice. Local. */
double moat_alignment_R(const struct stance *stance, const struct alignment_sums *sums, double N,
                        const struct stand *at);

#endif
