/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LOCK_H
#define MOAT_LOCK_H

#include <stdbool.h>

#include "moat/error.h"

/* One writer at a time: the writer's lock on a results file, and how to tell a killed writer from a live one without
   locks. */

/* Opens `path` for writing, with more `flags` of open(2), and takes the writer's lock on it where the file system has
   locks. *descriptor is the caller's. Retries for 0.5 s. Returns MOAT_USAGE if another process still holds the lock,
   MOAT_IO on any other failure. Rank 0. */
enum moat_status lock_take(const char *path, int flags, int *descriptor);

/* Returns true if some process holds the writer's lock on `path`, or if its last writer has not closed it and may be
   alive. Changes nothing. Rank 0. */
bool lock_held(const char *path);

/* For a file that its last writer did not close, whoever holds the lock: returns MOAT_OK if that writer is gone,
   MOAT_USAGE if it is alive, or, without `force`, if it may be. Takes at most 30 s. Local. */
enum moat_status lock_check_writer_gone(const char *path, bool force);

#endif
