/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SCALING_LAW_H
#define MOAT_SCALING_LAW_H

#include <stdbool.h>

#include "moat/loss.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How the performance loss L1 of a model falls with the number of data points, at a fixed share alpha of data labelled
 * for performance and at a given ridge level or the best one. The loss with infinite data, a^2 L_star with a = 1 -
 * alpha, does not depend on lambda. So L1 and its excess over that loss are least at the same level.
 */
struct moat_scaling_law {
    bool solved;         /* false: N is outside the solver's range, or a numerical failure; the rest is NaN */
    double lambda;       /* 0 stands for the ridgeless limit, 1 for the other end: infima that are not attained */
    double loss, excess; /* L1; L1 - a^2 L_star, to full relative accuracy: above 0 on power laws, while on a measured
                            spectrum regularisation can take it below */
    struct moat_loss_terms term;           /* they sum to loss */
    double exponent_loss, exponent_excess; /* - d ln loss / d ln N and - d ln excess / d ln N at that N */
};

/* The scaling law at N data points, 1 <= N < INFINITY, misalignment Q in (0, 1] and alpha in [1/2, 1], at the ridge
   level lambda in (0, 1], or at the best one when lambda is NaN. Relative error of loss and excess at most 1e-10.
   Local, no allocation, never fails. Source: MODEL.md sections 2 and 10. */
void moat_scaling_law_solve(const struct moat_solver *solver, double N, double Q, double alpha, double lambda,
                            struct moat_scaling_law *out);

#ifdef __cplusplus
}
#endif

#endif
