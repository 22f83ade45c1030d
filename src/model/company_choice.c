/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The best alpha at a given x, in closed form. */
#include <math.h>

#include "model/company_internal.h"

/* The safety loss at alpha = 1 less tau. */
static double breach_of(const struct problem *problem, const struct moat_coefficients *c,
                        const struct moat_loss_form *form)
{
    double miss = problem->limit.miss;
    return c->A1 + form->m * (4 * (miss - form->share) - miss * miss) - problem->limit.spare;
}

/* 1 - s^2 where z = z_inf - delta. */
static double mixing(const struct problem *problem, const struct moat_loss_form *form, double delta)
{
    return (problem->limit.miss + delta - form->share) * (form->r + problem->limit.z - delta) / (form->r * form->r);
}

/* The largest z <= r with L2 = m (1 + z)^2 + R0 + rho z^2 = tau, rho = R2 / r^2; NaN when there is none. With
   z = z_inf - delta this is (m + rho) delta^2 - 2 B delta + e = 0, of which delta is the root next to z = 0. */
static double binding_delta(const struct problem *problem, const struct moat_loss_form *form)
{
    double curvature = form->m + form->R2 / (form->r * form->r), q = mixing(problem, form, 0);
    double B = curvature * problem->limit.z + form->m;
    double e = form->R0 * q + form->R1 * (1 - q) - problem->limit.spare;
    double root = sqrt(B * B - curvature * e);
    return B >= 0 ? e / (B + root) : (B - root) / curvature;
}

/* The alpha below 1 where L1 is least whatever the constraint, for a form that has one. */
static struct choice choose_turning(const struct problem *problem, const struct moat_loss_form *form)
{
    double s = form->m * form->r / (form->m * form->r * form->r + form->R2), z = form->r * s, s2 = s * s;
    double R = form->R0 + form->R2 * s2;
    double loss = form->m * (1 - z) * (1 - z) + R;
    double loss_x = -2 * form->m * (1 - z) * form->r_x * s + form->R0_x * (1 - s2) + form->R1_x * s2;
    double excess = form->m * (problem->limit.z - z) * (1 - z + problem->limit.miss) + R;
    return (struct choice){SLACK, s, excess, loss_x / loss, form->m * (1 + z) * (1 + z) + R};
}

struct choice moat_choice_from(const struct problem *problem, const struct moat_coefficients *c)
{
    struct moat_loss_form form = moat_loss_form(problem->solver->A0, problem->Q, c);
    const struct moat_loss_limit *limit = &problem->limit;
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
        return (struct choice){BINDING, z / r, excess, moat_loss_rest_x(&form, q) / R, problem->tau};
    }
    return (struct choice){VIOLATED, 0, m * limit->z * (1 + limit->miss) + form.R0, form.R0_x / form.R0, m + form.R0};
}

struct choice moat_choice_at(const struct problem *problem, double x)
{
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    return moat_choice_from(problem, &c);
}

double moat_choice_breach(const struct problem *problem, double x)
{
    struct moat_coefficients c;
    problem->solver->coefficients(problem->solver->state, problem->N, x, &c);
    struct moat_loss_form form = moat_loss_form(problem->solver->A0, problem->Q, &c);
    return breach_of(problem, &c, &form);
}
