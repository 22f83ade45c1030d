/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_NAMES_H
#define MOAT_NAMES_H

#include "moat/market.h"

/*
 * The words that some keys of a config choose between. One table for each such key: the config is read with it, the
 * results file stores the word from it, and messages list it. A new sweep, solver or unit needs an entry in both files.
 */
enum sweep_kind { SWEEP_MARKET_ENTRY, SWEEP_SCALING_LAW };
enum solver_kind { SOLVER_DETERMINISTIC, SOLVER_RIDGE };

/* Their numbers, which are no values of theirs: so the compiler finds a switch that lacks a new one. */
enum {
    SWEEPS = SWEEP_SCALING_LAW + 1,
    SOLVERS = SOLVER_RIDGE + 1,
    TAU_UNITS = MOAT_TAU_ABSOLUTE + 1,
    SCRUTINIES = MOAT_SCRUTINY_TRAINING_MIXTURE + 1
};

extern const char *const sweep_name[SWEEPS];
extern const char *const solver_name[SOLVERS];
extern const char *const tau_unit_name[TAU_UNITS];  /* of enum moat_tau_unit */
extern const char *const scrutiny_name[SCRUTINIES]; /* of enum moat_scrutiny */

#endif
