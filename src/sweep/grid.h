/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_GRID_H
#define MOAT_GRID_H

#include <stddef.h>

#include "moat/error.h"
#include "sweep/axis.h"

/*
 * The grid of a sweep and its partition into blocks.
 *
 * A grid has the axes of axis_table: (tau_I, N_I, tau_E, Q, nu) in a market sweep, (lambda, N, alpha, Q, nu) in a
 * scaling law. The first may be scalar: a single value that is no dimension of the results.
 *
 * A block is a box of the grid: the unit of work of a worker, of resuming and of storage (one HDF5 chunk).
 * The partition depends on the grid alone, never on the number of ranks. Block numbers run with nu slowest. A worker
 * that takes blocks in order therefore builds the tables of one nu after those of another.
 */
struct grid {
    struct axis axis[GRID_AXES];
};

struct block {
    size_t start[GRID_AXES];
    size_t count[GRID_AXES];
};

/* Number of grid points; 0 when the product does not fit a size_t. Local. */
size_t grid_points(const struct grid *grid);

/* Edge lengths of a full block (a block at the end of an axis may be shorter). Local. */
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
