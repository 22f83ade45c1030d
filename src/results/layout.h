/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LAYOUT_H
#define MOAT_LAYOUT_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/variable.h"
#include "sweep/config.h"

/* The layout of a results file: coordinates, the fields of field_table, and the groups /run and /ridge. */

/* Creates every variable of the sweep in the new `file`. False on failure. Rank 0. */
bool layout_create(hid_t file, const struct config *config);

/* Returns true if the variables of `file`, which is whole, are those of `config`. They are unless the file was edited,
   or comes from a version that stored other fields or cut blocks differently. Local. */
bool layout_fits(hid_t file, const struct config *config);

/* Finds the variable `path` of a file of `config`: sets *out, without scales, and the name of each of its axes, which
   the tables own. Returns false if there is no such variable. Local. */
bool layout_find(const struct config *config, const char *path, struct variable *out, const char *axis[GRID_AXES]);

#endif
