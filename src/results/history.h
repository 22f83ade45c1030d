/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_HISTORY_H
#define MOAT_HISTORY_H

#include <hdf5.h>
#include <stdbool.h>

#include "base/launch.h"

/*
 * The attribute history: one line for each run, with its time, version and command. The line ends with the run's launch
 * (base/launch.h) in brackets while the run lasts, so that it names the writer. Closing adds the core-hours.
 */

/* The time of day as in the history, in UTC. Local. */
void history_time(char text[32]);

/* Reads who wrote the file last, live or killed, into *launch; false when that run closed the file or left no trace.
   Local. */
bool history_launch(hid_t file, struct launch *launch);

/* Adds the line of this run to the history of `file`, named `path` in messages. A history that cannot be read starts
   anew. With the file's `descriptor`, not -1, no loss of power leaves the attribute without its text. False on failure.
   Rank 0. */
bool history_add(hid_t file, const char *path, const char *argv_line, int descriptor);

/* Adds the core-hours of the run to the last line of the closed file's history; `descriptor` as above. False on
   failure. Rank 0. */
bool history_finish(const char *path, double core_hours, int descriptor);

#endif
