/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scaling law at fixed alpha.
 *
 * The excess is the sum of A1, A2 and D that mixture.h gives, in which nothing cancels. The best level is a root of its
 * derivative in x. By the envelope theorem the exponent is the derivative in ln N at fixed lambda (MODEL.md section
 * 10).
 */
#include "moat/scaling_law.h"

#include <math.h>

#include "model/mixture.h"
#include "model/root.h"

/* The excess of a mixture at N data points. */
struct excess {
    const struct moat_solver *solver;
    double N;
    struct mixture mixture;
};

static struct moat_coefficients coefficients_at(const struct excess *excess, double x)
{
    struct moat_coefficients c;
    excess->solver->coefficients(excess->solver->state, excess->N, x, &c);
    return c;
}

static double value_at(double x, void *context)
{
    const struct excess *excess = context;
    struct moat_coefficients c = coefficients_at(excess, x);
    return mixture_sum(&excess->mixture, c.A1, c.A2, c.D);
}

static double log_slope(double x, void *context)
{
    const struct excess *excess = context;
    struct moat_coefficients c = coefficients_at(excess, x);
    return mixture_sum(&excess->mixture, c.A1_x, c.A2_x, c.D_x) / mixture_sum(&excess->mixture, c.A1, c.A2, c.D);
}

/* The x of the least excess in [low, high]; *end is -1 or 1 when it is that end. */
static double minimise(struct excess *excess, double low, double high, int *end)
{
    struct bracket bracket = {.a = low, .b = high};
    if (!excess->solver->single_minimum) {
        moat_root_enclose_lowest(value_at, excess, &bracket);
    }
    bracket.fa = log_slope(bracket.a, excess);
    bracket.fb = log_slope(bracket.b, excess);
    *end = 0;
    if (bracket.fa >= 0 || bracket.fb <= 0) {
        double x = bracket.fa >= 0 ? bracket.a : bracket.b;
        *end = x == low ? -1 : x == high ? 1 : 0;
        return x;
    }
    moat_root_shrink(log_slope, excess, 1e-13 * (1 + fabs(low)), &bracket);
    return bracket.a;
}

/* Solves with the solver's coefficients, and leaves *out as it is where that is not certain. */
static void solve(const struct moat_solver *solver, double N, double Q, double alpha, double lambda,
                  struct moat_scaling_law *out)
{
    double low, high, x, a = 1 - alpha;
    struct excess problem = {solver, N, mixture_of(Q, a, 2 * alpha - 1)};
    int end = 0;
    solver->domain(solver->state, N, &low, &high);
    if (isnan(lambda)) {
        x = minimise(&problem, low, high, &end);
        lambda = end < 0 ? 0 : end > 0 ? 1 : fmin(1, solver->lambda(solver->state, N, x));
    } else {
        x = solver->x_of_lambda(solver->state, N, lambda);
        end = x == low ? -1 : 0; /* lambda is so small that the tables end above it */
    }
    struct moat_coefficients c = coefficients_at(&problem, x);
    double excess = mixture_sum(&problem.mixture, c.A1, c.A2, c.D);
    if ((end < 0 && N > solver->N_covered) || !isfinite(excess)) {
        return;
    }
    struct moat_coefficients_log_N at_lambda;
    solver->coefficients_log_N(solver->state, N, x, &at_lambda);
    double slope = mixture_sum(&problem.mixture, at_lambda.A1_log_N, at_lambda.A2_log_N, at_lambda.D_log_N);

    out->solved = true;
    out->lambda = lambda;
    out->term = moat_loss_terms(solver->A0, Q, alpha, &c);
    if (lambda == 0 && a == 0 && N >= solver->N_interpolating) { /* the limit itself, not the loss at the lowest x */
        out->loss = out->excess = 0;
        out->term = (struct moat_loss_terms){0};
        return;
    }
    out->loss = excess + out->term.mixture;
    out->excess = excess;
    out->exponent_loss = -slope / out->loss;
    out->exponent_excess = -slope / excess;
}

void moat_scaling_law_solve(const struct moat_solver *solver, double N, double Q, double alpha, double lambda,
                            struct moat_scaling_law *out)
{
    *out = (struct moat_scaling_law){
        false, NAN, NAN, NAN, .term = {NAN, NAN, NAN, NAN}, .exponent_loss = NAN, .exponent_excess = NAN};
    if (!(N >= solver->N_low && N <= solver->N_high)) {
        return;
    }
    if (solver->methods) {
        solver->methods->scaling_law(solver, N, alpha, lambda, out);
    } else {
        solve(solver, N, Q, alpha, lambda, out);
    }
}
