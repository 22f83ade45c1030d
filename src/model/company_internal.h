/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COMPANY_INTERNAL_H
#define COMPANY_INTERNAL_H

#include "moat/loss.h"
#include "moat/solver.h"

/*
 * A company's choice of alpha at a given x. The best alpha is closed form: alpha = 1 where that meets the safety
 * constraint ("slack"), else the largest alpha with L2 = tau ("binding"), else, when there is none, alpha = 1/2
 * ("violated"), where both losses are equal and exceed tau. The loss so defined exceeds tau exactly where no alpha is
 * feasible. Losses are counted from G(tau), the loss of infinite data, in the form of loss.h: then nothing cancels
 * however small the excess.
 */
enum branch { SLACK, BINDING, VIOLATED };

struct problem {
    const struct moat_solver *solver;
    double N, Q, tau;
    struct moat_loss_limit limit;
};

struct choice {
    enum branch branch;
    double s;      /* 2 alpha - 1 */
    double excess; /* loss above G(tau) */
    double slope;  /* d ln(loss that x trades off) / dx: the sign of d loss / dx */
    double loss_safety;
};

/* The choice for given coefficients, and at x. Local. */
struct choice moat_choice_from(const struct problem *problem, const struct moat_coefficients *c);
struct choice moat_choice_at(const struct problem *problem, double x);

/* The safety loss at alpha = 1 less tau, to the bit what a choice goes by. Local. */
double moat_choice_breach(const struct problem *problem, double x);

/* lambda N / kappa at a node. Local. */
static inline double free_points(const struct moat_spectral_sums *node, double N)
{
    return N - node->origin - node->df1;
}

/* Where L2 falls with alpha at alpha = 1 (P finite and N close to P), alpha = 1 may be feasible where no smaller alpha
   close to it is: then the best loss jumps down at the lowest such x, which the slope cannot show. Returns that x, or
   NaN, as it does where L2 rises. Local. */
double moat_company_isolated_entry(struct problem *problem);

#endif
