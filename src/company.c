/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The company's constrained minimum.
 *
 * At a given x the best alpha is closed form: alpha = 1 where that meets the safety constraint ("slack"), else the
 * largest alpha with L2 = tau ("binding"), else, when there is none, alpha = 1/2 ("violated"), where both losses are
 * equal and exceed tau. The loss so defined exceeds tau exactly where no alpha is feasible, and has one minimum
 * (slack_entry has the exception), so a sign change of its slope is bracketed by the whole range of x. Losses are
 * counted from G(tau), the loss of infinite data, in the form of loss.h: then nothing cancels however small the excess.
 */
#include "moat/company.h"

#include <math.h>

#include "moat/loss.h"
#include "moat/root.h"

enum branch { SLACK, BINDING, VIOLATED };

struct problem {
    const struct solver *solver;
    double N, Q, tau;
    double z_inf; /* position of the infinite-data optimum: m (1 + z_inf)^2 = min(tau, L_star) */
    double spare; /* tau - L_star where positive */
};

struct choice {
    enum branch branch;
    double s;      /* 2 alpha - 1 */
    double excess; /* loss above G(tau) */
    double slope;  /* d ln(loss that x trades off) / dx: the sign of d loss / dx */
    double loss_safety;
};

double company_infinite_data_loss(double L_star, double tau)
{
    double root = sqrt(L_star) - sqrt(fmin(tau, L_star));
    return tau < L_star / 4 ? NAN : root * root;
}

/* The largest z <= r with m (1 + z)^2 + R0 + rho z^2 = tau; NaN when there is none. With z = z_inf - delta this is
   (m + rho) delta^2 - 2 B delta + e = 0, of which delta is the root next to z = 0. */
static double binding_delta(const struct problem *problem, const struct loss_form *form, double rho)
{
    double curvature = form->m + rho;
    double B = curvature * problem->z_inf + form->m;
    double e = form->R0 + rho * problem->z_inf * problem->z_inf - problem->spare;
    double root = sqrt(B * B - curvature * e);
    return B >= 0 ? e / (B + root) : (B - root) / curvature;
}

/* The alpha below 1 where L1 is least whatever the constraint, for a form that has one. */
static struct choice choose_turning(const struct problem *problem, const struct loss_form *form)
{
    double s = form->m * form->r / (form->m * form->r * form->r + form->R2), z = form->r * s;
    double R = form->R0 + form->R2 * s * s;
    double loss = form->m * (1 - z) * (1 - z) + R;
    double loss_x = -2 * form->m * (1 - z) * form->r_x * s + form->R0_x + form->R2_x * s * s;
    double excess = form->m * (problem->z_inf - z) * (2 - z - problem->z_inf) + R;
    return (struct choice){SLACK, s, excess, loss_x / loss, form->m * (1 + z) * (1 + z) + R};
}

static struct choice choose(const struct problem *problem, double x)
{
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct loss_form form = loss_form(problem->solver->A0, problem->Q, &c);
    double m = form.m, r = form.r, z_inf = problem->z_inf;

    if (form.R2 > m * r * (1 - r)) { /* sampled data only: L1 rises with alpha before alpha = 1 */
        struct choice turning = choose_turning(problem, &form);
        if (turning.loss_safety <= problem->tau) {
            return turning;
        }
    }
    double safety = c.A1 + 4 * m * r; /* at alpha = 1 */
    if (safety <= problem->tau) {
        double excess = z_inf < 1 ? m * (z_inf - r) * (2 - r - z_inf) + form.R1 : c.A1;
        return (struct choice){SLACK, 1, excess, c.A1_x / c.A1, safety};
    }

    double rho = form.R2 / (r * r);
    double rho_x = (form.R2_x - 2 * rho * r * form.r_x) / (r * r);
    double delta = binding_delta(problem, &form, rho);
    double z = z_inf - delta;
    if (z >= 0) { /* d L1* / dx has the sign of the derivative of R at fixed z */
        double R = form.R0 + rho * z * z;
        double excess = m * delta * (2 * (1 - z_inf) + delta) + R;
        return (struct choice){BINDING, z / r, excess, (form.R0_x + rho_x * z * z) / R, problem->tau};
    }
    return (struct choice){VIOLATED, 0, m * z_inf * (2 - z_inf) + form.R0, form.R0_x / form.R0, m + form.R0};
}

static double slope_at(double x, void *context)
{
    return choose(context, x).slope;
}

/* Narrows [low, high] to the neighbours of the best of its samples: where data are interpolated, the loss may have
   small local minima, above all where it hardly depends on x. */
