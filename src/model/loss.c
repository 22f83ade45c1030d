/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The losses as functions of alpha, from the four coefficients of any solver. */
#include "moat/loss.h"

struct moat_loss_form moat_loss_form(double A0, double Q, const struct moat_coefficients *c)
{
    double h = Q / 2, unexplained = c->A2 / A0;
    return (struct moat_loss_form){
        .m = h * A0,
        .r = 1 - unexplained,
        .unexplained = unexplained,
        .R0 = (1 - h) * c->A1 + h * c->D,
        .R1 = c->A1 - h * unexplained * c->A2,
        .R2 = h * (c->A1 - unexplained * c->A2 - c->D),
        .r_x = -c->A2_x / A0,
        .R0_x = (1 - h) * c->A1_x + h * c->D_x,
        .R1_x = c->A1_x - 2 * h * unexplained * c->A2_x,
    };
}

struct moat_loss_form_log_N moat_loss_form_log_N(double A0, double Q, const struct moat_coefficients_log_N *c)
{
    double h = Q / 2, unexplained = c->A2 / A0;
    return (struct moat_loss_form_log_N){
        .r_log_N = -c->A2_log_N / A0,
        .R0_log_N = (1 - h) * c->A1_log_N + h * c->D_log_N,
        .R1_log_N = c->A1_log_N - 2 * h * unexplained * c->A2_log_N,
    };
}

/* The derivative of R at fixed z from those of r, R0 and R1: s^2 = (z/r)^2 falls as r rises. */
static inline double rest_slope(const struct moat_loss_form *form, double r_slope, double R0_slope, double R1_slope,
                                double q)
{
    double s2 = 1 - q; /* its derivative at fixed z is -2 s2 r_slope / r */
    return R0_slope * q + R1_slope * s2 - 2 * form->R2 * s2 * r_slope / form->r;
}

double moat_loss_rest_x(const struct moat_loss_form *form, double q)
{
    return rest_slope(form, form->r_x, form->R0_x, form->R1_x, q);
}

double moat_loss_rest_log_N(const struct moat_loss_form *form, const struct moat_loss_form_log_N *slope, double q)
{
    return rest_slope(form, slope->r_log_N, slope->R0_log_N, slope->R1_log_N, q);
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
    double noise = c->D / A0; /* v = E / (1 - E) */
    double a1 = c->A2, a2 = c->A1 / (1 + noise);
    return (struct moat_loss_terms){
        .finite_data = a2,
        .overfitting = noise * (a2 * (1 - 2 * a * alpha * Q) + 2 * a * alpha * Q * A0),
        .mixture = a * a * 2 * Q * A0,
        .mixture_finite_data = 2 * Q * a * (a1 - a2) + 2 * Q * a * a * (a2 - 2 * a1),
    };
}
