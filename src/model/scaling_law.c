/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scaling law at fixed alpha.
 *
 * In the quadratic of DESIGN.md section 2 the excess is a sum of A1, A2 and D with weights that are never negative for
 * a <= 1/2, so nothing cancels in it; its derivatives in x and in N are the same sums of theirs. The best level is a
 * root of the first; by the envelope theorem the exponent is the second, at fixed lambda.
 */
#include "moat/scaling_law.h"

#include <math.h>

#include "model/root.h"

struct problem {
    const struct moat_solver *solver;
    double N;
    double A1, A2, D; /* weights of the coefficients in the excess */
};

static struct problem problem_of(const struct moat_solver *solver, double N, double Q, double alpha)
{
    double a = 1 - alpha;
    return (struct problem){solver, N, 1 - 2 * a * alpha * Q, 2 * Q * a * (2 * alpha - 1), 2 * Q * a * alpha};
}

static double excess_of(const struct problem *problem, const struct moat_coefficients *c)
{
    return problem->A1 * c->A1 + problem->A2 * c->A2 + problem->D * c->D;
}

/* d excess / d the variable the coefficients' derivatives are in. */
static double slope_of(const struct problem *problem, const struct moat_coefficients *c)
{
    return problem->A1 * c->A1_x + problem->A2 * c->A2_x + problem->D * c->D_x;
}

static struct moat_coefficients coefficients_at(const struct problem *problem, double x)
{
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return c;
}

static double log_slope(double x, void *context)
{
    struct moat_coefficients c = coefficients_at(context, x);
    return slope_of(context, &c) / excess_of(context, &c);
}

/* The neighbours of the best of samples of [low, high]: where data are interpolated there may be small local minima. */
static struct bracket lowest_samples(const struct problem *problem, double low, double high)
{
    enum { SAMPLES = 64 };
    double width = (high - low) / SAMPLES, lowest = INFINITY;
    int best = 0;
    for (int i = 0; i <= SAMPLES; i++) {
        struct moat_coefficients c = coefficients_at(problem, i < SAMPLES ? low + width * i : high);
        double excess = excess_of(problem, &c);
        if (excess < lowest) {
            lowest = excess;
            best = i;
        }
    }
    return (struct bracket){.a = best > 0 ? low + width * (best - 1) : low,
                            .b = best < SAMPLES - 1 ? low + width * (best + 1) : high};
}

/* The x of the least excess in [low, high]; *end is -1 or 1 when it is that end. */
static double minimise(struct problem *problem, double low, double high, int *end)
{
    struct bracket bracket = {.a = low, .b = high};
    if (!problem->solver->single_minimum) {
        bracket = lowest_samples(problem, low, high);
    }
    bracket.fa = log_slope(bracket.a, problem);
    bracket.fb = log_slope(bracket.b, problem);
    *end = 0;
    if (bracket.fa >= 0 || bracket.fb <= 0) {
        double x = bracket.fa >= 0 ? bracket.a : bracket.b;
        *end = x == low ? -1 : x == high ? 1 : 0;
        return x;
    }
    moat_root_shrink(log_slope, problem, 1e-13 * (1 + fabs(low)), &bracket);
    return bracket.a;
}

void moat_scaling_law_solve(const struct moat_solver *solver, double N, double Q, double alpha, double lambda,
                            struct moat_scaling_law *out)
{
    *out = (struct moat_scaling_law){
        false, NAN, NAN, NAN, .term = {NAN, NAN, NAN, NAN}, .exponent_loss = NAN, .exponent_excess = NAN};
    if (!(N >= solver->N_low && N <= solver->N_high)) {
        return;
    }
    struct problem problem = problem_of(solver, N, Q, alpha);
    double low, high, x, a = 1 - alpha;
    int end = 0;
    solver->domain(solver->state, N, &low, &high);
    if (isnan(lambda)) {
        x = minimise(&problem, low, high, &end);
        lambda = end < 0 ? 0 : end > 0 ? 1 : fmin(1, solver->lambda(solver->state, N, x));
    } else {
        x = solver->x_of_lambda(solver->state, N, lambda);
        end = x == low ? -1 : 0; /* so small a lambda that the tables end above it */
    }
    struct moat_coefficients c = coefficients_at(&problem, x), c_N;
    double excess = excess_of(&problem, &c);
    if ((end < 0 && N > solver->N_covered) || !isfinite(excess)) {
        return;
    }
    solver->coefficients_log_N(solver->state, N, x, &c_N);
    double slope = slope_of(&problem, &c_N);

    out->solved = true;
    out->lambda = lambda;
    out->term = moat_loss_terms(solver->A0, Q, alpha, &c);
    if (lambda == 0 && a == 0 && N >= solver->N_interpolating) { /* the limit itself, not what the lowest x leaves */
        out->loss = out->excess = 0;
        out->term = (struct moat_loss_terms){0};
        return;
    }
    out->loss = excess + out->term.mixture;
    out->excess = excess;
    out->exponent_loss = -slope / out->loss;
    out->exponent_excess = -slope / excess;
}
