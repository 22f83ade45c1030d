/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LADDER_COST_H
#define MOAT_LADDER_COST_H

#include <stddef.h>

#include "sweep/config.h"

/*
 * What the tasks of a ladder cost. The data sets of a trial are nested: its rungs below some N go through sums over the
 * features that are made once a trial, for the largest of them (ridge/sums.h). Those of larger N, where this would be
 * too inaccurate or would cost more, go through the data themselves, each for itself; and so do those with N far above
 * P, through sums over their points (ridge/tall.h).
 */

/* Number of rungs of the ladder, from the smallest on, that go through the sums of their trial: those whose expected
   accuracy allows it, as far as they pay. 0 where a trial takes less than a second, with drawn rows, and where the
   directions of a measured spectrum are not loaded. Local. */
size_t ladder_reach(const struct config *config);

/* Operations of a task of rung k, for that reach: with those of the sums in the largest rung that goes through them. On
   a measured spectrum `config` has its rows, or its P. Local. */
double ladder_flops(const struct config *config, size_t reach, size_t k);

/* Speeds of the three kinds of work, in operations per second of one rank: sums, what follows from them, and tasks that
   go through their data. */
struct ladder_speed {
    double sums, rung, data;
};

/* Seconds that one rank needs for a task likewise. Local. */
double ladder_seconds(const struct config *config, size_t reach, size_t k, const struct ladder_speed *speed);

/* The bytes that a task takes on each of its ranks: `config` as for ladder_create. Where it is not clear beforehand
   that the sums are accurate enough, there is room for the data too. Local. */
double ladder_bytes(const struct config *config, size_t reach, size_t k, int ranks);

#endif
