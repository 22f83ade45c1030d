/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PROVENANCE_H
#define MOAT_PROVENANCE_H

#include <hdf5.h>
#include <stdbool.h>

#include "sweep/config.h"

/*
 * The root attributes of a results file: everything that a reader needs to know of a sweep, with its type, so that
 * nobody has to parse the config. README.md lists them.
 */

/* Writes the attributes of the sweep `config` to the new `file`. False on failure. Rank 0. */
bool provenance_write(hid_t file, const struct config *config);

#endif
