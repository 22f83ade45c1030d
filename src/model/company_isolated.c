/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pockets of lambda: where label noise is so large that L2 falls as alpha comes close to 1, alpha = 1 may be feasible
 * in a narrow range of x by itself, and the best loss has more than one minimum.
 */
#include <math.h>

#include "moat/company.h"
#include "model/company_internal.h"
#include "model/root.h"

/* The last node with df1 >= N, if there is one; the ridgeless limit lies between it and the next. */
static size_t node_below(const struct moat_solver *solver, double N)
{
    size_t below = 0, above = solver->nodes - 1;
    while (above - below > 1) {
        size_t middle = (below + above) / 2;
        *(free_points(&solver->node[middle], N) <= 0 ? &below : &above) = middle;
    }
    return below;
}

/* How much L2 rises with alpha at alpha = 1 with that label noise, up to a positive factor. */
static double safety_rise(double A0, const struct moat_spectral_sums *at, double noise)
{
    double share = at->a1 / A0, r = 1 - share;
    return A0 * (r * (1 + r) - noise) + at->a2 * (1 + noise) - share * at->a1;
}

/* Whether L2 rises for every lambda at N below P: label noise is largest in the ridgeless limit, as large as N = df1
   makes it between the node and the next. */
static bool rises_throughout(double A0, const struct moat_spectral_sums *node)
{
    for (int i = 0; i < 2; i++) {
        double noise = (node[i].origin + node[i].df2) / (node[i].df1 - node[i].df2);
        if (!(safety_rise(A0, &node[i], noise) > 0)) {
            return false;
        }
    }
    return true;
}

/* The breach at the nodes where L2 falls: smooth on the scale of many nodes, so a margin says enough of what is
   between. Label noise falls with x. */
bool moat_company_has_one_minimum(const struct moat_solver *solver, double N, double Q, double tau)
{
    const double A0 = solver->A0;
    const struct moat_spectral_sums *node = &solver->node[node_below(solver, N)], *end = solver->node + solver->nodes;
    if (free_points(node, N) < 0 && rises_throughout(A0, node)) {
        return true;
    }
    struct moat_loss_limit limit = moat_loss_limit(A0, Q, tau);
    for (; node < end; node++) {
        double noise = (node->origin + node->df2) / (N - node->origin - node->df2);
        if (noise > 0 && safety_rise(A0, node, noise) > 0) {
            return true;
        }
        double A1 = node->a2 * (1 + noise), share = node->a1 / A0;
        double breach = A1 + limit.m * (4 * (limit.miss - share) - limit.miss * limit.miss) - limit.spare;
        if (!(noise > 0 && breach > 0.1 * (A1 + 4 * limit.m * share))) {
            return false;
        }
    }
    return false;
}

/* Whether L2 falls with alpha at alpha = 1, as only much label noise makes it. It does for no x if not for the lowest.
 */
static bool safety_falls(const struct problem *problem, double x)
{
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct moat_loss_form form = moat_loss_form(problem->solver->A0, problem->Q, &c);
    return form.m * form.r * (1 + form.r) + form.R2 < 0;
}

static double breach(double x, void *context)
{
    return moat_choice_breach(context, x);
}

static double breach_slope(double x, void *context)
{
    const struct problem *problem = context;
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return c.A1_x - 2 * problem->Q * c.A2_x;
}

/* The breach has one interior minimum; it is narrow, hence the sampling. */
double moat_company_isolated_entry(struct problem *problem)
{
    enum { SAMPLES = 64 };
    double low, high;
    problem->solver->domain(problem->solver->state, problem->N, &low, &high);
    if (!safety_falls(problem, low)) {
        return NAN;
    }
    double width = (high - low) / SAMPLES, lowest = INFINITY, x_lowest = low;
    for (int i = 1; i < SAMPLES; i++) {
        double value = breach(low + width * i, problem);
        if (value < lowest) {
            lowest = value;
            x_lowest = low + width * i;
        }
    }
    struct bracket bracket = {x_lowest - width, 0, x_lowest + width, 0};
    bracket.fa = breach_slope(bracket.a, problem);
    bracket.fb = breach_slope(bracket.b, problem);
    if (bracket.fa < 0 && bracket.fb > 0) {
        moat_root_shrink(breach_slope, problem, 1e-13 * (1 + fabs(low)), &bracket);
        x_lowest = bracket.a;
    }

    double left = x_lowest;
    do { /* to a sample that breaches */
        left = fmax(left - width, low);
    } while (left > low && breach(left, problem) <= 0);
    bracket = (struct bracket){left, breach(left, problem), x_lowest, breach(x_lowest, problem)};
    if (bracket.fa <= 0 || !(bracket.fb <= 0)) {
        return bracket.fa <= 0 ? left : NAN; /* from the lowest x on, where the slope of the loss is but rounding */
    }
    moat_root_shrink(breach, problem, 1e-13 * (1 + fabs(low)), &bracket);
    return bracket.fa <= 0 ? bracket.a : bracket.b;
}
