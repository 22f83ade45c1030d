/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LADDER_KNOWN_H
#define MOAT_LADDER_KNOWN_H

#include <stdbool.h>

#include "sweep/ladder.h"

/*
 * Tasks of which some nu are known: a file of an earlier sweep had their tables (results/tables_file.h), and the others
 * are still to be solved. ladder->known says which. The factorisation of a data set serves every nu, so that the task
 * is solved as always, for the nu that are left.
 */

/* Returns true if the tables of `task` are known at some nu, though the task was not done. Local. */
bool ladder_partly_known(const struct ladder *ladder, size_t task);

/* Number of nu at which `task` is still to be solved: all, unless it is partly known. Local. */
size_t ladder_unknown(const struct ladder *ladder, size_t task);

/* Brings the tables of the unknown nu to the front of those of `task`, without order among the others, and fills
   ladder->unknown_nu with these nu. Returns their number. Local. */
size_t ladder_gather_unknown(struct ladder *ladder, size_t task);

/* Undoes that: the tables of each nu are again where they belong, with the values that they have now. Local. */
void ladder_spread_unknown(struct ladder *ladder, size_t task);

/* Operations that it takes to solve `task` at the nu that are unknown, as ladder_flops counts them. Local. */
double ladder_task_flops(const struct ladder *ladder, size_t task);

#endif
