/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of axes. */
#include "sweep/axis.h"

#include <float.h>
#include <stdio.h>

#include "moat/solver.h"

#define TAU_MAX 1e100 /* keeps products and squares of thresholds inside a double's range */

/* Versions of clang-format differ on braces in macros and tables. */
/* clang-format off */
#define TAU_RANGE(name) {0, TAU_MAX, true, false, true, "0 < " name " <= 1e100, or .inf"}

/* The axes that both sweeps have. */
#define MISALIGNMENT \
    {.name = "Q", .units = "1", .long_name = "misalignment of performance and safety, 1 - rho", \
     .range = {0, 1, true, false, false, "0 < Q <= 1"}, .instead = "the file has the alignments of the two targets"}
#define DATA_EFFICIENCY \
    {.name = "nu", .units = "1", .long_name = "data efficiency, min(2 (1 + gamma), gamma + delta)", \
     .range = {.low_open = true}, .instead = "the file has the eigenvalues and alignments"}

const struct axis_entry axis_table[SWEEPS][GRID_AXES] = {
    [SWEEP_MARKET_ENTRY] = {
        [GRID_TAU_I] = {.name = "tau_I", .units = "1",
                        .long_name = "incumbent's safety threshold, as in the config (in its tau_unit)",
                        .range = TAU_RANGE("tau_I"),
                        .threshold = true, .optional = true, .scalar_key = "incumbent.tau"},
        [GRID_N_I] = {.name = "N_I", .units = "data points", .long_name = "incumbent's number of data points",
                      .range = {1, 1e15, false, false, true, "1 <= N_I <= 1e15, or .inf"}},
        [GRID_TAU_E] = {.name = "tau_E", .units = "1",
                        .long_name = "entrant's safety threshold, as in the config (in its tau_unit)",
                        .range = TAU_RANGE("tau_E"), .threshold = true},
        [GRID_Q] = MISALIGNMENT,
        [GRID_NU] = DATA_EFFICIENCY,
    },
    [SWEEP_SCALING_LAW] = {
        [GRID_LAMBDA] = {.name = "lambda", .units = "1", .long_name = "ridge level",
                         .range = {0, 1, true, false, false, "0 < lambda <= 1"}, .optional = true},
        [GRID_N] = {.name = "N", .units = "data points", .long_name = "number of data points",
                    .range = {1, MOAT_N_MAX, false, false, false, "1 <= N <= 1e30"}},
        [GRID_ALPHA] = {.name = "alpha", .units = "1", .long_name = "share of data labelled for performance",
                        .range = {0.5, 1, false, false, false, "0.5 <= alpha <= 1"}},
        [GRID_Q] = MISALIGNMENT,
        [GRID_NU] = DATA_EFFICIENCY,
    },
};
/* clang-format on */

const int axis_fill_order[GRID_AXES] = {GRID_TAU_E, GRID_N_I, GRID_TAU_I, GRID_Q, GRID_NU};

struct range axis_range(enum sweep_kind sweep, int axis, double gamma)
{
    struct range range = axis_table[sweep][axis].range;
    if (axis == GRID_NU) {
        range.low = gamma;
        range.high = 2 * (1 + gamma) * (1 + 2 * DBL_EPSILON); /* so that 2.02 is accepted at gamma = 0.01 */
        snprintf(range.expected, sizeof range.expected, "gamma < nu <= 2 (1 + gamma) = %.15g with gamma = %.15g",
                 range.high, gamma);
    }
    return range;
}
