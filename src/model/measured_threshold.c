/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The market entry threshold on a measured spectrum.
 *
 * At fixed x both losses are linear in v = df2/(N - df2) with the same coefficient noise(s). So the least N at that x
 * has 1/v = min over s of noise(s) / b(s), where b, the lesser of what either constraint leaves, is positive. The best
 * s is an end of its range, the s at which both constraints bind, whose d = (allowed - headroom) / (4 m) depends on
 * neither x nor N, or a stationary point of the ratio for one of them, a root of a quadratic. N_E* is the least such N
 * over x with N >= df1 and lambda < 1, however many minima there are. Source: MODEL.md section 15.
 */
#include <math.h>

#include "model/alignment_loss.h"
#include "model/measured.h"
#include "model/valley.h"

struct goal {
    struct stance stance;
    double allowed; /* excess over G(tau_E) */
    double d_both;  /* d where both constraints bind */
};

/* The best s at one x. */
struct offer {
    struct stand at;
    double b, noise;
    double worth;   /* b / noise, to be as large as possible: v */
    bool both;      /* both constraints bind, at any x */
    bool by_safety; /* L2 <= tau is the constraint that binds */
};

static void consider(const struct goal *goal, const double *sum, const struct quadratic *rest, const struct stand *at,
                     bool both, struct offer *best)
{
    const struct stance *stance = &goal->stance;
    if (!(at->s >= 0 && at->from_one >= stance->from_top)) {
        return;
    }
    double R = quadratic_at(rest, at->s), noise = alignment_noise_at(stance, sum, at);
    double performance = goal->allowed - stance_performance(stance, at->d) - R;
    double safety = stance->bound ? stance_headroom(stance, at->d) - R : INFINITY;
    double b = both ? performance : fmin(performance, safety);
    double worth = b / noise;
    if (worth > best->worth) {
        *best = (struct offer){*at, b, noise, worth, both, !both && safety < performance};
    }
}

/* The stationary points of (left - rest) / noise in s, for left = level - m (target - z)^2 up to a constant. */
static void consider_stationary(const struct goal *goal, const double *sum, const struct quadratic *rest,
                                const struct quadratic *noise, const struct quadratic *left, struct offer *best)
{
    double c[3], root[2];
    for (int k = 0; k < 3; k++) {
        c[k] = left->c[k] - rest->c[k];
    }
    int count = quadratic_roots(c[2] * noise->c[1] - c[1] * noise->c[2], -(c[2] * noise->c[0] - c[0] * noise->c[2]),
                                c[1] * noise->c[0] - c[0] * noise->c[1], root);
    for (int k = 0; k < count; k++) {
        if (root[k] > 0 && root[k] < goal->stance.top) {
            struct stand at = stand_at_s(&goal->stance, sum, root[k]);
            consider(goal, sum, rest, &at, false, best);
        }
    }
}

/* level - m (d (2 distance + d)), and m (d (2 (1 + z) - d)) + headroom, as quadratics in s. */
static struct quadratic performance_left(const struct goal *goal, const double *sum)
{
    const struct stance *stance = &goal->stance;
    double d = stance->limit.z + sum[SUM_MISSED_F], learnt = sum[SUM_LEARNT], m = stance->m;
    return (struct quadratic){{goal->allowed - stance_performance(stance, d),
                               2 * m * learnt * (stance->limit.distance + d), -m * learnt * learnt}};
}

static struct quadratic safety_left(const struct goal *goal, const double *sum)
{
    const struct stance *stance = &goal->stance;
    double d = stance->limit.z + sum[SUM_MISSED_F], learnt = sum[SUM_LEARNT], m = stance->m;
    return (struct quadratic){
        {stance_headroom(stance, d), -2 * m * learnt * (1 + stance->limit.z - d), -m * learnt * learnt}};
}

