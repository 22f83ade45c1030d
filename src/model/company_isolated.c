/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Isolated feasible ranges: label noise is so large that L2 falls as alpha comes close to 1, alpha = 1 may be feasible
 * in a narrow range of x by itself, and the best loss then has more than one minimum.
 */
#include "model/company_isolated.h"

#include <math.h>

#include "model/root.h"

struct ridgeless_goal {
    const struct moat_sums_table *table;
    double N;
};

static bool ridgeless_is_above(size_t k, void *context)
{
    const struct ridgeless_goal *goal = context;
    return moat_spectral_sums_free(&goal->table->node[k], goal->N) <= 0;
}

/* The last node with df1 >= N, if there is one; the ridgeless limit lies between it and the next. */
static const struct moat_spectral_sums *node_below(const struct moat_sums_table *table, double N)
{
    struct ridgeless_goal goal = {table, N};
    return &table->node[moat_root_bisect_nodes(table->nodes, ridgeless_is_above, &goal).below];
}

/* dL2/d alpha at alpha = 1, up to a positive factor, if v = `noise`. */
static double safety_rise(double A0, const struct moat_spectral_sums *at, double noise)
{
    double unexplained = at->a1 / A0, r = 1 - unexplained;
    return A0 * (r * (1 + r) - noise) + at->a2 * (1 + noise) - unexplained * at->a1;
}

/* Whether L2 rises for every lambda at N below P, where `node` and the next enclose the ridgeless limit: label noise is
   largest there, v = df2 / (df1 - df2). */
static bool rises_throughout(double A0, const struct moat_spectral_sums *node)
{
    for (int i = 0; i < 2; i++) {
        double noise = (node[i].offset + node[i].df2) / (node[i].df1 - node[i].df2);
        if (!(safety_rise(A0, &node[i], noise) > 0)) {
            return false;
        }
    }
    return true;
}

/* Looks at the nodes from the ridgeless limit up, until L2 rises: label noise falls with x, so it rises from there on.
   The breach is smooth on the scale of many nodes, so a margin at the nodes covers what lies between. */
bool moat_company_has_one_minimum(const struct moat_solver *solver, double N, const struct moat_limit *limit)
{
    const double A0 = solver->A0;
    const struct moat_sums_table *table = solver->table;
    const struct moat_spectral_sums *node = node_below(table, N), *end = table->node + table->nodes;
    if (moat_spectral_sums_free(node, N) < 0 && rises_throughout(A0, node)) {
        return true;
    }
    for (; node < end; node++) {
        double noise = (node->offset + node->df2) / (N - node->offset - node->df2);
        if (noise > 0 && safety_rise(A0, node, noise) > 0) {
            return true;
        }
        double A1 = node->a2 * (1 + noise), unexplained = node->a1 / A0, distance = limit->distance;
        double breach = A1 + limit->m * (4 * (distance - unexplained) - distance * distance) - limit->headroom;
        if (!(noise > 0 && breach > 0.1 * (A1 + 4 * limit->m * unexplained))) {
            return false;
        }
    }
    return false;
}

/* Whether L2 falls with alpha at alpha = 1, which takes much label noise. If it rises at the lowest x, it rises at
   every x. */
static bool safety_falls(const struct company_problem *problem, double x)
{
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct moat_loss_form form = moat_loss_form(problem->solver->A0, problem->Q, &c);
    return form.m * form.r * (1 + form.r) + form.R2 < 0;
}

static double breach_slope(double x, void *context)
{
    const struct company_problem *problem = context;
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return c.A1_x - 2 * problem->Q * c.A2_x;
}

/* The breach has one interior minimum; it is narrow, hence the sampling. */
double moat_company_isolated_entry(struct company_problem *problem)
{
    double low, high;
    problem->solver->domain(problem->solver->state, problem->N, &low, &high);
    if (!safety_falls(problem, low)) {
        return NAN;
    }
    int lowest = moat_root_lowest_sample(moat_choice_breach, problem, low, high, 1, ROOT_SAMPLES - 1);
    double width = (high - low) / (double)ROOT_SAMPLES, x_lowest = moat_root_sample(low, high, lowest);
    struct bracket bracket = {x_lowest - width, 0, x_lowest + width, 0};
    bracket.fa = breach_slope(bracket.a, problem);
    bracket.fb = breach_slope(bracket.b, problem);
    if (bracket.fa < 0 && bracket.fb > 0) {
        moat_root_shrink(breach_slope, problem, 1e-13 * (1 + fabs(low)), &bracket);
        x_lowest = bracket.a;
    }

    double left = x_lowest;
    do { /* to a sample at which alpha = 1 is infeasible */
        left = fmax(left - width, low);
    } while (left > low && moat_choice_breach(left, problem) <= 0);
    bracket =
        (struct bracket){left, moat_choice_breach(left, problem), x_lowest, moat_choice_breach(x_lowest, problem)};
    if (bracket.fa <= 0 || !(bracket.fb <= 0)) {
        return bracket.fa <= 0 ? left
                               : NAN; /* feasible from the lowest x on, where the slope of the loss is rounding */
    }
    moat_root_shrink(moat_choice_breach, problem, 1e-13 * (1 + fabs(low)), &bracket);
    return bracket.fa <= 0 ? bracket.a : bracket.b;
}
