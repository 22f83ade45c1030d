/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CLAIM_H
#define MOAT_CLAIM_H

#include "base/launch.h"
#include "moat/error.h"

/*
 * The name under which a results file is made, FILE.moat-new: one process at a time, and never over what somebody else
 * has put there. The file says by an extended attribute who makes it, until it is complete.
 */

/* What such a name ends with. */
extern const char claim_suffix[];

/* Creates the file `temporary`, which must not exist, takes the writer's lock on it, and marks it as made by the run
   `launch`. One that a dead run of this user has left is removed first. *descriptor is the caller's. Returns MOAT_USAGE
   for anything else that bears the name, with whose it is and since when, MOAT_IO, or MOAT_MEMORY. Rank 0. */
enum moat_status claim_take(const char *temporary, const struct launch *launch, int *descriptor);

/* Removes the mark from the file, which is complete. Rank 0. */
void claim_end(int descriptor);

#endif
