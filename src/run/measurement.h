/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASUREMENT_H
#define MOAT_MEASUREMENT_H

#include <mpi.h>

#include "moat/error.h"
#include "results/results.h"
#include "run/progress.h"
#include "sweep/ladder.h"

/*
 * The first stage of a sweep with SOLVER_RIDGE: the tasks of the ladder, each solved by a group of workers.
 *
 * Ranks 1 and up are split into groups of equal size, the last of which takes the ranks that are left over. Rank 0
 * hands tasks to the groups' leaders, and writes the tables. A group that has begun a trial gets all the rungs that go
 * through its sums, which it keeps, the largest first; then another trial, or else single tasks, costliest first. When
 * no tasks of its size are left, a group is split into smaller ones for the tasks of the next size, without waiting for
 * other groups. If there is no other rank, rank 0 solves the tasks itself.
 *
 * A group that runs out of memory gives its task back, which another group tries once more; it gets only tasks of
 * smaller groups from then on, and none if it is a single rank.
 */

/* Returns the bytes of memory that are free on this machine, INFINITY if that is not known. Local. */
double measurement_free_memory(void);

/* Returns the bytes of memory that each rank may take: the free memory of a node divided by its ranks, on the node
   where this is least. The same on every rank. Collective over comm. */
double measurement_memory(MPI_Comm comm);

/* Sets group[rungs], the number of ranks that solve a task of each rung of the config's ladder, for so many workers (at
   least 1). This is ridge.ranks_per_group. With `auto` it is the smallest number with which a task fits into `bytes` on
   each rank, or more where one task would take longer than an even division of the work that is left once the costlier
   rungs are done. A rung of which no task of `ladder` is left (NULL: all tasks are) takes no memory. Returns MOAT_USAGE
   if a rung does not fit. Local, the same on every rank. */
enum moat_status measurement_groups(const struct config *config, const struct ladder *ladder, int workers, double bytes,
                                    int *group);

/* Sets ranks[trials] to the size of the group that takes a trial through its sums, so that all ranks have an even part:
   by the numbers of trials and workers alone, so that a run that goes on makes the same groups. `group` is that of
   measurement_groups. Local. */
void measurement_trial_groups(const struct ladder *ladder, const int *group, int workers, int *ranks);

/* Has the tasks of `ladder` solved that are pending or failed in an earlier run, and writes each to `results`. A task
   that fails is stored with its reason, and the sweep continues. Returns MOAT_STOPPED after an interrupt, MOAT_MEMORY
   if tasks are left because workers ran out of memory, or MOAT_IO. Rank 0, while the others are in measurement_work. */
enum moat_status measurement_coordinate(struct ladder *ladder, const int *group, struct results *results,
                                        struct progress *progress, MPI_Comm comm);

/* Solves tasks until rank 0 has no more. Every rank of `comm` but 0, while rank 0 is in measurement_coordinate. */
void measurement_work(struct ladder *ladder, MPI_Comm comm);

/* Solves `task` into the ladder's tables, and sets its state to done or failed, or leaves it if memory is short, and
   the time that it took to *seconds. It goes through the sums of its trial, as in ridge_solve_rung, unless `sums` is
   NULL. Returns the status of ridge_solve. Collective over `group`, which may be MPI_COMM_NULL as in ridge_solve. */
struct ridge_sums;
enum moat_status measurement_solve(struct ladder *ladder, size_t task, MPI_Comm group, struct ridge_sums **sums,
                                   double *seconds);

/* Gives every rank the tables and states of rank 0. Collective over comm. */
void measurement_share(struct ladder *ladder, MPI_Comm comm);

#endif
