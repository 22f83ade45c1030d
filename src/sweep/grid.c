/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The grid and its partition into boxes.
 *
 * A box takes the whole tau_E axis first, because all points along it share one incumbent. Then it takes N_I, tau_I and
 * Q. It holds a single nu where it can, because each nu needs tables of its own.
 */
#include "sweep/grid.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Enough points to outweigh the cost of a message (tens of milliseconds of work), few enough for all workers to get
   some. */
enum { BLOCK_POINTS_MIN = 32, BLOCK_POINTS_MAX = 8192, BLOCKS_WANTED = 128, BLOCK_NU_MAX = 8 };

size_t grid_points(const struct grid *grid)
{
    size_t points = 1;
    for (int a = 0; a < GRID_AXES; a++) {
        if (__builtin_mul_overflow(points, grid->axis[a].size, &points)) {
            return 0;
        }
    }
    return points;
}

void grid_block_shape(const struct grid *grid, size_t shape[GRID_AXES])
{
    size_t target = grid_points(grid) / BLOCKS_WANTED;
    target = target < BLOCK_POINTS_MIN ? BLOCK_POINTS_MIN : target;
    target = target > BLOCK_POINTS_MAX ? BLOCK_POINTS_MAX : target;

    for (int i = 0; i < GRID_AXES; i++) {
        int a = axis_fill_order[i];
        size_t room = target > 0 ? target : 1;
        room = a == GRID_NU && room > BLOCK_NU_MAX ? BLOCK_NU_MAX : room;
        size_t parts = (grid->axis[a].size + room - 1) / room;
        shape[a] = parts > 0 ? (grid->axis[a].size + parts - 1) / parts : 1;
        target /= shape[a];
    }
}

size_t grid_blocks(const struct grid *grid)
{
    size_t shape[GRID_AXES], blocks = 1;
    grid_block_shape(grid, shape);
    for (int a = 0; a < GRID_AXES; a++) {
        blocks *= (grid->axis[a].size + shape[a] - 1) / shape[a];
    }
    return blocks;
}

struct block grid_block(const struct grid *grid, size_t index)
{
    size_t shape[GRID_AXES];
    grid_block_shape(grid, shape);

    struct block block;
    for (int i = 0; i < GRID_AXES; i++) {
        int a = axis_fill_order[i];
        size_t size = grid->axis[a].size;
        size_t parts = (size + shape[a] - 1) / shape[a];
        size_t start = index % parts * shape[a];
        index /= parts;
        block.start[a] = start;
        block.count[a] = size - start < shape[a] ? size - start : shape[a];
    }
    return block;
}

size_t block_points(const struct block *block)
{
    size_t points = 1;
    for (int a = 0; a < GRID_AXES; a++) {
        points *= block->count[a];
    }
    return points;
}

enum moat_status grid_copy(const struct grid *from, struct grid *to)
{
    memset(to, 0, sizeof *to);
    for (int a = 0; a < GRID_AXES; a++) {
        size_t size = from->axis[a].size;
        to->axis[a].values = malloc(size * sizeof(double) + 1);
        if (!to->axis[a].values) {
            grid_free(to);
            return moat_error_set(MOAT_MEMORY, "out of memory for an axis of %zu values", size);
        }
        memcpy(to->axis[a].values, from->axis[a].values, size * sizeof(double));
        to->axis[a].size = size;
        to->axis[a].scalar = from->axis[a].scalar;
    }
    return MOAT_OK;
}

void grid_free(struct grid *grid)
{
    for (int a = 0; a < GRID_AXES; a++) {
        free(grid->axis[a].values);
    }
    memset(grid, 0, sizeof *grid);
}
