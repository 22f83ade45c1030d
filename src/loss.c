/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The losses as a function of alpha, from the four coefficients of any solver. */
#include "moat/loss.h"

struct loss_form loss_form(double A0, double Q, const struct coefficients *c)
{
    double h = Q / 2, share = c->A2 / A0;
    return (struct loss_form){
        .m = h * A0,
        .r = 1 - share,
        .R0 = (1 - h) * c->A1 + h * c->D,
        .R1 = c->A1 - h * share * c->A2,
        .R2 = h * (c->A1 - share * c->A2 - c->D),
        .r_x = -c->A2_x / A0,
        .R0_x = (1 - h) * c->A1_x + h * c->D_x,
        .R2_x = h * (c->A1_x - 2 * share * c->A2_x - c->D_x),
    };
}

double loss_performance(const struct loss_form *form, double alpha)
{
    double s = 2 * alpha - 1, z = form->r * s;
    return form->m * (1 - z) * (1 - z) + form->R0 * (1 - s) * (1 + s) + form->R1 * s * s;
}

double loss_safety(const struct loss_form *form, double alpha)
{
    return loss_performance(form, 1 - alpha);
}

struct loss_terms loss_terms(double A0, double Q, double alpha, const struct coefficients *c)
{
    double a = 1 - alpha;
    double noise = c->D / A0; /* E / (1 - E) */
    double a1 = c->A2, a2 = c->A1 / (1 + noise);
    return (struct loss_terms){
        .finite_data = a2,
        .overfitting = noise * (a2 * (1 - 2 * a * alpha * Q) + 2 * a * alpha * Q * A0),
        .mixture = a * a * 2 * Q * A0,
        .mixture_finite_data = 2 * Q * a * (a1 - a2) + 2 * Q * a * a * (a2 - 2 * a1),
    };
}
