/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_COORDINATOR_H
#define MOAT_COORDINATOR_H

#include <mpi.h>

#include "moat/error.h"
#include "results/results.h"
#include "run/progress.h"
#include "run/worker.h"
#include "sweep/config.h"

/* The worst of the ranks' statuses, so that all take the same branch before the next collective. Collective over comm.
 */
enum moat_status coordinator_agree(enum moat_status status, MPI_Comm comm);

/* Runs the sweep: hands the blocks that `results` lacks to the workers, rank 1 and up of `comm`, and writes what comes
   back; with no other rank, solves them in place with `worker` (else NULL). On an interrupt, or when the file cannot be
   written, it hands out nothing more, takes in what is in flight and stops the workers. Returns MOAT_OK when every
   block is in the file, MOAT_STOPPED after an interrupt, MOAT_IO or MOAT_MEMORY. Rank 0, while the others are in
   worker_run. */
enum moat_status coordinator_run(const struct config *config, struct results *results, struct worker *worker,
                                 struct progress *progress, MPI_Comm comm);

#endif
