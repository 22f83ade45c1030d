/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least data that reach a loss.
 *
 * At fixed x = ln kappa the sums do not depend on N, and the losses are linear in v = df2/(N - df2), in the form of
 * loss.h with R = p0 + p1 v. Because L2 - L1 = 4 m z, both constraints bind at one z, which depends on neither x nor N;
 * where the model cannot reach it, z > r, alpha = 1 and the safety constraint is slack. What is left for R, the budget,
 * is the same for all x, so v = (budget - p0) / p1 and N = df2 (1 + 1/v) are closed forms. N has one minimum in x
 * because L1* has one in x for every N; its neighbours among the nodes are found by bisection, the minimum between them
 * as a root:
 *
 *     d ln N/dx = df2'/df2 + (p0' p1 + b p1') / (b (b + p1)),   b = budget - p0.
 *
 * Where the ridgeless limit, N = df1, is met first, that is the solution.
 */
#include "model/least_data.h"

#include <math.h>

#include "moat/loss.h"
#include "model/root.h"

struct goal {
    const struct moat_solver *solver;
    double A0, h, m;
    double excess; /* of L1 over G(tau) */
    double target; /* of L1 */
    double miss;   /* 1 - z where both constraints bind */
    double budget; /* of R there */
    bool slack;    /* the branch that root-finding follows */
};

static struct goal goal_make(const struct moat_solver *solver, double Q, double tau, double excess)
{
    struct moat_loss_limit limit = moat_loss_limit(solver->A0, Q, tau);
    double m = limit.m, delta = (excess - limit.spare) / (4 * m);
    return (struct goal){.solver = solver,
                         .A0 = solver->A0,
                         .h = Q / 2,
                         .m = m,
                         .excess = excess,
                         .target = m * limit.miss * limit.miss + excess,
                         .miss = limit.miss + delta,
                         .budget = excess - m * delta * (2 * limit.miss + delta)};
}

static bool is_slack(const struct goal *goal, const struct moat_spectral_sums *at)
{
    return at->a1 > goal->A0 * goal->miss;
}

/* N at one x, as v = b / p1. */
struct reach {
    double b, p1;
    double slope;     /* v d ln N/dx, up to a positive factor */
    double ridgeless; /* of the sign of lambda */
};

static struct reach reach_at(const struct goal *goal, const struct moat_spectral_sums *at, bool slack)
{
    double p0, p1, p0_x, p1_x, budget;
    if (slack) {
        p0 = p1 = at->a2;
        p0_x = p1_x = at->a2_x;
        budget = goal->target;
    } else { /* s = z / r < 1 */
        double h = goal->h, share = at->a1 / goal->A0, r = 1 - share, z = 1 - goal->miss;
        double per_r = 1 / r, s2 = z * z * per_r * per_r;
        double q = (goal->miss - share) * (r + z) * per_r * per_r; /* 1 - s2 */
        double s2_x = 2 * s2 * per_r * at->a1_x / goal->A0;
        double own = at->a2 * (1 - h * q), own_x = at->a2_x * (1 - h * q) + h * at->a2 * s2_x;
        p0 = own - h * s2 * share * at->a1;
        p0_x = own_x - h * share * (s2_x * at->a1 + 2 * s2 * at->a1_x);
        p1 = own + h * goal->A0 * q;
        p1_x = own_x - h * goal->A0 * s2_x;
        budget = goal->budget;
    }
    double b = budget - p0, df2 = at->origin + at->df2;
    if (b <= 0) { /* no N is enough: x is too high */
        return (struct reach){b, p1, 1, 1};
    }
    return (struct reach){b, p1, at->df2_x / df2 * b / p1 + (p0_x * p1 + b * p1_x) / (p1 * (b + p1)),
                          1 - b * (at->df1 - at->df2) / (df2 * p1)};
}

/* Whether the solution lies at lower x (positive) or at higher x: at higher x the ridgeless limit needs less data. */
static double side(const struct reach *reach)
{
    return fmin(reach->slope, reach->ridgeless);
}

static double side_of_knot(const struct goal *goal, size_t k)
{
    const struct moat_spectral_sums *at = &goal->solver->node[k];
    struct reach reach = reach_at(goal, at, is_slack(goal, at));
    return side(&reach);
}

