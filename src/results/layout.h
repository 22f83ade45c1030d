/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LAYOUT_H
#define MOAT_LAYOUT_H

#include <hdf5.h>
#include <stdbool.h>

#include "sweep/config.h"

/* The layout of a results file: coordinates, the fields of field_table, and the groups /run and /ridge. */

/* Creates every variable of the sweep in the new `file`. False on failure. Rank 0. */
bool layout_create(hid_t file, const struct config *config);

/* Returns true if the variables of `file`, which is whole, are those of `config`. They are unless the file was edited,
   or comes from a version that stored other fields or cut blocks differently. Local. */
bool layout_fits(hid_t file, const struct config *config);

#endif
