/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FAILURE_H
#define MOAT_FAILURE_H

#include <stddef.h>

#include "sweep/config.h"
#include "sweep/ladder.h"

/* Writes the coordinates of the grid point `at` by name, cut to `size`: "(N_I = 1e4, tau_E = 0.8, Q = 0.1, nu = 1)".
   Local. */
void failure_locate(const struct config *config, const size_t at[GRID_AXES], char *text, size_t size);

/* Writes why the grid point `at` failed, cut to `size`, as a clause: "N_I is not on the ladder of data sets, 8 to 256
   data points". `ladder` has the measured tables with SOLVER_RIDGE, else it is NULL. The point is solved once more for
   that, which takes the time of a solver's tables. Local. */
void failure_explain(const struct config *config, const struct ladder *ladder, const size_t at[GRID_AXES], char *text,
                     size_t size);

#endif
