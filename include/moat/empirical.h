/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_EMPIRICAL_H
#define MOAT_EMPIRICAL_H

#include <stddef.h>

#include "moat/deterministic.h"
#include "moat/error.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A solver made from data: coefficients of ridge regression on sampled data are measured on a ladder of N and a grid of
 * lambda, and interpolated between. The number interpolated is the ratio to the deterministic equivalent, which is
 * smooth and near 1. The coordinate x is that of the deterministic solver. Source: MODEL.md section 9.
 */
struct moat_empirical;

enum { MOAT_EMPIRICAL_RUNGS_MIN = 4 };

/* Measured coefficients, trial-averaged, at one nu. */
struct moat_empirical_tables {
    size_t rungs, lambdas;
    const double *N;           /* [rungs], rising, at least MOAT_EMPIRICAL_RUNGS_MIN of them */
    const double *lambda;      /* [lambdas], made by moat_empirical_lambda */
    double lambda_unit;        /* made by moat_empirical_lambda_unit */
    const double *A1, *A2, *D; /* [rungs][lambdas] */
};

/* The lambda below which coefficients are analytic in lambda: P^-(1+gamma) / 100. Local. */
double moat_empirical_lambda_unit(double gamma, double P);

/* Fills lambda[count], count >= 4, with the tables' grid: uniform in asinh(lambda / unit) from 0, the ridgeless limit,
   to 1. Local. */
void moat_empirical_lambda(double unit, size_t count, double *lambda);

/* Makes *out from `tables`, which it copies. `deterministic` has the same gamma, nu and P and must outlive *out.
   Returns MOAT_MEMORY, or MOAT_NUMERICAL when an entry is not a positive number. The caller owns *out. Local. */
enum moat_status moat_empirical_create(const struct moat_deterministic *deterministic,
                                       const struct moat_empirical_tables *tables, struct moat_empirical **out);

/* Frees *empirical and sets it to NULL; accepts NULL inside. Local. */
void moat_empirical_destroy(struct moat_empirical **empirical);

/* The solver on `empirical`, which must outlive it, for N between the first and the last rung. Local. */
struct moat_solver moat_empirical_solver(const struct moat_empirical *empirical);

#ifdef __cplusplus
}
#endif

#endif
