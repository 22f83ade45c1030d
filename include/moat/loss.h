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
 * DESIGN.md section 2 gives them as quadratics in a = 1 - alpha. Completing the square gives the same losses in a form
 * with positive terms only, which moat uses because nothing cancels in it:
 *
 *     L1 = m (1 - z)^2 + R,    L2 = m (1 + z)^2 + R,    z = r s,  s = 1 - 2 a,  R = R0 (1 - s^2) + R1 s^2,
 *     m = L_star / 4 = Q A0 / 2,    r = 1 - A2 / A0,
 *     R0 = (1 - Q/2) A1 + (Q/2) D,    R1 = A1 - (Q/2) A2^2 / A0.
 *
 * z is the position of the trained model between the safety optimum (-1) and the performance optimum (1), and R, which
 * is never negative for 0 <= s <= 1, is what finite data cost. sqrt L1 + sqrt L2 >= sqrt L_star is seen at once.
 */
struct moat_loss_form {
    double m, r, R0, R1;
    double share;           /* 1 - r */
    double R2;              /* R1 - R0 */
    double r_x, R0_x, R1_x; /* derivatives in whatever those of the coefficients are in */
};

/* The form of the losses at misalignment Q from the coefficients at (N, x). Its derivatives are linear in those of the
   coefficients: in x at fixed N, or, given what the solver's coefficients_log_N yields, in ln N at fixed lambda. Local.
 */
struct moat_loss_form moat_loss_form(double A0, double Q, const struct moat_coefficients *coefficients);

/* d R / dx at fixed z, where 1 - s^2 = q. Local. */
double moat_loss_rest_x(const struct moat_loss_form *form, double q);

/* The optimum of infinite data: m (1 + z)^2 = min(tau, L_star) and G(tau) = m miss^2, with miss = 1 - z. All keep their
   digits where tau comes close to L_star/4 or L_star. */
struct moat_loss_limit {
    double m, z, miss;
    double spare; /* tau - L_star where positive */
};

/* That optimum for tau >= L_star/4 (absolute, INFINITY allowed). Local. */
struct moat_loss_limit moat_loss_limit(double A0, double Q, double tau);

/* L1 and L2 at labelling share alpha. Local. */
double moat_loss_performance(const struct moat_loss_form *form, double alpha);
double moat_loss_safety(const struct moat_loss_form *form, double alpha);

/* The four terms of the key lemma, which sum to L1 (deterministic solver). Source: DESIGN.md section 2. */
struct moat_loss_terms {
    double finite_data, overfitting, mixture, mixture_finite_data;
};

/* The lemma's terms at (Q, alpha) from the coefficients of the deterministic equivalent. Local. */
struct moat_loss_terms moat_loss_terms(double A0, double Q, double alpha, const struct moat_coefficients *coefficients);

#ifdef __cplusplus
}
#endif

#endif
