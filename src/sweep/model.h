/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SWEEP_MODEL_H
#define MOAT_SWEEP_MODEL_H

#include "moat/market.h"
#include "moat/scaling_law.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

/*
 * What solves the points of one nu: the solver that the config names, made in one place. With `solver: ridge` it also
 * gives standard errors, and the solution of the deterministic equivalent beside its own; but only those that the file
 * stores, else they are NaN.
 */
struct model;

/* The model at grid index `nu`, 0 on a measured spectrum, whose directions `config` must have. `ladder` has the
   measured tables with SOLVER_RIDGE, else it is NULL; the model must not outlive it. Returns MOAT_MEMORY or
   MOAT_NUMERICAL. The caller owns *out. Local. */
enum moat_status model_create(const struct config *config, const struct ladder *ladder, size_t nu, struct model **out);

/* Frees *model and sets it to NULL; accepts NULL inside. Local. */
void model_destroy(struct model **model);

/* The solver whose solutions are the sweep's, which lives as long as the model. Local. */
const struct moat_solver *model_solver(const struct model *model);

/* One incumbent, as each solver of a model sees it. */
struct model_incumbent {
    struct moat_company company;         /* by model_solver */
    struct moat_company deterministic;   /* by the deterministic equivalent; undefined if it is not solved */
    const struct moat_company *on_trial; /* of jackknife_incumbents; NULL without measured tables */
};

/* Solves the incumbent of `market`, whose solver is model_solver, with N_I data points. out->on_trial is the model's
   and lives until the next call. Local. */
void model_solve_incumbent(struct model *model, const struct moat_market *market, double N_I,
                           struct model_incumbent *out);

struct model_threshold {
    struct moat_threshold threshold; /* by model_solver */
    double standard_error;           /* of N_E*; NaN without measured tables too */
    double N_E_star_deterministic;   /* by the deterministic equivalent */
};

/* Solves the threshold of `market` against its incumbent. Local. */
void model_solve_threshold(const struct model *model, const struct moat_market *market,
                           const struct model_incumbent *incumbent, struct model_threshold *out);

struct model_scaling_law {
    struct moat_scaling_law law; /* by model_solver */
    double standard_error;       /* of its loss; NaN without measured tables too */
    double loss_deterministic, excess_deterministic;
};

/* Solves a scaling law; arguments of moat_scaling_law_solve. Local. */
void model_solve_scaling_law(const struct model *model, double N, double Q, double alpha, double lambda,
                             struct model_scaling_law *out);

#endif
