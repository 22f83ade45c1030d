/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_COMPANY_CHOICE_H
#define MOAT_COMPANY_CHOICE_H

#include <math.h>

#include "moat/limit.h"
#include "moat/loss.h"
#include "moat/market.h"
#include "moat/solver.h"
#include "model/mixture.h"

/*
 * A company's choice of alpha at a given x, in closed form (MODEL.md section 5.1). Where alpha = 1 meets the safety
 * constraint, that is the choice: the constraint is not binding, L1 is unconstrained. Else it is the largest alpha with
 * L2 = tau, where the constraint is binding. Where no alpha meets it, x is infeasible, and alpha = 1/2 stands for the
 * choice: both losses are equal there and exceed tau. So the loss exceeds tau exactly where no alpha is feasible.
 * Losses are counted from G(tau), the loss of infinite data, in the form of loss.h: nothing cancels however small the
 * excess.
 *
 * All that is under trained_model. Under training_mixture tau gives alpha whatever x and N are: the choice is always
 * that alpha, unconstrained (MODEL.md section 12).
 */
enum branch { UNCONSTRAINED, BINDING, INFEASIBLE };

/* A company that cannot be solved, or is not yet: infeasible, with N data points and NaN for the rest. Local. */
static inline struct moat_company moat_company_unsolved(double N)
{
    return (struct moat_company){
        .N = N, .alpha = NAN, .lambda = NAN, .loss_performance = NAN, .loss_safety = NAN, .excess = NAN, .x = NAN};
}

/* One company with N data points. */
struct company_problem {
    const struct moat_solver *solver;
    double N, Q;
    double tau; /* absolute */
    struct moat_limit limit;
    bool given;             /* whether alpha is given: training_mixture */
    struct mixture mixture; /* then, the limit's; else alpha = 1 */
};

struct choice {
    enum branch branch;
    double s;      /* 2 alpha - 1 */
    double excess; /* loss above G(tau) */
    double slope;  /* d ln(the part of the loss that depends on x) / dx, which has the sign of d loss / dx */
    double loss_safety;
};

/* The problem of a company of `market` with N data points under the threshold tau, in the market's unit. Inline, so
   that it is built in place: a copy waits for the stores of its parts, 4 % of a threshold. Local. */
static inline struct company_problem moat_company_problem(const struct moat_market *market, double N, double tau)
{
    double A0 = market->solver->A0, L_star = 2 * market->Q * A0;
    bool in_L_star = market->unit == MOAT_TAU_L_STAR;
    struct company_problem problem = {.solver = market->solver,
                                      .N = N,
                                      .Q = market->Q,
                                      .tau = in_L_star ? tau * L_star : tau,
                                      .limit = moat_limit(A0, market->Q, in_L_star ? tau : tau / L_star),
                                      .given = market->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE,
                                      .mixture = {1, 1, 0, 0}};
    if (problem.given) {
        problem.mixture = mixture_of(market->Q, problem.limit.distance / 2, problem.limit.z);
    }
    return problem;
}

/* The choice for given coefficients. Local. */
struct choice moat_choice_from(const struct company_problem *problem, const struct moat_coefficients *c);

/* The choice at x. Local. */
struct choice moat_choice_at(const struct company_problem *problem, double x);

/* L2 - tau at alpha = 1, to the bit the number whose sign decides a choice's branch. `problem` is a struct
   company_problem: this is a moat_function. Local. */
double moat_choice_breach(double x, void *problem);

#endif
