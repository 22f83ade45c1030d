/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_TABLES_MATCH_H
#define MOAT_TABLES_MATCH_H

#include <hdf5.h>

#include "moat/error.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

/* Whether the measured tables of one results file are those that another sweep would measure. Each function returns
   MOAT_USAGE, with what was found and what was expected, if they are not. Rank 0. */

/* Whether the sweep `config` has tables at all. */
enum moat_status tables_match_solver(const struct config *config);

/* Whether the data sets of `file`, which has the config `stored`, are drawn as those of `config`, which has its inputs:
   solver, gamma or spectrum, data, P and seed. */
enum moat_status tables_match_inputs(hid_t file, const char *path, const struct config *stored,
                                     const struct config *config);

/* Whether `file` has the ridge levels of `ladder`, up to rounding by another version of the mathematics library. */
enum moat_status tables_match_levels(hid_t file, const char *path, const struct ladder *ladder);

#endif
