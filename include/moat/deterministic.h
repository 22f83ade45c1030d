/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_DETERMINISTIC_H
#define MOAT_DETERMINISTIC_H

#include "moat/error.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The deterministic equivalent of ridge regression: kappa solves lambda = kappa (1 - df1/N), and with E = df2/N
 *
 *     A0 = a0,  A1 = a2 / (1 - E),  A2 = a1,  D = a0 E / (1 - E).
 *
 * The four spectral sums are tabulated once in ln kappa, so that the coefficients at any N cost one look-up in a table.
 * The solver's coordinate is x = ln kappa, so the equation for kappa is never solved.
 */
struct moat_deterministic;

/* Tabulates one (gamma, nu, P): 0.01 <= gamma <= 2, gamma < nu <= 2 (1 + gamma), P a whole number in [1, 1e9] or
   INFINITY. Relative error of the tabulated sums at most 1e-12. Returns MOAT_USAGE outside that domain,
   MOAT_MEMORY. The caller owns *out. Local. Source: MODEL.md sections 3.1 and 3.2. */
enum moat_status moat_deterministic_create(double gamma, double nu, double P, struct moat_deterministic **out);

/* Frees *table and sets it to NULL; accepts NULL inside. Local. */
void moat_deterministic_destroy(struct moat_deterministic **table);

/* lambda at (N, x) and its derivative in x. Local. */
double moat_deterministic_lambda(const struct moat_deterministic *table, double N, double x, double *lambda_x);

/* The x of a lambda in [0, 1] at N data points; the lower end of the solver's range for lambda = 0. Local. */
double moat_deterministic_x(const struct moat_deterministic *table, double N, double lambda);

/* The solver on `table`, which must outlive it. Local. */
struct moat_solver moat_deterministic_solver(const struct moat_deterministic *table);

#ifdef __cplusplus
}
#endif

#endif