static void enclose_lowest(const struct problem *problem, double *low, double *high)
{
    enum { SAMPLES = 64 };
    double from = *low, width = (*high - *low) / SAMPLES, lowest = INFINITY;
    int best = 0;
    for (int i = 0; i <= SAMPLES; i++) {
        double excess = choose(problem, i < SAMPLES ? from + width * i : *high).excess;
        if (excess < lowest) {
            lowest = excess;
            best = i;
        }
    }
    *high = best < SAMPLES - 1 ? from + width * (best + 1) : *high;
    *low = best > 0 ? from + width * (best - 1) : *low;
}

/* The minimum on [low, high], where slack_entry adds to it; *end is -1 or 1 when it is that end. */
static double minimise(struct problem *problem, double low, double high, int *end)
{
    double first = low, last = high;
    if (!problem->solver->single_minimum) {
        enclose_lowest(problem, &low, &high);
    }
    struct bracket bracket = {low, slope_at(low, problem), high, slope_at(high, problem)};
    if (bracket.fa >= 0 || bracket.fb <= 0) {
        double x = bracket.fa >= 0 ? low : high;
        *end = x == first ? -1 : x == last ? 1 : 0;
        return x;
    }
    *end = 0;
    root_shrink(slope_at, problem, 1e-13 * (1 + fabs(low)), &bracket);
    /* At a kink the two sides are equally good to rounding, but only one may be feasible. */
    return choose(problem, bracket.a).excess <= choose(problem, bracket.b).excess ? bracket.a : bracket.b;
}

/* The safety loss at alpha = 1 less tau, to the bit what choose() compares, and its slope. */
static double breach(double x, void *context)
{
    const struct problem *problem = context;
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct loss_form form = loss_form(problem->solver->A0, problem->Q, &c);
    return c.A1 + 4 * form.m * form.r - problem->tau;
}

static double breach_slope(double x, void *context)
{
    const struct problem *problem = context;
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return c.A1_x - 2 * problem->Q * c.A2_x;
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

/* Where L2 falls with alpha at alpha = 1 (P finite and N close to P), alpha = 1 may be feasible where no smaller alpha
   close to it is: then the best loss jumps down at the lowest such x, which the slope cannot show. Returns that x, or
   NaN. The breach has one interior minimum; it is narrow, hence the sampling. */
static double slack_entry(struct problem *problem, double low, double high)
{
    enum { SAMPLES = 64 };
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

static void solve_infinite_data(double L_star, double tau, struct company *out)
{
    out->feasible = tau >= L_star / 4;
    if (out->feasible) {
        out->alpha = sqrt(fmin(tau, L_star) / L_star);
        out->lambda = 0;
        out->loss_performance = company_infinite_data_loss(L_star, tau);
        out->loss_safety = fmin(tau, L_star);
    }
}

void company_solve(const struct solver *solver, double N, double Q, double tau, struct company *out)
{
    *out = (struct company){.N = N, .alpha = NAN, .lambda = NAN, .loss_performance = NAN, .loss_safety = NAN, .x = NAN};
    double L_star = 2 * Q * solver->A0;
    if (isinf(N)) {
        solve_infinite_data(L_star, tau, out);
        return;
    }
    if (!(N >= solver->N_low && N <= solver->N_high)) {
        out->excess = NAN;
        return;
    }

    double tau_capped = fmin(tau, L_star);
    struct problem problem = {solver, N, Q, tau, 2 * sqrt(tau_capped / L_star) - 1, tau - tau_capped};
    double low, high;
    solver->domain(solver->state, N, &low, &high);
    out->x = minimise(&problem, low, high, &out->end);
    struct choice choice = choose(&problem, out->x);
    if (choice.branch != SLACK && safety_falls(&problem, low)) {
        double x = slack_entry(&problem, low, high);
        struct choice other = choose(&problem, x);
        if (!isnan(x) && other.excess < choice.excess) {
            out->x = x;
            out->end = x > low ? 0 : -1;
            choice = other;
        }
    }
    if (choice.branch == SLACK && out->end < 0 && N >= solver->N_interpolating && tau >= L_star) {
        choice.excess = 0; /* the limit itself, not what the lowest x leaves */
    }
    out->excess = choice.excess;
    out->feasible = choice.branch != VIOLATED;
    if (out->feasible) {
        double root = 1 - problem.z_inf;
        out->alpha = (1 + choice.s) / 2;
        out->lambda = out->end < 0 ? 0 : out->end > 0 ? 1 : fmin(1, solver->lambda(solver->state, N, out->x));
        out->loss_performance = L_star / 4 * root * root + choice.excess;
        out->loss_safety = choice.loss_safety;
    }
}
