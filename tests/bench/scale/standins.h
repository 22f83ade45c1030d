/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_STANDINS_H
#define MOAT_STANDINS_H

#include "sweep/config.h"
#include "sweep/ladder.h"

/*
 * Stand-ins for the solvers and the results file, under the program's own coordinator and workers. Each call sleeps for
 * the time that was measured for it, which SMPI turns into simulated time. To be set before the sweep, alike on every
 * rank.
 */
struct standins {
    double record_seconds; /* rank 0's time for one record or report, or for the tables of one task */
    double put_seconds;    /* a worker's time to put a record into the file; negative: it sends them to rank 0 */
    const double *seconds; /* block i takes seconds[i % durations]; a task of rung k takes seconds[k] on one rank */
    size_t durations;      /* number of seconds; of rungs in a ladder */
};
extern struct standins standins;

/* Totals on rank 0, counted by the stand-ins. */
struct seen {
    double work;    /* seconds that all blocks or tasks would take on one rank */
    size_t records; /* written so far */
};
extern struct seen seen;

/* Sleeps for `seconds`. Local. */
void pass(double seconds);

/* Creates a worker without a solver, which lives as long as the process; NULL if memory runs out. Local. */
struct worker *standin_worker(const struct config *config);

/* Sets up a ladder with empty tables and every task pending. Local. The caller owns the tables. */
void standin_ladder(const struct config *config, struct ladder *ladder);

#endif
