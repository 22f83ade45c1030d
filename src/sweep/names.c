/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that keys of a config choose between. The first is the default where a key may be left out. */
#include "sweep/names.h"

const char *const sweep_name[SWEEPS] = {
    [SWEEP_MARKET_ENTRY] = "market_entry",
    [SWEEP_SCALING_LAW] = "scaling_law",
};

const char *const solver_name[SOLVERS] = {
    [SOLVER_DETERMINISTIC] = "deterministic",
    [SOLVER_RIDGE] = "ridge",
};

const char *const tau_unit_name[TAU_UNITS] = {
    [MOAT_TAU_L_STAR] = "L_star",
    [MOAT_TAU_ABSOLUTE] = "absolute",
};

const char *const scrutiny_name[SCRUTINIES] = {
    [MOAT_SCRUTINY_TRAINED_MODEL] = "trained_model",
    [MOAT_SCRUTINY_TRAINING_MIXTURE] = "training_mixture",
};
