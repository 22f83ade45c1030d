/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_COMPANY_H
#define MOAT_COMPANY_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct moat_market;

/*
 * One company: it chooses alpha in [1/2, 1] (share of data labelled for performance) and lambda in (0, 1) to minimise
 * its performance loss L1. Its threshold tau bounds its safety loss, L2 <= tau, or under training_mixture that of its
 * mixture with unlimited data, alpha^2 L_star <= tau: then L2 may exceed tau.
 */
struct moat_company {
    bool feasible;           /* whether some (alpha, lambda) meets tau; if not, the four numbers after N are NaN */
    double N;                /* data points */
    double alpha;            /* 1 - a */
    double lambda;           /* 0 stands for the ridgeless limit, 1 for the other end: infima that are not attained */
    double loss_performance; /* L1* */
    double loss_safety;      /* L2 at the choice */
    double excess; /* L1* - G(tau), the loss that finite data add, to full relative accuracy; for an infeasible company
                      the smallest loss at alpha = 1/2, which exceeds tau, stands for L1*, or NaN where tau alone or N
                      decides that. At least 0 on power laws. On a measured spectrum it can be negative, where a
                      regularised mixture comes nearer to a smaller target than the same mixture with infinite data, and
                      it is NaN for every infeasible company. */
    double x;      /* the solver's coordinate of the choice; NaN at N = INFINITY */
    int end;       /* -1, 1: the minimum lies at that end of the solver's range; 0: inside */
};

/* Solves the company's constrained minimum in `market` (moat/market.h), whose tau_I and tau_E are not read, at N data
   points under the safety threshold tau > 0 in the market's unit; INFINITY is allowed for N and tau. A finite N outside
   the solver's range is infeasible. Relative error of loss_performance and excess at most 1e-10. Local, no allocation,
   never fails. Source: MODEL.md sections 1 and 5. */
void moat_company_solve(const struct moat_market *market, double N, double tau, struct moat_company *out);

#ifdef __cplusplus
}
#endif

#endif