static struct offer best_offer(const struct goal *goal, const struct alignment_sums *sums)
{
    const double *sum = sums->value;
    const struct stance *stance = &goal->stance;
    struct quadratic rest = alignment_rest(sum), noise = alignment_noise(stance, sum);
    struct quadratic performance = performance_left(goal, sum);
    struct offer best = {.worth = -INFINITY};
    struct stand top = stand_top(stance, sum), bottom = stand_bottom(stance, sum);
    consider(goal, sum, &rest, &top, false, &best);
    consider(goal, sum, &rest, &bottom, false, &best);
    consider_stationary(goal, sum, &rest, &noise, &performance, &best);
    if (stance->bound) {
        struct stand both = stand_at_d(stance, sum, goal->d_both);
        struct quadratic safety = safety_left(goal, sum);
        consider(goal, sum, &rest, &both, true, &best);
        consider_stationary(goal, sum, &rest, &noise, &safety, &best);
    }
    return best;
}

/* d/dx of b and of noise for the offer's way to choose s. */
static void offer_slopes(const struct goal *goal, const struct alignment_sums *sums, const struct offer *offer,
                         double *b_x, double *noise_x)
{
    const struct stance *stance = &goal->stance;
    const struct stand *at = &offer->at;
    const double *slope = sums->slope;
    struct quadratic rest = alignment_rest(sums->value), rest_x = alignment_rest(slope);
    double d_x = stand_d_x(at, slope);
    *noise_x =
        slope[SUM_SHARED] + (slope[SUM_SQUARE_2] + at->s * (2 * slope[SUM_SQUARE_1] + at->s * slope[SUM_SQUARE_0])) / 4;
    *b_x = -quadratic_at(&rest_x, at->s);
    if (offer->both) { /* d stays, s moves */
        struct quadratic noise = alignment_noise(stance, sums->value);
        double s_x = d_x / sums->value[SUM_LEARNT];
        *noise_x += quadratic_slope(&noise, at->s) * s_x;
        *b_x -= quadratic_slope(&rest, at->s) * s_x;
    } else if (offer->by_safety) {
        *b_x += 2 * stance->m * (1 + stance->limit.z - at->d) * d_x;
    } else {
        *b_x -= 2 * stance->m * (stance->limit.distance + at->d) * d_x;
    }
}

/* The least data for an offer with b > 0. */
static double least_data(const struct alignment_sums *sums, const struct offer *offer, bool *ridgeless)
{
    double N = alignment_df2(sums) * (1 + offer->noise / offer->b), df1 = alignment_df1(sums);
    *ridgeless = N < df1;
    return *ridgeless ? df1 : N;
}

/* ln N at one x. Not feasible: no N is enough, or lambda >= 1 there. */
static struct site site_at(const struct alignment_sums *sums, const void *context)
{
    const struct goal *goal = context;
    struct offer offer = best_offer(goal, sums);
    double b_x, noise_x, df2 = alignment_df2(sums), df1 = alignment_df1(sums);
    offer_slopes(goal, sums, &offer, &b_x, &noise_x);
    if (!(offer.b > 0)) {
        return (struct site){false, -offer.worth, (offer.b * noise_x / offer.noise - b_x) / offer.noise};
    }
    bool ridgeless;
    double N = least_data(sums, &offer, &ridgeless), df1_x = sums->slope[SUM_DF1] / df1;
    double slope = ridgeless ? df1_x
                             : sums->slope[SUM_DF2] / df2 +
                                   (noise_x * offer.b - offer.noise * b_x) / (offer.b * (offer.b + offer.noise));
    if (sums->x > 0) {
        double rest = -expm1(-sums->x), most = df1 / rest; /* with more data lambda >= 1 */
        double excess = log(fmax(1, N) / most);
        if (excess >= 0) {
            return (struct site){false, excess, (N > 1 ? slope : 0) - df1_x + (1 - rest) / rest};
        }
    }
    return (struct site){true, log(N), slope};
}

