/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASUREMENT_H
#define MOAT_MEASUREMENT_H

#include <mpi.h>

#include "moat/error.h"
#include "results/results.h"
#include "run/progress.h"
#include "sweep/ladder.h"

/*
 * The first stage of a sweep with SOLVER_RIDGE: the tasks of the ladder, each on a group of workers.
 *
 * Ranks 1 and up are cut into groups of equal size (the last takes what is left over); rank 0 hands tasks to the
 * groups' leaders, costliest first, and writes the tables. A group that finds no more tasks of its size is cut into
 * smaller ones for those of the next, and waits for no other group. With no other rank, rank 0 solves the tasks itself.
 */

/* Bytes of memory that a rank may take: the least, over ranks, of what its node has left over the ranks there.
   Collective over comm, the same on every rank. */
double measurement_memory(MPI_Comm comm);

/* The size of the group for each rung of the config's ladder, for that many workers (at least 1):
   ridge.ranks_per_group, or with `auto` the smallest that fits `bytes` on each rank, and larger where one task
   would outlast a worker's share of what is left once the costlier rungs are done. group[rungs]. Returns MOAT_USAGE
   when a rung does not fit. Local, the same on every rank. */
enum moat_status measurement_groups(const struct config *config, int workers, double bytes, int *group);

/* Runs the tasks that `ladder` has pending and writes each to `results`. A task that fails is stored with its reason
   and the sweep goes on. Returns MOAT_STOPPED after an interrupt, MOAT_IO, MOAT_MEMORY. Rank 0, while the others
   are in measurement_work. */
enum moat_status measurement_coordinate(struct ladder *ladder, const int *group, struct results *results,
                                        struct progress *progress, MPI_Comm comm);

/* The other ranks' part. Every rank of `comm` but 0. */
void measurement_work(struct ladder *ladder, MPI_Comm comm);

/* Solves `task` into the tables; its state becomes done or failed. Sets *seconds. Returns what ridge_solve does, with
   its message. Collective over `group`. */
enum moat_status measurement_solve(struct ladder *ladder, size_t task, MPI_Comm group, double *seconds);

/* Gives every rank the tables and states of rank 0. Collective over comm. */
void measurement_share(struct ladder *ladder, MPI_Comm comm);

#endif
