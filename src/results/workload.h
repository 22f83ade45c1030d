/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_WORKLOAD_H
#define MOAT_WORKLOAD_H

#include <stddef.h>

#include "results/groups.h"
#include "results/results.h"
#include "sweep/config.h"

/*
 * The work of a sweep: how much there is, how much is done, and how fast it goes, from the records of its file. Blocks
 * count by their points, tasks by ladder_flops: that of the largest N may be a million times that of the smallest.
 *
 * The rate is the sum, over the ranks that solve, of the work that each has done by the seconds that it took. It holds
 * for a single look at the file, and for a run that has just resumed the work of another. Only ranks of the run that
 * writes the file count: all `ranks` of it but the coordinator, rank 0, if there are others. A rank that has led larger
 * groups and smaller ones counts with its mean, so that the rate is somewhat high for a while after groups split.
 */

/* Fills *out for the blocks of `config`, in points; `ranks` 0: no rate. All NAN if `config` is NULL or has another
   number of blocks. Local. */
void workload_blocks(const struct config *config, const struct block_record *block, size_t blocks, int ranks,
                     struct results_work *out);

/* Fills *out for the tasks of `config`, in operations, likewise. Tasks that failed count as done, but not for the rate.
   All zero, the rate NAN, without tasks. Local. */
void workload_tasks(const struct config *config, const struct task_record *task, size_t tasks, int ranks,
                    struct results_work *out);

#endif