static double side_at(double x, void *context)
{
    const struct goal *goal = context;
    struct moat_spectral_sums at;
    goal->solver->equivalent(goal->solver->state, x, &at);
    struct reach reach = reach_at(goal, &at, goal->slack);
    return side(&reach);
}

/* Positive where the safety constraint is slack. */
static double slackness_at(double x, void *context)
{
    const struct goal *goal = context;
    struct moat_spectral_sums at;
    goal->solver->equivalent(goal->solver->state, x, &at);
    return at.a1 / (goal->A0 * goal->miss) - 1;
}

/* The bracket between two nodes without the kink where the branch changes, unless the solution is there: then of zero
   width. Sets the branch. */
static void keep_one_branch(struct goal *goal, struct bracket *bracket, const struct moat_spectral_sums *low,
                            const struct moat_spectral_sums *high)
{
    const double tolerance = 1e-13 * (1 + fabs(low->x));
    goal->slack = is_slack(goal, high);
    if (goal->slack == is_slack(goal, low)) {
        return;
    }
    struct bracket kink = {low->x, slackness_at(low->x, goal), high->x, slackness_at(high->x, goal)};
    moat_root_shrink(slackness_at, goal, tolerance, &kink);
    double x = kink.a, above = side_at(x, goal);
    if (above < 0) {
        *bracket = (struct bracket){x, above, bracket->b, bracket->fb};
        return;
    }
    goal->slack = false;
    double below = side_at(x, goal);
    if (below > 0) {
        *bracket = (struct bracket){bracket->a, bracket->fa, x, below};
    } else { /* N varies gently on this side only */
        *bracket = (struct bracket){x, 0, x, 0};
        goal->slack = true;
    }
}

bool moat_least_data(const struct moat_solver *solver, double Q, double tau, double excess, struct moat_company *out)
{
    struct goal goal = goal_make(solver, Q, tau, excess);
    size_t below = 0, above = solver->nodes - 1;
    while (above - below > 1) {
        size_t middle = (below + above) / 2;
        *(side_of_knot(&goal, middle) < 0 ? &below : &above) = middle;
    }
    struct bracket bracket = {.a = solver->node[below].x, .fa = side_of_knot(&goal, below)};
    bracket.b = solver->node[above].x;
    bracket.fb = side_of_knot(&goal, above);
    if (!(bracket.fa < 0 && bracket.fb > 0)) {
        return false;
    }
    keep_one_branch(&goal, &bracket, &solver->node[below], &solver->node[above]);
    moat_root_shrink(side_at, &goal, 1e-13 * (1 + fabs(bracket.a)), &bracket);

    struct moat_spectral_sums at;
    solver->equivalent(solver->state, bracket.a, &at);
    struct reach reach = reach_at(&goal, &at, goal.slack);
    bool kink = bracket.a == bracket.b, ridgeless = !kink && reach.ridgeless < reach.slope;
    double df2 = at.origin + at.df2, v = reach.b / reach.p1;
    double N = ridgeless ? at.origin + at.df1 : df2 * (1 + 1 / v);
    double lambda = exp(at.x) * df2 / v * reach.ridgeless / N;
    if (!(reach.b > 0 && N > solver->N_low * (1 + 1e-9) && N <= solver->N_high && lambda < 1)) {
        return false;
    }
    if ((kink || !goal.slack) && !moat_company_has_one_minimum(solver, N, Q, tau)) {
        return false;
    }
    double r = 1 - at.a1 / goal.A0;
    *out = (struct moat_company){.feasible = true,
                                 .N = N,
                                 .alpha = goal.slack ? 1 : fmin(1, (1 + fmax(0, 1 - goal.miss) / r) / 2),
                                 .lambda = ridgeless ? 0 : fmax(0, lambda),
                                 .loss_performance = goal.target,
                                 .loss_safety = goal.slack ? goal.target + 4 * goal.m * r : tau,
                                 .excess = goal.excess,
                                 .x = at.x,
                                 .end = ridgeless ? -1 : 0};
    return true;
}
