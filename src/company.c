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
    struct loss_limit limit;
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
    double root = tau < L_star ? (L_star - tau) / (sqrt(L_star) + sqrt(tau)) : 0;
    return tau < L_star / 4 ? NAN : root * root;
}

/* The safety loss at alpha = 1 less tau. */
static double breach_of(const struct problem *problem, const struct coefficients *c, const struct loss_form *form)
{
    double miss = problem->limit.miss;
    return c->A1 + form->m * (4 * (miss - form->share) - miss * miss) - problem->limit.spare;
}

/* 1 - s^2 where z = z_inf - delta. */
static double mixing(const struct problem *problem, const struct loss_form *form, double delta)
{
    return (problem->limit.miss + delta - form->share) * (form->r + problem->limit.z - delta) / (form->r * form->r);
}

/* The largest z <= r with L2 = m (1 + z)^2 + R0 + rho z^2 = tau, rho = R2 / r^2; NaN when there is none. With
   z = z_inf - delta this is (m + rho) delta^2 - 2 B delta + e = 0, of which delta is the root next to z = 0. */
static double binding_delta(const struct problem *problem, const struct loss_form *form)
{
    double curvature = form->m + form->R2 / (form->r * form->r), q = mixing(problem, form, 0);
    double B = curvature * problem->limit.z + form->m;
    double e = form->R0 * q + form->R1 * (1 - q) - problem->limit.spare;
    double root = sqrt(B * B - curvature * e);
    return B >= 0 ? e / (B + root) : (B - root) / curvature;
}

/* The alpha below 1 where L1 is least whatever the constraint, for a form that has one. */
static struct choice choose_turning(const struct problem *problem, const struct loss_form *form)
{
    double s = form->m * form->r / (form->m * form->r * form->r + form->R2), z = form->r * s, s2 = s * s;
    double R = form->R0 + form->R2 * s2;
    double loss = form->m * (1 - z) * (1 - z) + R;
    double loss_x = -2 * form->m * (1 - z) * form->r_x * s + form->R0_x * (1 - s2) + form->R1_x * s2;
    double excess = form->m * (problem->limit.z - z) * (1 - z + problem->limit.miss) + R;
    return (struct choice){SLACK, s, excess, loss_x / loss, form->m * (1 + z) * (1 + z) + R};
}

static struct choice choose_from(const struct problem *problem, const struct coefficients *c)
{
    struct loss_form form = loss_form(problem->solver->A0, problem->Q, c);
    const struct loss_limit *limit = &problem->limit;
    double m = form.m, r = form.r;

    if (form.R2 > m * r * form.share) { /* sampled data only: L1 rises with alpha before alpha = 1 */
        struct choice turning = choose_turning(problem, &form);
        if (turning.loss_safety <= problem->tau) {
            return turning;
        }
    }
    if (breach_of(problem, c, &form) <= 0) {
        double excess = limit->miss > 0 ? m * (form.share - limit->miss) * (form.share + limit->miss) + form.R1 : c->A1;
        return (struct choice){SLACK, 1, excess, c->A1_x / c->A1, c->A1 + 4 * m * r};
    }

    double delta = binding_delta(problem, &form), z = limit->z - delta;
    if (z >= 0) { /* d L1* / dx has the sign of the derivative of R at fixed z */
        double q = mixing(problem, &form, delta), R = form.R0 * q + form.R1 * (1 - q);
        double excess = m * delta * (2 * limit->miss + delta) + R;
        return (struct choice){BINDING, z / r, excess, loss_rest_x(&form, q) / R, problem->tau};
    }
    return (struct choice){VIOLATED, 0, m * limit->z * (1 + limit->miss) + form.R0, form.R0_x / form.R0, m + form.R0};
}

