/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LOCK_H
#define MOAT_LOCK_H

#include <stdbool.h>

#include "moat/error.h"

/* One writer at a time: the writer's lock on a results file, and how to tell a killed writer from a live one without
   locks. */

/* Opens `path` for writing, with more `flags` of open(2), and takes the writer's lock on it. *descriptor is the
   caller's; *locked is false where the file system has no locks. Retries for 0.5 s. Returns MOAT_USAGE if another
   process still holds the lock, MOAT_IO on any other failure. Rank 0. */
enum moat_status lock_take(const char *path, int flags, int *descriptor, bool *locked);

/* Returns true if some process holds the writer's lock on `path`; where there are no locks, if its last writer may be
   alive. Changes nothing. Rank 0. */
bool lock_held(const char *path);

/* For a file system without locks: returns MOAT_OK if the writer that did not close `path` is gone, MOAT_USAGE if it is
   alive or nobody can tell. Local. */
enum moat_status lock_check_writer_gone(const char *path);

#endif
