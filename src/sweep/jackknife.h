/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_JACKKNIFE_H
#define MOAT_JACKKNIFE_H

#include <stdbool.h>

#include "moat/deterministic.h"
#include "moat/market.h"
#include "moat/measured.h"
#include "moat/scaling_law.h"
#include "sweep/ladder.h"

/*
 * Thresholds and losses from data with their standard errors: each is solved on the mean of all trials, and once more
 * without each trial. The square of the standard error is (T - 1)/T times the sum of squared deviations of the T
 * leave-one-out values from their mean. Source: MODEL.md section 9.
 */
struct jackknife;

/* The deterministic equivalent that tables are compared with, of one of two kinds; the other is NULL. */
struct jackknife_basis {
    const struct moat_deterministic *deterministic; /* of power laws */
    const struct moat_measured *measured;           /* of the spectrum that samples are drawn from */
};

/* Makes the solvers from `ladder` at grid index `nu`; the basis has that nu. Both must outlive *out. Without `errors`
   there is only the solver on all trials, and standard errors are NaN. Returns MOAT_MEMORY or MOAT_NUMERICAL. The
   caller owns *out. Local. */
enum moat_status jackknife_create(const struct jackknife_basis *basis, const struct ladder *ladder, size_t nu,
                                  bool errors, struct jackknife **out);

/* Frees *jackknife and sets it to NULL; accepts NULL inside. Local. */
void jackknife_destroy(struct jackknife **jackknife);

/* The solver on all trials, which lives as long as the jackknife. Local. */
const struct moat_solver *jackknife_solver(const struct jackknife *jackknife);

/* Number of sets of trials, T + 1: without each trial, then all; 1 without errors. Local. */
size_t jackknife_sets(const struct jackknife *jackknife);

/* Solves the incumbent of `market`, whose solver is not read, with N_I data points on every set of trials. Fills
   incumbent[jackknife_sets]; the last is the incumbent on all trials. Local. */
void jackknife_incumbents(const struct jackknife *jackknife, const struct moat_market *market, double N_I,
                          struct moat_company *incumbent);

/* The threshold on all trials against `incumbent`, which jackknife_incumbents filled for the same market; its tau_E
   alone may differ. Returns the standard error: NaN where *out has no N_E*, and where some leave-one-out market has no
   N_E* or too few trials. Local. */
double jackknife_threshold(const struct jackknife *jackknife, const struct moat_market *market,
                           const struct moat_company *incumbent, struct moat_threshold *out);

/* The scaling law on all trials; arguments of moat_scaling_law_solve. Returns the standard error of its loss: NaN where
   some leave-one-out law is not solved or has too few trials. Local. */
double jackknife_scaling_law(const struct jackknife *jackknife, double N, double Q, double alpha, double lambda,
                             struct moat_scaling_law *out);

#endif
