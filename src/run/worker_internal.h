/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_WORKER_INTERNAL_H
#define MOAT_WORKER_INTERNAL_H

#include "sweep/model.h"
#include "sweep/record.h"

/*
 * The worker module, one file per concern:
 *   worker_run.c      taking blocks, sending reports or records
 *   worker.c          the models, one block from nu to nu
 *   worker_market.c   the markets of one (Q, nu) of a block
 *   worker_scaling.c  the scaling laws of one (Q, nu) of a block
 */

struct worker;

/* Solves block `index`, puts it into the file if the worker has a writer, and composes the message for rank 0, *size
   bytes: struct solved_header, then the record if rank 0 is to write it, or the reason why the block is given back (""
   if it was not tried). Returns it; it is the worker's and lives until the next call. Local. */
const void *worker_answer(struct worker *worker, size_t index, size_t *size);

/* Solve every point of the block at at[GRID_Q] and at[GRID_NU], and store it; the rest of `at` is scratch. Local. */
void worker_solve_markets(struct model *model, const struct record *record, size_t at[GRID_AXES]);
void worker_solve_scaling_laws(struct model *model, const struct record *record, size_t at[GRID_AXES]);

#endif
