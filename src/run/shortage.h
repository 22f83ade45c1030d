/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SHORTAGE_H
#define MOAT_SHORTAGE_H

#include <stddef.h>

#include "moat/error.h"

/*
 * Workers that ran out of memory during a run. A shortage is a property of a machine at one moment and never of a grid
 * point or a data set: what it hit stays pending. The worker gives its work back and gets none any more, the others go
 * on, and one other worker tries what was given back. The run ends with MOAT_MEMORY unless the others could do it all.
 */
struct shortage {
    int workers;       /* how many ran out of memory */
    int rank;          /* of the first */
    char reason[512];  /* of the first, with its host */
    const char *thing; /* what they solve, in the plural: "blocks" */
};

/* Notes that the worker of `rank` cannot go on for that `reason`, and says so on stderr. Rank 0. */
void shortage_note(struct shortage *shortage, int rank, const char *reason);

/* Returns MOAT_OK if nothing is `left`. Otherwise returns MOAT_MEMORY with a message: how much of `total` is left, who
   ran out of memory, and what to do. Rank 0. */
enum moat_status shortage_judge(const struct shortage *shortage, size_t left, size_t total);

/* Puts the rank and its host in front of the last error message, and what to do behind it. Returns MOAT_MEMORY. Local.
 */
enum moat_status shortage_explain(int rank);

/* Writes the last error message with the name of this host in front, cut to `size`. Local. */
void shortage_reason(char *text, size_t size);

#endif
