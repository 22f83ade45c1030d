/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The company's constrained minimum over x. At given x the choice of alpha is closed form (company_internal.h). The
 * loss so defined has one minimum (moat_company_isolated_entry has the exception), so a sign change of its slope is
 * bracketed by the whole range of x, and by two neighbouring nodes of a solver that has them.
 */
#include "moat/company.h"

#include <math.h>

#include "model/company_internal.h"
#include "model/root.h"

double moat_company_infinite_data_loss(double L_star, double tau)
{
    double root = tau < L_star ? (L_star - tau) / (sqrt(L_star) + sqrt(tau)) : 0;
    return tau < L_star / 4 ? NAN : root * root;
}

static double slope_at(double x, void *context)
{
    return moat_choice_at(context, x).slope;
}

/* Narrows [low, high] to the neighbours of the best of its samples: where data are interpolated, the loss may have
   small local minima, above all where it hardly depends on x. */
static void enclose_lowest(const struct problem *problem, double *low, double *high)
{
    enum { SAMPLES = 64 };
    double from = *low, width = (*high - *low) / SAMPLES, lowest = INFINITY;
    int best = 0;
    for (int i = 0; i <= SAMPLES; i++) {
        double excess = moat_choice_at(problem, i < SAMPLES ? from + width * i : *high).excess;
        if (excess < lowest) {
            lowest = excess;
            best = i;
        }
    }
    *high = best < SAMPLES - 1 ? from + width * (best + 1) : *high;
    *low = best > 0 ? from + width * (best - 1) : *low;
}

static double breach(double x, void *context)
{
    return moat_choice_breach(context, x);
}

/* Cuts `bracket`, whose low end is a, at the kink where alpha = 1 becomes feasible; the minimum may be the kink. */
static void keep_one_branch(struct problem *problem, double tolerance, struct bracket *bracket)
{
    struct bracket kink = {bracket->a, breach(bracket->a, problem), bracket->b, breach(bracket->b, problem)};
    moat_root_shrink(breach, problem, tolerance, &kink);
    if (kink.a > kink.b) {
        kink = (struct bracket){kink.b, kink.fb, kink.a, kink.fa};
    }
    double below = slope_at(kink.a, problem), above = slope_at(kink.b, problem);
    if (below > 0) {
        *bracket = (struct bracket){bracket->a, bracket->fa, kink.a, below};
    } else if (above < 0) {
        *bracket = (struct bracket){kink.b, above, bracket->b, bracket->fb};
    } else {
        *bracket = (struct bracket){kink.a, below, kink.b, above};
    }
}

/* Two x on either side of the minimum, with the choices there. */
struct span {
    double low, high;
    struct choice at_low, at_high;
};

/* The neighbouring nodes between which the minimum lies, by bisection: it lies above where lambda <= 0, below where
   lambda >= 1. Returns whether lambda is between 0 and 1 at both; else the choices are not set. */
static bool enclose_by_knots(const struct problem *problem, struct span *span)
{
    const struct moat_spectral_sums *node = problem->solver->node;
    size_t below = 0, above = problem->solver->nodes - 1;
    bool inside_below = false, inside_above = false;
    while (above - below > 1) {
        size_t middle = (below + above) / 2;
        double rest = free_points(&node[middle], problem->N);
        bool inside = rest > 0 && (node[middle].x <= 0 || exp(node[middle].x) * rest < problem->N);
        struct choice here = {.slope = rest > 0 ? 1 : -1};
        if (inside) {
            struct moat_coefficients c;
            moat_spectral_sums_coefficients(problem->solver->A0, &node[middle], problem->N, &c);
            here = moat_choice_from(problem, &c);
        }
        if (here.slope < 0) {
            below = middle;
            inside_below = inside;
            span->at_low = here;
        } else {
            above = middle;
            inside_above = inside;
            span->at_high = here;
        }
    }
    span->low = node[below].x;
    span->high = node[above].x;
    return inside_below && inside_above;
}

/* The minimum over lambda in (0, 1), where moat_company_isolated_entry adds to it; *end is -1 or 1 when it is that end.
 */
