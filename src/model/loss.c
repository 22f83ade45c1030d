/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The losses as a function of alpha, from the four coefficients of any solver. */
#include "moat/loss.h"

#include <math.h>

struct moat_loss_form moat_loss_form(double A0, double Q, const struct moat_coefficients *c)
{
    double h = Q / 2, share = c->A2 / A0;
    return (struct moat_loss_form){
        .m = h * A0,
        .r = 1 - share,
        .share = share,
        .R0 = (1 - h) * c->A1 + h * c->D,
        .R1 = c->A1 - h * share * c->A2,
        .R2 = h * (c->A1 - share * c->A2 - c->D),
        .r_x = -c->A2_x / A0,
        .R0_x = (1 - h) * c->A1_x + h * c->D_x,
        .R1_x = c->A1_x - 2 * h * share * c->A2_x,
    };
}

double moat_loss_rest_x(const struct moat_loss_form *form, double q)
{
    double s2 = 1 - q; /* its derivative at fixed z is -2 s2 r_x / r */
    return form->R0_x * q + form->R1_x * s2 - 2 * form->R2 * s2 * form->r_x / form->r;
}

struct moat_loss_limit moat_loss_limit(double A0, double Q, double tau)
{
    double m = Q / 2 * A0, L_star = 4 * m;
    if (tau >= L_star) {
        return (struct moat_loss_limit){m, 1, 0, tau - L_star};
    }
    double root = sqrt(tau / L_star); /* (1 + z) / 2 */
    return (struct moat_loss_limit){m, (4 * tau - L_star) / (L_star * (1 + 2 * root)),
                                    2 * (L_star - tau) / (L_star * (1 + root)), 0};
}

double moat_loss_performance(const struct moat_loss_form *form, double alpha)
{
    double s = 2 * alpha - 1, z = form->r * s;
    return form->m * (1 - z) * (1 - z) + form->R0 * (1 - s) * (1 + s) + form->R1 * s * s;
}

double moat_loss_safety(const struct moat_loss_form *form, double alpha)
{
    return moat_loss_performance(form, 1 - alpha);
}

struct moat_loss_terms moat_loss_terms(double A0, double Q, double alpha, const struct moat_coefficients *c)
{
    double a = 1 - alpha;
    double noise = c->D / A0; /* E / (1 - E) */
    double a1 = c->A2, a2 = c->A1 / (1 + noise);
    return (struct moat_loss_terms){
        .finite_data = a2,
        .overfitting = noise * (a2 * (1 - 2 * a * alpha * Q) + 2 * a * alpha * Q * A0),
        .mixture = a * a * 2 * Q * A0,
        .mixture_finite_data = 2 * Q * a * (a1 - a2) + 2 * Q * a * a * (a2 - 2 * a1),
    };
}
