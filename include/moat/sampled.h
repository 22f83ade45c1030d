/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SAMPLED_H
#define MOAT_SAMPLED_H

#include <stddef.h>

#include "moat/error.h"
#include "moat/measured.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A solver made from data on a measured spectrum: both losses of ridge regression on sampled data, as they are at three
 * shares alpha of data labelled for performance, on a ladder of N and a grid of lambda. In alpha they are quadratics;
 * in N and lambda their ratio to the deterministic equivalent, a smooth number near 1, is interpolated. Source:
 * MODEL.md section 17.
 */
struct moat_sampled;

enum { MOAT_SAMPLED_ALPHAS = 3, MOAT_SAMPLED_RUNGS_MIN = 4 };

/* 1/2, 3/4 and 1: a company's choice lies between. */
extern const double moat_sampled_alpha[MOAT_SAMPLED_ALPHAS];

/* The losses, averaged over trials. */
struct moat_sampled_tables {
    size_t rungs, lambdas;
    const double *N;           /* [rungs], rising, at least MOAT_SAMPLED_RUNGS_MIN of them */
    const double *lambda;      /* [lambdas], made by moat_empirical_lambda */
    double lambda_unit;        /* made by moat_sampled_lambda_unit */
    const double *performance; /* L1, [rungs][lambdas][MOAT_SAMPLED_ALPHAS] */
    const double *safety;      /* L2 likewise */
};

/* The lambda below which the losses hardly depend on it: a hundredth of the least eigenvalue, 1e-14 at least. Local. */
double moat_sampled_lambda_unit(const struct moat_measured_spectrum *spectrum);

/* Makes *out from `tables`, which it copies. `measured` has the spectrum that the data were drawn from; *out must not
   outlive it. Returns MOAT_MEMORY, or MOAT_NUMERICAL when a loss is not a positive number. The caller owns *out.
   Local. */
enum moat_status moat_sampled_create(const struct moat_measured *measured, const struct moat_sampled_tables *tables,
                                     struct moat_sampled **out);

/* Frees *sampled and sets it to NULL; accepts NULL inside. Local. */
void moat_sampled_destroy(struct moat_sampled **sampled);

/* The solver on `sampled`, which must outlive it, for N between the first and the last rung, and for infinite data,
   whose losses are those of the deterministic equivalent. As with moat_measured_solver a market on it has Q = 1. Of a
   scaling law's terms only the mixture error is known; the others are NaN. Local. */
struct moat_solver moat_sampled_solver(const struct moat_sampled *sampled);

#ifdef __cplusplus
}
#endif

#endif
