/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_JACKKNIFE_H
#define MOAT_JACKKNIFE_H

#include "moat/deterministic.h"
#include "moat/market.h"
#include "moat/scaling_law.h"
#include "sweep/ladder.h"

/*
 * Thresholds and losses from data with their standard errors: the problem solved on the mean of all trials, and once
 * more without each trial. The jackknife's variance is (T - 1)/T times the sum of squared deviations of the T
 * leave-one-out values.
 */
struct jackknife;

/* Solvers from `ladder` at grid index `nu`; `deterministic` has that nu. Both must outlive *out. Returns MOAT_MEMORY
   or MOAT_NUMERICAL. The caller owns *out. Local. */
enum moat_status jackknife_create(const struct moat_deterministic *deterministic, const struct ladder *ladder,
                                  size_t nu, struct jackknife **out);

/* Frees *jackknife and sets it to NULL; accepts NULL inside. Local. */
void jackknife_destroy(struct jackknife **jackknife);

/* The solver on all trials. Local. */
struct moat_solver jackknife_solver(const struct jackknife *jackknife);

/* Solves the incumbent (arguments of moat_company_solve) on every set of trials; *out is the one on all of them. Local.
 */
void jackknife_incumbent(struct jackknife *jackknife, double N, double Q, double tau, struct moat_company *out);

/* The threshold against the incumbent of the last call of jackknife_incumbent with the same Q and tau_I.
 *standard_error is NaN where *out has no N_E*, or some leave-one-out market has none or too few trials. Local. */
void jackknife_threshold(struct jackknife *jackknife, double Q, double tau_I, double tau_E, struct moat_threshold *out,
                         double *standard_error);

/* The scaling law (arguments of moat_scaling_law_solve) on all trials, with the standard error of its loss, likewise.
 * Local.
 */
void jackknife_scaling_law(struct jackknife *jackknife, double N, double Q, double alpha, double lambda,
                           struct moat_scaling_law *out, double *standard_error);

#endif
