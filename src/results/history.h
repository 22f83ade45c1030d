/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_HISTORY_H
#define MOAT_HISTORY_H

#include <hdf5.h>
#include <stdbool.h>

#include "base/launch.h"
#include "results/handle.h"

/*
 * The history of a results file: a record for each run, with its command, where it runs and what it cost. Records have
 * a fixed place and size in /run (struct history_record), so that a run writes its own while readers follow the file.
 * Each has a checksum and two copies, which are written in turn: a write that is cut short leaves the other copy, and
 * never touches another run's record. When all places are taken, a new run takes that of the oldest but the first.
 */

/* Begins the record of this run in the open file of `results`, and its line in the attribute. False on failure.
   Rank 0. */
bool history_begin(struct results *results, const struct results_run *run);

/* Brings the run's record up to date: the time, its core-hours so far, and whether it is about to close the file; then
   the attribute too. False on failure. Rank 0. */
bool history_update(struct results *results, enum history_state state);

/* Finds where the file has the time at which this run opened it, and that time, s since 1970. False if HDF5 does not
   tell. Rank 0. */
bool history_find_start(const struct results *results, uint64_t *offset, double *started);

/* The history as text, one line for each run, which the caller frees; NULL if `file` has no such records, or out of
   memory. Runs without a record are counted in a line. Local. */
char *history_text(hid_t file);

/* Finds the record of the latest run of `file`. False if there is none. Local. */
bool history_last(hid_t file, struct history_record *out);

/* Finds the latest run of `file`: where it runs, and whether it has closed the file. False if there is no record.
   Local. */
bool history_launch(hid_t file, struct launch *launch, bool *closed);

#endif
