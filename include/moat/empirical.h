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
 * The solver that data make: the coefficients of ridge regression on sampled data, known on a ladder of N and a grid of
 * lambda, as a solver at every (N, lambda) between. What is interpolated is the ratio to the deterministic equivalent,
 * a smooth number near 1; the coordinate x is that of the deterministic solver.
 */
struct moat_empirical;

enum { MOAT_EMPIRICAL_RUNGS_MIN = 4 };

/* Measured coefficients, trial-averaged, at one nu. */
struct moat_empirical_tables {
    size_t rungs, lambdas;
    const double *N;           /* [rungs], rising, at least MOAT_EMPIRICAL_RUNGS_MIN of them */
    const double *lambda;      /* [lambdas], as moat_empirical_lambda makes it */
    double lambda_unit;        /* likewise */
    const double *A1, *A2, *D; /* [rungs][lambdas] */
};

/* The lambda below which coefficients are analytic in lambda rather than powers of it: P^-(1+gamma) / 100. Local. */
double moat_empirical_lambda_unit(double gamma, double P);

/* The lambda grid of the tables, uniform in asinh(lambda / unit) from 0, the ridgeless limit, to 1; count >= 4. Local.
   Source: DESIGN.md section 4. */
void moat_empirical_lambda(double unit, size_t count, double *lambda);

/* A solver from `tables`, which it copies; `deterministic` has the same gamma, nu and P and must outlive *out. Returns
   MOAT_MEMORY, or MOAT_NUMERICAL when an entry is not a positive number. The caller owns *out. Local. */
enum moat_status moat_empirical_create(const struct moat_deterministic *deterministic,
                                       const struct moat_empirical_tables *tables, struct moat_empirical **out);

/* Frees *empirical and sets it to NULL; accepts NULL inside. Local. */
void moat_empirical_destroy(struct moat_empirical **empirical);

/* The solver interface on `empirical`, for N between the first and the last rung. Local. */
struct moat_solver moat_empirical_solver(const struct moat_empirical *empirical);

#ifdef __cplusplus
}
#endif

#endif
