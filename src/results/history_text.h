/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_HISTORY_TEXT_H
#define MOAT_HISTORY_TEXT_H

#include "base/launch.h"
#include "results/groups.h"

/* The history of a results file as people read it: a line for each run, such as
       2025-09-01T12:00:00Z moat 0.2.0 (1234567): moat run ridge.yaml [host node7, pid 4567, 2 nodes, 64 ranks, 3
   core-hours] Nothing reads these lines back. */

/* Sets *launch from a record. Local. */
void history_place(const struct history_record *run, struct launch *launch);

/* The lines of `count` runs in order, which the caller frees; NULL when out of memory. If they take more than `size`
   bytes, runs after the first are left out until they do not. Where runs are missing a line says how many. Local. */
char *history_compose(const struct history_record *run, size_t count, size_t size);

#endif
