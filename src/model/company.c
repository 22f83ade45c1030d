/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The company's constrained minimum over x. At given x the choice of alpha is closed form (company_choice.h). The loss
 * so defined has one minimum (company_isolated.h has the exception). A sign change of its slope is bracketed by the
 * whole range of x or, for a solver with a table, by two neighbouring nodes. Source: MODEL.md section 5.2.
 */
#include "moat/company.h"

#include <math.h>

#include "model/company_choice.h"
#include "model/company_isolated.h"
#include "model/root.h"

static double slope_at(double x, void *problem)
{
    return moat_choice_at(problem, x).slope;
}

static double excess_at(double x, void *problem)
{
    return moat_choice_at(problem, x).excess;
}

/* Cuts `bracket`, whose low end is a, at the kink where alpha = 1 becomes feasible; the minimum may be the kink. */
static void keep_one_branch(struct company_problem *problem, double tolerance, struct bracket *bracket)
{
    struct bracket kink = {bracket->a, moat_choice_breach(bracket->a, problem), bracket->b,
                           moat_choice_breach(bracket->b, problem)};
    moat_root_shrink(moat_choice_breach, problem, tolerance, &kink);
    double low = fmin(kink.a, kink.b), high = fmax(kink.a, kink.b);
    kink = (struct bracket){low, slope_at(low, problem), high, slope_at(high, problem)};
    moat_root_keep_branch(&kink, false, bracket);
}

/* Two x on either side of the minimum, with the choices there. */
struct enclosure {
    const struct company_problem *problem;
    double low, high;
    struct choice at_low, at_high;
    bool inside_low, inside_high; /* whether 0 < lambda < 1 there; else there is no choice */
};

/* Whether the minimum lies above node k: always where lambda <= 0, never where lambda >= 1. Keeps the choice there. */
static bool minimum_is_above(size_t k, void *context)
{
    struct enclosure *enclosure = context;
    const struct company_problem *problem = enclosure->problem;
    const struct moat_spectral_sums *node = &problem->solver->table->node[k];
    double rest = moat_spectral_sums_free(node, problem->N);
    bool inside = rest > 0 && (node->x <= 0 || exp(node->x) * rest < problem->N);
    struct choice here = {.slope = rest > 0 ? 1 : -1};
    if (inside) {
        struct moat_coefficients c;
        moat_spectral_sums_coefficients(problem->solver->A0, node, problem->N, &c);
        here = moat_choice_from(problem, &c);
    }
    bool above = here.slope < 0;
    *(above ? &enclosure->at_low : &enclosure->at_high) = here;
    *(above ? &enclosure->inside_low : &enclosure->inside_high) = inside;
    return above;
}

/* Finds the neighbouring nodes between which the minimum lies. Returns whether lambda is between 0 and 1 at both; if
   not, the choices there are not set. */
static bool enclose_by_nodes(struct enclosure *enclosure)
{
    const struct moat_sums_table *table = enclosure->problem->solver->table;
    struct neighbours found = moat_root_bisect_nodes(table->nodes, minimum_is_above, enclosure);
    enclosure->low = table->node[found.below].x;
    enclosure->high = table->node[found.above].x;
    return enclosure->inside_low && enclosure->inside_high;
}

/* Narrows the enclosure to the neighbours of the lowest of its samples. */
static void enclose_lowest(struct company_problem *problem, struct enclosure *enclosure)
{
    struct bracket bracket = {.a = enclosure->low, .b = enclosure->high};
    moat_root_enclose_lowest(excess_at, problem, &bracket);
    enclosure->low = bracket.a;
    enclosure->high = bracket.b;
}

