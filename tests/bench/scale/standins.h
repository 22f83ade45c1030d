/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_STANDINS_H
#define MOAT_STANDINS_H

#include "sweep/config.h"
#include "sweep/ladder.h"

/*
 * What stands in for the solvers and the results file under a coordinator and workers that are the program's own: each
 * call takes its measured time asleep, which SMPI turns into simulated time. Set before the sweep, alike on every rank.
 */
struct standins {
    double record_seconds; /* rank 0's time for one record or one task's tables */
    const double *seconds; /* of a block, block i takes seconds[i % durations]; of a task of each rung, on its group */
    size_t durations;
};
extern struct standins standins;

/* What rank 0 saw, filled by the stand-ins. */
struct seen {
    double work; /* sum of the seconds of blocks or tasks on one rank */
    size_t records;
};
extern struct seen seen;

/* Lets `seconds` pass. Local. */
void pass(double seconds);

/* A worker without solver. The caller frees it. Local. */
struct worker *standin_worker(const struct config *config);

/* A ladder of tables that no one fills, tasks pending; the caller frees what it points at. Local. */
void standin_ladder(const struct config *config, struct ladder *ladder);

#endif
