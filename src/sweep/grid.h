/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_GRID_H
#define MOAT_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "moat/error.h"

/*
 * The grid of a sweep and its partition into blocks.
 *
 * A grid has five axes. With sweep: market_entry they are (tau_I, N_I, tau_E, Q, nu), with sweep: scaling_law
 * (lambda, N, alpha, Q, nu). The first may be scalar: a single value that is no dimension of the results.
 *
 * A block is a box of the grid: the unit of work of a worker, of resuming and of storage (one HDF5 chunk).
 * The partition depends on the grid alone, never on the number of ranks. Block numbers run with nu slowest, so
 * that a worker which takes blocks in order builds the tables of one nu after the other.
 */
enum { GRID_TAU_I, GRID_N_I, GRID_TAU_E, GRID_Q, GRID_NU, GRID_AXES };
enum { GRID_LAMBDA = GRID_TAU_I, GRID_N = GRID_N_I, GRID_ALPHA = GRID_TAU_E }; /* their places in a scaling law */

struct axis {
    size_t size;
    double *values; /* owned */
    bool scalar;    /* one value, and no dimension of the results */
};

struct grid {
    struct axis axis[GRID_AXES];
};

struct block {
    size_t start[GRID_AXES];
    size_t count[GRID_AXES];
};

/* Number of grid points; 0 when the product does not fit a size_t. Local. */
size_t grid_points(const struct grid *grid);

/* Edge lengths of a full block (a block at the far end of an axis may be shorter). Local. */
void grid_block_shape(const struct grid *grid, size_t shape[GRID_AXES]);

/* Number of blocks. Local. */
size_t grid_blocks(const struct grid *grid);

/* The box of block `index` in [0, grid_blocks). Local. */
struct block grid_block(const struct grid *grid, size_t index);

/* Number of grid points in a block. Local. */
size_t block_points(const struct block *block);

/* Deep copy of `from` into `to`, whose old content is not freed. Returns MOAT_MEMORY when out of memory. Local. */
enum moat_status grid_copy(const struct grid *from, struct grid *to);

/* Frees the axes and zeroes the grid. Local. */
void grid_free(struct grid *grid);

#endif