static struct choice minimise(struct problem *problem, bool by_knots, double *x, int *end)
{
    const struct moat_solver *solver = problem->solver;
    double first = NAN, last = NAN;
    struct span span = {.low = -INFINITY, .high = INFINITY};
    if (!by_knots || !enclose_by_knots(problem, &span)) {
        solver->domain(solver->state, problem->N, &first, &last);
        span.low = fmax(span.low, first);
        span.high = fmin(span.high, last);
        if (!solver->single_minimum) {
            enclose_lowest(problem, &span.low, &span.high);
        }
        span.at_low = moat_choice_at(problem, span.low);
        span.at_high = moat_choice_at(problem, span.high);
    }
    if (span.at_low.slope >= 0 || span.at_high.slope <= 0) {
        bool low = span.at_low.slope >= 0;
        *x = low ? span.low : span.high;
        *end = *x == first ? -1 : *x == last ? 1 : 0;
        return low ? span.at_low : span.at_high;
    }
    *end = 0;
    double tolerance = 1e-13 * (1 + fabs(span.low));
    struct bracket bracket = {span.low, span.at_low.slope, span.high, span.at_high.slope};
    if (solver->single_minimum && (span.at_low.branch == SLACK) != (span.at_high.branch == SLACK)) {
        keep_one_branch(problem, tolerance, &bracket);
    }
    moat_root_shrink(slope_at, problem, tolerance, &bracket);
    /* At a kink the two sides are equally good to rounding, but only one may be feasible. */
    struct choice a = moat_choice_at(problem, bracket.a), b = moat_choice_at(problem, bracket.b);
    *x = a.excess <= b.excess ? bracket.a : bracket.b;
    return a.excess <= b.excess ? a : b;
}

static void solve_infinite_data(double L_star, double tau, struct moat_company *out)
{
    out->feasible = tau >= L_star / 4;
    if (out->feasible) {
        out->alpha = sqrt(fmin(tau, L_star) / L_star);
        out->lambda = 0;
        out->loss_performance = moat_company_infinite_data_loss(L_star, tau);
        out->loss_safety = fmin(tau, L_star);
    }
}

/* Data enough to learn any labels exactly, and all of them may be the users': the limit itself, not what the lowest x
   leaves, and feasible whatever rounding says where tau is L_star. */
static void solve_interpolating(const struct moat_solver *solver, double L_star, struct moat_company *out)
{
    double high;
    solver->domain(solver->state, out->N, &out->x, &high);
    out->end = -1;
    out->feasible = true;
    out->alpha = 1;
    out->lambda = 0;
    out->loss_performance = 0;
    out->loss_safety = L_star;
}

void moat_company_solve(const struct moat_solver *solver, double N, double Q, double tau, struct moat_company *out)
{
    *out = (struct moat_company){
        .N = N, .alpha = NAN, .lambda = NAN, .loss_performance = NAN, .loss_safety = NAN, .x = NAN};
    double L_star = 2 * Q * solver->A0;
    if (isinf(N)) {
        solve_infinite_data(L_star, tau, out);
        return;
    }
    if (!(N >= solver->N_low && N <= solver->N_high)) {
        out->excess = NAN;
        return;
    }
    if (N >= solver->N_interpolating && tau >= L_star) {
        solve_interpolating(solver, L_star, out);
        return;
    }

    struct problem problem = {solver, N, Q, tau, moat_loss_limit(solver->A0, Q, tau)};
    bool by_knots = solver->nodes > 0;
    struct choice choice = minimise(&problem, by_knots, &out->x, &out->end);
    if (choice.branch != SLACK && by_knots && !moat_company_has_one_minimum(solver, N, Q, tau)) {
        by_knots = false;
        choice = minimise(&problem, false, &out->x, &out->end);
    }
    if (choice.branch != SLACK && !by_knots) {
        double x = moat_company_isolated_entry(&problem);
        struct choice other = isnan(x) ? choice : moat_choice_at(&problem, x);
        if (other.excess < choice.excess) {
            double low, high;
            solver->domain(solver->state, N, &low, &high);
            out->x = x;
            out->end = x > low ? 0 : -1;
            choice = other;
        }
    }
    out->excess = choice.excess;
    out->feasible = choice.branch != VIOLATED;
    if (out->feasible) {
        out->alpha = fmin(1, (1 + choice.s) / 2);
        out->lambda = out->end < 0 ? 0 : out->end > 0 ? 1 : fmin(1, solver->lambda(solver->state, N, out->x));
        out->loss_performance = problem.limit.m * problem.limit.miss * problem.limit.miss + choice.excess;
        out->loss_safety = choice.loss_safety;
    }
}
