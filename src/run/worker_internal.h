/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_WORKER_INTERNAL_H
#define MOAT_WORKER_INTERNAL_H

#include "moat/deterministic.h"
#include "sweep/config.h"
#include "sweep/field.h"
#include "sweep/jackknife.h"

/*
 * The worker module, one file per concern:
 *   worker_run.c      taking blocks, sending records
 *   worker.c          the models, one block from nu to nu
 *   worker_market.c   the markets of one (Q, nu) of a block
 *   worker_scaling.c  the scaling laws of one (Q, nu) of a block
 */

struct worker;

/* Solves block `index` into what travels to rank 0: struct solved_header, then the record, *size bytes. Returns it; it
   is the worker's and lives until the next call. Local. */
const void *worker_answer(struct worker *worker, size_t index, size_t *size);

/* What solves the points of one nu. */
struct model {
    double nu;
    struct moat_deterministic *deterministic; /* NULL: no model, or it could not be made */
    struct jackknife *jackknife;              /* with SOLVER_RIDGE, else NULL */
};

/* A block's record, field by field. */
struct record {
    const struct config *config;
    struct block block;
    unsigned char *bytes;
    size_t offset[FIELD_COUNT + 1];
};

/* The grid's value on `axis` at block-local index at[axis]. Local. */
double record_coordinate(const struct record *record, int axis, const size_t at[GRID_AXES]);

/* Stores a value of `field` at block-local indices `at`; nothing when the file does not have the field. Local. */
void record_store(const struct record *record, enum field_id field, const size_t at[GRID_AXES], double value);
void record_store_flag(const struct record *record, enum field_id field, const size_t at[GRID_AXES], int value);

/* Solve the points with at[GRID_Q] and at[GRID_NU], which are set; the rest of `at` is the function's. Local. */
void worker_solve_markets(const struct model *model, const struct record *record, size_t at[GRID_AXES]);
void worker_solve_scaling_laws(const struct model *model, const struct record *record, size_t at[GRID_AXES]);

#endif
