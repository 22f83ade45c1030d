/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pockets of lambda: where label noise is so large that L2 falls as alpha comes close to 1, alpha = 1 may be feasible
 * in a narrow range of x by itself, and the best loss has more than one minimum.
 */
#include <math.h>

#include "model/company_internal.h"
#include "moat/company.h"
#include "model/root.h"

/* The last knot with df1 >= N, if there is one; the ridgeless limit lies between it and the next. */
static size_t knot_below(const struct solver *solver, double N)
{
    size_t below = 0, above = solver->knots - 1;
    while (above - below > 1) {
        size_t middle = (below + above) / 2;
        *(free_points(&solver->knot[middle], N) <= 0 ? &below : &above) = middle;
    }
    return below;
}

/* How much L2 rises with alpha at alpha = 1 with that label noise, up to a positive factor. */
static double safety_rise(double A0, const struct equivalent *at, double noise)
{
    double share = at->a1 / A0, r = 1 - share;
    return A0 * (r * (1 + r) - noise) + at->a2 * (1 + noise) - share * at->a1;
}

/* Whether L2 rises for every lambda at N below P: label noise is largest in the ridgeless limit, as large as N = df1
   makes it between the knot and the next. */
static bool rises_throughout(double A0, const struct equivalent *knot)
{
    for (int i = 0; i < 2; i++) {
        double noise = (knot[i].origin + knot[i].df2) / (knot[i].df1 - knot[i].df2);
        if (!(safety_rise(A0, &knot[i], noise) > 0)) {
            return false;
        }
    }
    return true;
}

/* The breach at the knots where L2 falls: smooth on the scale of many knots, so a margin says enough of what is
   between. Label noise falls with x. */
bool company_one_minimum(const struct solver *solver, double N, double Q, double tau)
{
    const double A0 = solver->A0;
    const struct equivalent *knot = &solver->knot[knot_below(solver, N)], *end = solver->knot + solver->knots;
    if (free_points(knot, N) < 0 && rises_throughout(A0, knot)) {
        return true;
    }
    struct loss_limit limit = loss_limit(A0, Q, tau);
    for (; knot < end; knot++) {
        double noise = (knot->origin + knot->df2) / (N - knot->origin - knot->df2);
        if (noise > 0 && safety_rise(A0, knot, noise) > 0) {
            return true;
        }
        double A1 = knot->a2 * (1 + noise), share = knot->a1 / A0;
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
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct loss_form form = loss_form(problem->solver->A0, problem->Q, &c);
    return form.m * form.r * (1 + form.r) + form.R2 < 0;
}

static double breach(double x, void *context)
{
    return choice_breach(context, x);
}

static double breach_slope(double x, void *context)
{
    const struct problem *problem = context;
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return c.A1_x - 2 * problem->Q * c.A2_x;
}

/* The breach has one interior minimum; it is narrow, hence the sampling. */
double pocket_entry(struct problem *problem)
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
        root_shrink(breach_slope, problem, 1e-13 * (1 + fabs(low)), &bracket);
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
    root_shrink(breach, problem, 1e-13 * (1 + fabs(low)), &bracket);
    return bracket.fa <= 0 ? bracket.a : bracket.b;
}
