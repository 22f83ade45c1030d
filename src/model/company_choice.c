/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The best alpha at a given x, in closed form. Source: MODEL.md sections 5.1 and 12. */
#include "model/company_choice.h"

#include <math.h>

/* L2 - tau at alpha = 1. */
static double breach_of(const struct company_problem *problem, const struct moat_coefficients *c,
                        const struct moat_loss_form *form)
{
    double distance = problem->limit.distance;
    return c->A1 + form->m * (4 * (distance - form->unexplained) - distance * distance) - problem->limit.headroom;
}

/* 1 - s^2 where z = z_inf - delta. */
static double mixing(const struct company_problem *problem, const struct moat_loss_form *form, double delta)
{
    return (problem->limit.distance + delta - form->unexplained) * (form->r + problem->limit.z - delta) /
           (form->r * form->r);
}

/* delta of the largest z = z_inf - delta <= r with L2 = m (1 + z)^2 + R0 + rho z^2 = tau, rho = R2 / r^2; NaN when
   there is none. It is the root of (m + rho) delta^2 - 2 B delta + e = 0 next to z = 0. */
static double binding_delta(const struct company_problem *problem, const struct moat_loss_form *form)
{
    double curvature = form->m + form->R2 / (form->r * form->r), q = mixing(problem, form, 0);
    double B = curvature * problem->limit.z + form->m;
    double e = form->R0 * q + form->R1 * (1 - q) - problem->limit.headroom;
    double root = sqrt(B * B - curvature * e);
    return B >= 0 ? e / (B + root) : (B - root) / curvature;
}

/* The alpha below 1 at which L1 has its least value without the constraint, for a form that has one. */
static struct choice choose_turning(const struct company_problem *problem, const struct moat_loss_form *form)
{
    double s = form->m * form->r / (form->m * form->r * form->r + form->R2), z = form->r * s, s2 = s * s;
    double R = form->R0 + form->R2 * s2;
    double loss = form->m * (1 - z) * (1 - z) + R;
    double loss_x = -2 * form->m * (1 - z) * form->r_x * s + form->R0_x * (1 - s2) + form->R1_x * s2;
    double excess = form->m * (problem->limit.z - z) * (1 - z + problem->limit.distance) + R;
    return (struct choice){UNCONSTRAINED, s, excess, loss_x / loss, form->m * (1 + z) * (1 + z) + R};
}

/* The choice where alpha is given. */
static struct choice choose_given(const struct company_problem *problem, const struct moat_coefficients *c)
{
    const struct mixture *mixture = &problem->mixture;
    double m = problem->limit.m, distance = problem->limit.distance, r = 1 - c->A2 / problem->solver->A0;
    double excess = mixture_sum(mixture, c->A1, c->A2, c->D), loss = m * distance * distance + excess;
    double slope = mixture_sum(mixture, c->A1_x, c->A2_x, c->D_x) / excess;
    return (struct choice){UNCONSTRAINED, mixture->s, excess, slope, loss + 4 * m * r * mixture->s};
}

struct choice moat_choice_from(const struct company_problem *problem, const struct moat_coefficients *c)
{
    if (problem->given) {
        return choose_given(problem, c);
    }
    struct moat_loss_form form = moat_loss_form(problem->solver->A0, problem->Q, c);
    const struct moat_limit *limit = &problem->limit;
    double m = form.m, r = form.r;

    if (form.R2 > m * r * form.unexplained) { /* sampled data only: L1 rises with alpha before alpha = 1 */
        struct choice turning = choose_turning(problem, &form);
        if (turning.loss_safety <= problem->tau) {
            return turning;
        }
    }
    if (breach_of(problem, c, &form) <= 0) {
        double distance = limit->distance, unexplained = form.unexplained;
        double excess = distance > 0 ? m * (unexplained - distance) * (unexplained + distance) + form.R1 : c->A1;
        return (struct choice){UNCONSTRAINED, 1, excess, c->A1_x / c->A1, c->A1 + 4 * m * r};
    }

    double delta = binding_delta(problem, &form), z = limit->z - delta;
    if (z >= 0) { /* d L1* / dx has the sign of the derivative of R at fixed z */
        double q = mixing(problem, &form, delta), R = form.R0 * q + form.R1 * (1 - q);
        double excess = m * delta * (2 * limit->distance + delta) + R;
        return (struct choice){BINDING, z / r, excess, moat_loss_rest_x(&form, q) / R, problem->tau};
    }
    return (struct choice){INFEASIBLE, 0, m * limit->z * (1 + limit->distance) + form.R0, form.R0_x / form.R0,
                           m + form.R0};
}

struct choice moat_choice_at(const struct company_problem *problem, double x)
{
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return moat_choice_from(problem, &c);
}

double moat_choice_breach(double x, void *context)
{
    const struct company_problem *problem = context;
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct moat_loss_form form = moat_loss_form(problem->solver->A0, problem->Q, &c);
    return breach_of(problem, &c, &form);
}