/* The minimum over lambda in (0, 1), but for isolated feasible ranges; *end is -1 or 1 when it is that end. */
static struct choice minimise(struct company_problem *problem, bool by_nodes, double *x, int *end)
{
    const struct moat_solver *solver = problem->solver;
    double first = NAN, last = NAN;
    struct enclosure at = {.problem = problem, .low = -INFINITY, .high = INFINITY};
    if (!by_nodes || !enclose_by_nodes(&at)) {
        solver->domain(solver->state, problem->N, &first, &last);
        at.low = fmax(at.low, first);
        at.high = fmin(at.high, last);
        if (!solver->single_minimum) {
            enclose_lowest(problem, &at);
        }
        at.at_low = moat_choice_at(problem, at.low);
        at.at_high = moat_choice_at(problem, at.high);
    }
    if (at.at_low.slope >= 0 || at.at_high.slope <= 0) {
        bool low = at.at_low.slope >= 0;
        *x = low ? at.low : at.high;
        *end = *x == first ? -1 : *x == last ? 1 : 0;
        return low ? at.at_low : at.at_high;
    }
    *end = 0;
    double tolerance = 1e-13 * (1 + fabs(at.low));
    struct bracket bracket = {at.low, at.at_low.slope, at.high, at.at_high.slope};
    if (solver->single_minimum && (at.at_low.branch == UNCONSTRAINED) != (at.at_high.branch == UNCONSTRAINED)) {
        keep_one_branch(problem, tolerance, &bracket);
    }
    moat_root_shrink(slope_at, problem, tolerance, &bracket);
    /* At a kink the two sides are equally good to rounding, but only one may be feasible. */
    struct choice a = moat_choice_at(problem, bracket.a), b = moat_choice_at(problem, bracket.b);
    *x = a.excess <= b.excess ? bracket.a : bracket.b;
    return a.excess <= b.excess ? a : b;
}

/* The performance loss of infinite data, G(tau). */
static double loss_of_limit(const struct moat_limit *limit)
{
    return limit->m * limit->distance * limit->distance;
}

static void solve_infinite_data(const struct company_problem *problem, struct moat_company *out)
{
    const struct moat_limit *limit = &problem->limit;
    out->feasible = limit->z >= 0;
    if (out->feasible) {
        out->alpha = (1 + limit->z) / 2;
        out->lambda = 0;
        out->loss_performance = loss_of_limit(limit);
        out->loss_safety = fmin(problem->tau, 4 * limit->m);
        out->excess = 0;
    }
}

/* With N >= P the company learns any labels exactly, and with tau >= L_star all of them may be for performance. Returns
   the limit lambda -> 0 itself, not the loss that is left at the lowest x; it is feasible whatever rounding says at
   tau = L_star. */
static void solve_interpolating(const struct moat_solver *solver, double L_star, struct moat_company *out)
{
    double high;
    solver->domain(solver->state, out->N, &out->x, &high);
    out->end = -1;
    out->feasible = true;
    out->alpha = 1;
    out->lambda = 0;
    out->loss_performance = out->excess = 0;
    out->loss_safety = L_star;
}

/* Replaces *choice, at out->x, by the choice at the isolated feasible range where that is better. */
static void try_isolated(struct company_problem *problem, struct choice *choice, struct moat_company *out)
{
    double x = moat_company_isolated_entry(problem);
    struct choice other = isnan(x) ? *choice : moat_choice_at(problem, x);
    if (other.excess < choice->excess) {
        double low, high;
        problem->solver->domain(problem->solver->state, problem->N, &low, &high);
        out->x = x;
        out->end = x > low ? 0 : -1;
        *choice = other;
    }
}

void moat_company_solve(const struct moat_market *market, double N, double tau, struct moat_company *out)
{
    if (market->solver->methods) {
        market->solver->methods->company(market, N, tau, out);
        return;
    }
    struct company_problem problem = moat_company_problem(market, N, tau);
    const struct moat_solver *solver = problem.solver;
    *out = moat_company_unsolved(N);
    if (isinf(N)) {
        solve_infinite_data(&problem, out);
        return;
    }
    if (!(N >= solver->N_low && N <= solver->N_high) || (problem.given && problem.limit.z < 0)) {
        return;
    }
    if (N >= solver->N_interpolating && problem.limit.distance == 0) {
        solve_interpolating(solver, 4 * problem.limit.m, out);
        return;
    }

    bool by_nodes = solver->table != NULL;
    struct choice choice = minimise(&problem, by_nodes, &out->x, &out->end);
    if (choice.branch != UNCONSTRAINED && by_nodes && !moat_company_has_one_minimum(solver, N, &problem.limit)) {
        by_nodes = false;
        choice = minimise(&problem, false, &out->x, &out->end);
    }
    if (choice.branch != UNCONSTRAINED && !by_nodes) {
        try_isolated(&problem, &choice, out);
    }
    out->excess = choice.excess;
    out->feasible = choice.branch != INFEASIBLE;
    if (out->feasible) {
        out->alpha = fmin(1, (1 + choice.s) / 2);
        out->lambda = out->end < 0 ? 0 : out->end > 0 ? 1 : fmin(1, solver->lambda(solver->state, N, out->x));
        out->loss_performance = loss_of_limit(&problem.limit) + choice.excess;
        out->loss_safety = choice.loss_safety;
    }
}
