/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CREATE_H
#define MOAT_CREATE_H

#include "results/handle.h"

/* Creates the file of `config` in place of results->target, with all blocks pending and ready for SWMR readers. Returns
   MOAT_USAGE (folder, disk space, another process), MOAT_IO, MOAT_MEMORY, or MOAT_STOPPED. Rank 0. */
enum moat_status create_file(struct results *results, const struct config *config, const struct results_run *run);

/* Checks, as create_file does first, that the folder of the new file exists, can be written and has room. Returns
   MOAT_USAGE. Local. */
enum moat_status create_check(const struct results *results, const struct config *config);

#endif
