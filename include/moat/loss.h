/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LOSS_H
#define MOAT_LOSS_H

#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Both losses of a company from a solver's four coefficients.
 *
 * MODEL.md section 2 gives them as quadratics in a = 1 - alpha. Completing the square gives the same losses in a form
 * with positive terms only, in which nothing cancels (MODEL.md section 4):
 *
 *     L1 = m (1 - z)^2 + R,    L2 = m (1 + z)^2 + R,    z = r s,  s = 1 - 2 a,  R = R0 (1 - s^2) + R1 s^2,
 *     m = L_star / 4 = Q A0 / 2,    r = 1 - A2 / A0,
 *     R0 = (1 - Q/2) A1 + (Q/2) D,    R1 = A1 - (Q/2) A2^2 / A0.
 *
 * z is the position of the trained model between the safety optimum (-1) and the performance optimum (1). R is the loss
 * that finite data add in either position; it is never negative for 0 <= s <= 1. It follows at once that
 * sqrt L1 + sqrt L2 >= sqrt L_star.
 */
struct moat_loss_form {
    double m, r, R0, R1;
    double unexplained;     /* 1 - r, the part of a target that the model leaves unexplained */
    double R2;              /* R1 - R0 */
    double r_x, R0_x, R1_x; /* derivatives in x at fixed N */
};

/* Derivatives of the same form in ln N at fixed lambda. */
struct moat_loss_form_log_N {
    double r_log_N, R0_log_N, R1_log_N;
};

/* The form of the losses at misalignment Q from the coefficients at (N, x). Local. */
struct moat_loss_form moat_loss_form(double A0, double Q, const struct moat_coefficients *coefficients);
struct moat_loss_form_log_N moat_loss_form_log_N(double A0, double Q,
                                                 const struct moat_coefficients_log_N *coefficients);

/* dR/dx at fixed N and z, and dR/d ln N at fixed lambda and z, where 1 - s^2 = q. Source: MODEL.md section 5.2. Local.
 */
double moat_loss_rest_x(const struct moat_loss_form *form, double q);
double moat_loss_rest_log_N(const struct moat_loss_form *form, const struct moat_loss_form_log_N *slope, double q);

/* L1 and L2 at labelling share alpha. Local. */
double moat_loss_performance(const struct moat_loss_form *form, double alpha);
double moat_loss_safety(const struct moat_loss_form *form, double alpha);

/* The four terms of the key lemma, which sum to L1 (deterministic solver). Source: MODEL.md section 10. */
struct moat_loss_terms {
    double finite_data, overfitting, mixture, mixture_finite_data;
};

/* The lemma's terms at (Q, alpha) from the coefficients of the deterministic equivalent. Local. */
struct moat_loss_terms moat_loss_terms(double A0, double Q, double alpha, const struct moat_coefficients *coefficients);

#ifdef __cplusplus
}
#endif

#endif
