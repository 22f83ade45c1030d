/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least data that reach a loss.
 *
 * At fixed x = ln kappa the sums do not depend on N, and the losses are linear in v = df2/(N - df2), in the form of
 * loss.h with R = p0 + p1 v. Because L2 - L1 = 4 m z, both losses bind at one z, which depends on neither x nor N.
 * Where the model cannot reach it, z > r, the company is unconstrained: alpha = 1 and L2 < tau. The budget, which is
 * what is left for R, is the same for all x. So v = (budget - p0) / p1 and N = df2 (1 + 1/v) are closed forms. N has
 * one minimum in x because L1* has one in x for every N. Bisection over the nodes encloses it, and it is found as a
 * root of
 *
 *     d ln N/dx = df2'/df2 + (p0' p1 + b p1') / (b (b + p1)),   b = budget - p0.
 *
 * Where the ridgeless limit, N = df1, is met first, that is the solution. An unconstrained company is one whose alpha
 * is given, as it is under training_mixture. Source: MODEL.md sections 6.2, 6.3 and 12.
 */
#include "model/least_data.h"

#include <math.h>

#include "model/company_isolated.h"
#include "model/root.h"

struct goal {
    const struct moat_sums_table *table;
    double A0, h, m, tau;
    double excess;               /* allowed to L1 over G(tau) */
    double target;               /* for L1 */
    double distance;             /* 1 - z where both losses bind; -INFINITY where alpha is given */
    double budget;               /* for R there */
    const struct mixture *given; /* of an unconstrained company */
    double budget_given;         /* for what finite data add to its loss */
    bool unconstrained;          /* the branch that root-finding follows */
};

static struct goal goal_make(const struct company_problem *problem, double excess)
{
    const struct moat_limit *limit = &problem->limit;
    double m = limit->m, delta = (excess - limit->headroom) / (4 * m);
    double target = m * limit->distance * limit->distance + excess;
    return (struct goal){.table = problem->solver->table,
                         .A0 = problem->solver->A0,
                         .h = problem->Q / 2,
                         .m = m,
                         .tau = problem->tau,
                         .excess = excess,
                         .target = target,
                         .distance = problem->given ? -INFINITY : limit->distance + delta,
                         .budget = excess - m * delta * (2 * limit->distance + delta),
                         .given = &problem->mixture,
                         .budget_given = problem->given ? excess : target};
}

static bool is_unconstrained(const struct goal *goal, const struct moat_spectral_sums *at)
{
    return at->a1 > goal->A0 * goal->distance;
}

/* The least N at one x, as v = b / p1. */
struct least {
    double b, p1;
    double slope;     /* v d ln N/dx, up to a positive factor */
    double ridgeless; /* has the sign of lambda */
};

static struct least least_at(const struct goal *goal, const struct moat_spectral_sums *at, bool unconstrained)
{
    double p0, p1, p0_x, p1_x, budget;
    if (unconstrained) {
        const struct mixture *given = goal->given;
        p0 = given->w1 * at->a2 + given->w2 * at->a1;
        p1 = given->w1 * at->a2 + given->w3 * goal->A0;
        p0_x = given->w1 * at->a2_x + given->w2 * at->a1_x;
        p1_x = given->w1 * at->a2_x;
        budget = goal->budget_given;
    } else { /* s = z / r < 1 */
        double h = goal->h, unexplained = at->a1 / goal->A0, r = 1 - unexplained, z = 1 - goal->distance;
        double per_r = 1 / r, s2 = z * z * per_r * per_r;
        double q = (goal->distance - unexplained) * (r + z) * per_r * per_r; /* 1 - s2 */
        double s2_x = 2 * s2 * per_r * at->a1_x / goal->A0;
        double own = at->a2 * (1 - h * q), own_x = at->a2_x * (1 - h * q) + h * at->a2 * s2_x;
        p0 = own - h * s2 * unexplained * at->a1;
        p0_x = own_x - h * unexplained * (s2_x * at->a1 + 2 * s2 * at->a1_x);
        p1 = own + h * goal->A0 * q;
        p1_x = own_x - h * goal->A0 * s2_x;
        budget = goal->budget;
    }
    double b = budget - p0, df2 = at->offset + at->df2;
    if (b <= 0) { /* no N is enough: x is too high */
        return (struct least){b, p1, 1, 1};
    }
    return (struct least){b, p1, at->df2_x / df2 * b / p1 + (p0_x * p1 + b * p1_x) / (p1 * (b + p1)),
                          1 - b * (at->df1 - at->df2) / (df2 * p1)};
}

/* Positive where the solution lies at lower x, negative where it lies at higher x: there the ridgeless limit needs less
   data. */
static double side(const struct least *least)
{
    return fmin(least->slope, least->ridgeless);
}

