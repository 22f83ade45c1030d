/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_TASKS_H
#define MOAT_TASKS_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/handle.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

/* Fills the states and tables of `ladder`, which has as many tasks as the file of `records`, from that file, also while
   another process writes it. Tasks whose checksum does not match become pending; *damaged counts them. False on
   failure, also when out of memory. Local. */
bool tasks_read(const struct records *records, struct ladder *ladder, size_t *damaged);

/* Writes the tables of `task` from `ladder` and what stands beside them in its record: sets the checksum and state of
   `record` and writes all but the state. tasks_mark writes that, once the rest is in the file. False on failure.
   Rank 0. */
bool tasks_write(struct results *results, const struct ladder *ladder, size_t task, struct task_record *record);
bool tasks_mark(struct results *results, size_t task, const struct task_record *record);

/* Writes A0 at each nu of power laws, which is known exactly, to /ridge of the new `file`. False on failure. Rank 0. */
bool tasks_write_A0(hid_t file, const struct config *config);

#endif
