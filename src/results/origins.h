/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ORIGINS_H
#define MOAT_ORIGINS_H

#include <hdf5.h>
#include <stddef.h>

#include "results/groups.h"
#include "results/results.h"

/* Where the tables of a results file come from, if not from its own runs: the messages of the tasks that are done. */

/* Fills *out from the records of the tasks. Control characters, which a terminal would obey, become question marks.
   Local. */
void origins_count(const struct task_record *task, size_t tasks, struct results_origins *out);

/* The same as text, a line for each origin, which the caller frees: "32 of 48 data sets: tables from /data/old.h5
   (small, created 2026-01-01T00:00:00Z)". NULL if there are none, `file` has no records of tasks, or out of memory.
   Local. */
char *origins_text(hid_t file);

#endif