static double side_of_node(const struct goal *goal, size_t k)
{
    const struct moat_spectral_sums *at = &goal->table->node[k];
    struct least least = least_at(goal, at, is_unconstrained(goal, at));
    return side(&least);
}

static bool solution_is_above(size_t k, void *goal)
{
    return side_of_node(goal, k) < 0;
}

static void sums_at(const struct goal *goal, double x, struct moat_spectral_sums *out)
{
    goal->table->sums(goal->table->state, x, out);
}

static double side_at(double x, void *context)
{
    const struct goal *goal = context;
    struct moat_spectral_sums at;
    sums_at(goal, x, &at);
    struct least least = least_at(goal, &at, goal->unconstrained);
    return side(&least);
}

/* Positive where alpha = 1 is the choice. */
static double unconstrained_at(double x, void *context)
{
    const struct goal *goal = context;
    struct moat_spectral_sums at;
    sums_at(goal, x, &at);
    return at.a1 / (goal->A0 * goal->distance) - 1;
}

/* Cuts the bracket between two nodes at the kink where the branch changes, and sets the branch. Where the solution is
   the kink itself, the bracket has zero width; N varies gently on the unconstrained side only, so that is the branch.
 */
static void keep_one_branch(struct goal *goal, struct bracket *bracket, const struct moat_spectral_sums *low,
                            const struct moat_spectral_sums *high)
{
    const double tolerance = 1e-13 * (1 + fabs(low->x));
    goal->unconstrained = is_unconstrained(goal, high);
    if (goal->unconstrained == is_unconstrained(goal, low)) {
        return;
    }
    struct bracket kink = {low->x, unconstrained_at(low->x, goal), high->x, unconstrained_at(high->x, goal)};
    moat_root_shrink(unconstrained_at, goal, tolerance, &kink);
    struct moat_spectral_sums at;
    sums_at(goal, kink.a, &at);
    struct least binding = least_at(goal, &at, false), unconstrained = least_at(goal, &at, true);
    kink = (struct bracket){at.x, side(&binding), at.x, side(&unconstrained)};
    moat_root_keep_branch(&kink, true, bracket);
    goal->unconstrained = kink.fb < 0 || kink.fa <= 0; /* the binding branch is the lower one */
}

/* The company at the solution. Returns false outside the solver's range of N and at lambda = 1. */
static bool fill_company(const struct goal *goal, const struct moat_solver *solver, const struct moat_spectral_sums *at,
                         bool kink, struct moat_company *out)
{
    struct least least = least_at(goal, at, goal->unconstrained);
    bool ridgeless = !kink && least.ridgeless < least.slope;
    double df2 = at->offset + at->df2, v = least.b / least.p1;
    double N = ridgeless ? at->offset + at->df1 : df2 * (1 + 1 / v);
    double lambda = exp(at->x) * df2 / v * least.ridgeless / N;
    double r = 1 - at->a1 / goal->A0;
    *out = (struct moat_company){
        .feasible = true,
        .N = N,
        .alpha = goal->unconstrained ? (1 + goal->given->s) / 2 : fmin(1, (1 + fmax(0, 1 - goal->distance) / r) / 2),
        .lambda = ridgeless ? 0 : fmax(0, lambda),
        .loss_performance = goal->target,
        .loss_safety = goal->unconstrained ? goal->target + 4 * goal->m * r * goal->given->s : goal->tau,
        .excess = goal->excess,
        .x = at->x,
        .end = ridgeless ? -1 : 0,
    };
    return least.b > 0 && N > solver->N_low * (1 + 1e-9) && N <= solver->N_high && lambda < 1;
}

bool moat_least_data(const struct company_problem *problem, double excess, struct moat_company *out)
{
    struct goal goal = goal_make(problem, excess);
    const struct moat_spectral_sums *node = goal.table->node;
    struct neighbours found = moat_root_bisect_nodes(goal.table->nodes, solution_is_above, &goal);
    struct bracket bracket = {node[found.below].x, side_of_node(&goal, found.below), node[found.above].x,
                              side_of_node(&goal, found.above)};
    if (!(bracket.fa < 0 && bracket.fb > 0)) {
        return false;
    }
    keep_one_branch(&goal, &bracket, &node[found.below], &node[found.above]);
    moat_root_shrink(side_at, &goal, 1e-13 * (1 + fabs(bracket.a)), &bracket);

    struct moat_spectral_sums at;
    sums_at(&goal, bracket.a, &at);
    bool kink = bracket.a == bracket.b;
    if (!fill_company(&goal, problem->solver, &at, kink, out)) {
        return false;
    }
    return (!kink && goal.unconstrained) || moat_company_has_one_minimum(problem->solver, out->N, &problem->limit);
}