static struct choice choose(const struct problem *problem, double x)
{
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return choose_from(problem, &c);
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

static double breach(double x, void *context)
{
    const struct problem *problem = context;
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct loss_form form = loss_form(problem->solver->A0, problem->Q, &c);
    return breach_of(problem, &c, &form);
}

static double breach_slope(double x, void *context)
{
    const struct problem *problem = context;
    struct coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return c.A1_x - 2 * problem->Q * c.A2_x;
}

/* Cuts `bracket`, whose low end is a, at the kink where alpha = 1 becomes feasible; the minimum may be the kink. */
static void keep_one_branch(struct problem *problem, double tolerance, struct bracket *bracket)
{
    struct bracket kink = {bracket->a, breach(bracket->a, problem), bracket->b, breach(bracket->b, problem)};
    root_shrink(breach, problem, tolerance, &kink);
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

/* lambda N / kappa at a knot. */
static double free_points(const struct equivalent *knot, double N)
{
    return N - knot->origin - knot->df1;
}

/* Two x on either side of the minimum, with the choices there. */
struct span {
    double low, high;
    struct choice at_low, at_high;
};

/* The neighbouring knots between which the minimum lies, by bisection: it lies above where lambda <= 0, below where
   lambda >= 1. Returns whether lambda is between 0 and 1 at both; else the choices are not set. */
static bool enclose_by_knots(const struct problem *problem, struct span *span)
{
    const struct equivalent *knot = problem->solver->knot;
    size_t below = 0, above = problem->solver->knots - 1;
    bool inside_below = false, inside_above = false;
    while (above - below > 1) {
        size_t middle = (below + above) / 2;
        double rest = free_points(&knot[middle], problem->N);
        bool inside = rest > 0 && (knot[middle].x <= 0 || exp(knot[middle].x) * rest < problem->N);
        struct choice here = {.slope = rest > 0 ? 1 : -1};
        if (inside) {
            struct coefficients c;
            equivalent_coefficients(problem->solver->A0, &knot[middle], problem->N, &c);
            here = choose_from(problem, &c);
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
    span->low = knot[below].x;
    span->high = knot[above].x;
    return inside_below && inside_above;
}

/* The minimum over lambda in (0, 1), where slack_entry adds to it; *end is -1 or 1 when it is that end. */
static struct choice minimise(struct problem *problem, bool by_knots, double *x, int *end)
{
    const struct solver *solver = problem->solver;
    double first = NAN, last = NAN;
    struct span span = {.low = -INFINITY, .high = INFINITY};
    if (!by_knots || !enclose_by_knots(problem, &span)) {
        solver->domain(solver->state, problem->N, &first, &last);
        span.low = fmax(span.low, first);
        span.high = fmin(span.high, last);
        if (!solver->single_minimum) {
            enclose_lowest(problem, &span.low, &span.high);
        }
        span.at_low = choose(problem, span.low);
        span.at_high = choose(problem, span.high);
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
    root_shrink(slope_at, problem, tolerance, &bracket);
    /* At a kink the two sides are equally good to rounding, but only one may be feasible. */
    struct choice a = choose(problem, bracket.a), b = choose(problem, bracket.b);
    *x = a.excess <= b.excess ? bracket.a : bracket.b;
    return a.excess <= b.excess ? a : b;
}

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

/* Label noise falls with x. It is largest in the ridgeless limit: as large as N = df1 makes it at some x between two
   knots, or, for N >= P, as N makes it at the lowest. */
bool company_one_minimum(const struct solver *solver, double N, double Q, double tau)
{
    const double A0 = solver->A0;
    const struct equivalent *knot = &solver->knot[knot_below(solver, N)], *end = solver->knot + solver->knots;
    if (free_points(knot, N) < 0) {
        bool rises = true;
        for (int i = 0; i < 2; i++) {
            rises =
                rises && safety_rise(A0, &knot[i], (knot[i].origin + knot[i].df2) / (knot[i].df1 - knot[i].df2)) > 0;
        }
        if (rises) {
            return true;
        }
    }
    struct loss_limit limit = loss_limit(A0, Q, tau);
    for (; knot < end; knot++) { /* smooth on the scale of many knots, so a margin says enough of what is between */
        double noise = (knot->origin + knot->df2) / (N - knot->origin - knot->df2);
        if (noise > 0 && safety_rise(A0, knot, noise) > 0) {
            return true;
        }
        double A1 = knot->a2 * (1 + noise), share = knot->a1 / A0;
        double breach_here = A1 + limit.m * (4 * (limit.miss - share) - limit.miss * limit.miss) - limit.spare;
        if (!(noise > 0 && breach_here > 0.1 * (A1 + 4 * limit.m * share))) {
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

/* Where L2 falls with alpha at alpha = 1 (P finite and N close to P), alpha = 1 may be feasible where no smaller alpha
   close to it is: then the best loss jumps down at the lowest such x, which the slope cannot show. Returns that x, or
   NaN, as it does where L2 rises. The breach has one interior minimum; it is narrow, hence the sampling. */
static double slack_entry(struct problem *problem)
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

    struct problem problem = {solver, N, Q, tau, loss_limit(solver->A0, Q, tau)};
    bool by_knots = solver->knots > 0;
    struct choice choice = minimise(&problem, by_knots, &out->x, &out->end);
    if (choice.branch != SLACK && by_knots && !company_one_minimum(solver, N, Q, tau)) {
        by_knots = false;
        choice = minimise(&problem, false, &out->x, &out->end);
    }
    if (choice.branch != SLACK && !by_knots) {
        double x = slack_entry(&problem);
        struct choice other = isnan(x) ? choice : choose(&problem, x);
        if (other.excess < choice.excess) {
            double low, high;
            solver->domain(solver->state, N, &low, &high);
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
        out->alpha = (1 + choice.s) / 2;
        out->lambda = out->end < 0 ? 0 : out->end > 0 ? 1 : fmin(1, solver->lambda(solver->state, N, out->x));
        out->loss_performance = problem.limit.m * problem.limit.miss * problem.limit.miss + choice.excess;
        out->loss_safety = choice.loss_safety;
    }
}
