/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_COORDINATOR_H
#define MOAT_COORDINATOR_H

#include <mpi.h>

#include "moat/error.h"
#include "results/results.h"
#include "run/progress.h"
#include "run/worker.h"
#include "sweep/config.h"

/* Runs the sweep: hands the blocks that `results` lacks to the workers, which are ranks 1 and up of `comm`. It marks
   those that they have put into the file, and writes the records of the others. If there is no other rank, `worker`
   solves the blocks here; otherwise it is not used. After an interrupt or a failed write, also of a worker, no more
   blocks are handed out; those in flight are taken in and the workers are stopped. Returns MOAT_OK if every block is in
   the file, MOAT_STOPPED after an interrupt, MOAT_MEMORY if blocks are left because workers ran out of memory, or
   MOAT_IO. Rank 0, while the others are in worker_run. */
enum moat_status coordinator_run(const struct config *config, struct results *results, struct worker *worker,
                                 struct progress *progress, MPI_Comm comm);

#endif
