/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASUREMENT_INTERNAL_H
#define MOAT_MEASUREMENT_INTERNAL_H

#include "run/measurement.h"

/*
 * The measurement module, one file per concern:
 *   measurement.c         rank 0: which group gets which task, and when
 *   measurement_work.c    the other ranks: groups that form, split and solve tasks
 *   measurement_choice.c  rank 0: the next task for a group
 *   measurement_solve.c   one task on one group; all tables to every rank
 *   measurement_groups.c  how many ranks a task needs
 *   measurement_progress.c  how much of the work is done
 */

/* Rank 0 sends a leader a number with one of the first four tags: a task, one that goes through the sums of its trial,
   the size of the groups to split into, or nothing. A leader answers each task with struct measured_header, then a
   message for each table. */
enum {
    MEASUREMENT_TAG_TASK = 11,
    MEASUREMENT_TAG_RUNG,
    MEASUREMENT_TAG_SPLIT,
    MEASUREMENT_TAG_STOP,
    MEASUREMENT_TAG_MEASURED,
    MEASUREMENT_TAG_TABLE
};

struct measured_header {
    unsigned long long task;
    double seconds;
    int status;
    char message[512]; /* why it failed; for MOAT_MEMORY, a shortage_reason */
};

/* The workers as one group; MPI_COMM_NULL on rank 0. Collective over comm. */
MPI_Comm measurement_gather(MPI_Comm comm);

/* The part of a table of the ladder that belongs to `task`, as it is sent. Local. */
double *measurement_table(struct ladder *ladder, size_t task, int table);

/* Makes the progress count the ladder's tasks by their operations, those that are done as work of earlier runs, on so
   many workers. Rank 0. */
void measurement_weigh(const struct ladder *ladder, int workers, struct progress *progress);

/* Counts a task that took so many seconds on so many ranks. Rank 0. */
void measurement_count(const struct ladder *ladder, size_t task, double seconds, int ranks, struct progress *progress);

#endif