/* The entrant at the solution x. */
static void fill(const struct goal *goal, const struct moat_measured *measured, double x, struct moat_company *out)
{
    const struct stance *stance = &goal->stance;
    struct alignment_sums sums;
    moat_alignment_at(&measured->table, x, &sums);
    struct offer offer = best_offer(goal, &sums);
    bool ridgeless;
    double N = least_data(&sums, &offer, &ridgeless), to_safety = 1 + stance->limit.z - offer.at.d;
    double lambda = fmin(1, fmax(0, exp(x) * alignment_free1(&sums, N) / N));
    double R = moat_alignment_R(stance, &sums, N, &offer.at);
    *out = (struct moat_company){.feasible = true,
                                 .N = N,
                                 .alpha = (1 + offer.at.s) / 2,
                                 .lambda = ridgeless ? 0 : lambda,
                                 .excess = stance_performance(stance, offer.at.d) + R,
                                 .loss_safety = stance->m * to_safety * to_safety + R,
                                 .x = x,
                                 .end = ridgeless            ? -1
                                        : lambda >= 1 - 1e-9 ? 1
                                                             : 0};
    out->loss_performance = stance->m * stance->limit.distance * stance->limit.distance + out->excess;
}

/* G(tau_I) - G(tau_E) in the market's unit, also for thresholds below L_star/4. */
static double gap(const struct moat_market *market)
{
    double L_star = moat_market_L_star(market), unit = market->unit == MOAT_TAU_L_STAR ? L_star : 1, L = L_star / unit;
    double I = fmin(market->tau_I, L), E = fmin(market->tau_E, L), root = sqrt(L);
    double between = (E - I) / (sqrt(E) + sqrt(I));
    return unit * between * ((L - I) / (root + sqrt(I)) + (L - E) / (root + sqrt(E)));
}

/* The status of a threshold whose entrant is known. */
static enum moat_market_status accept(const struct moat_market *market, struct moat_threshold *out)
{
    out->N_E_star = fmax(1, out->entrant.N);
    if (out->entrant.N <= 1) {
        moat_company_solve(market, 1, market->tau_E, &out->entrant);
        return MOAT_MARKET_ENTRANT_ALWAYS;
    }
    return out->N_E_star <= MOAT_N_MAX ? MOAT_MARKET_OK : MOAT_MARKET_FAILED;
}

static enum moat_market_status solve(const struct moat_market *market, const struct moat_company *incumbent,
                                     struct moat_threshold *out)
{
    const struct moat_measured *measured = market->solver->state;
    struct goal goal = {.stance = moat_stance_on(market->solver->state, market, market->tau_E)};
    if (isfinite(incumbent->N) && !(incumbent->N >= 1 && incumbent->N <= MOAT_N_MAX)) {
        return MOAT_MARKET_FAILED;
    }
    if (!incumbent->feasible) {
        return MOAT_MARKET_INCUMBENT_INFEASIBLE;
    }
    if (goal.stance.top < 0) {
        return MOAT_MARKET_ENTRANT_INFEASIBLE;
    }
    goal.allowed = gap(market) + incumbent->excess;
    goal.d_both = (goal.allowed - goal.stance.limit.headroom) / (4 * goal.stance.m);
    if (goal.allowed == 0 && goal.stance.limit.distance == 0 && isfinite(market->solver->N_interpolating)) {
        moat_company_solve(market, measured->n, market->tau_E, &out->entrant); /* both losses vanish */
        out->N_E_star = measured->n;
        return out->N_E_star > 1 ? MOAT_MARKET_OK : MOAT_MARKET_ENTRANT_ALWAYS;
    }
    struct moat_company endless; /* the entrant with infinite data */
    moat_company_solve(market, INFINITY, market->tau_E, &endless);
    const struct alignment_table *table = &measured->table;
    struct valley valley = {table, site_at, &goal, table->x_min, log1p(measured->trace), true};
    bool infeasible = goal.stance.limit.z <= 0 && !endless.feasible, enough = goal.allowed > endless.excess;
    if (!infeasible && !enough) { /* but little data allow a kappa above 1, which infinite data do not */
        valley.x_low = 0;
    }
    double x;
    if (moat_valley_lowest(&valley, &x)) {
        fill(&goal, measured, x, &out->entrant);
        return accept(market, out);
    }
    return infeasible ? MOAT_MARKET_ENTRANT_INFEASIBLE : enough ? MOAT_MARKET_FAILED : MOAT_MARKET_NO_ENTRY;
}

void moat_measured_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                             struct moat_threshold *out)
{
    out->status = solve(market, incumbent, out);
}
