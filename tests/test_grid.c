/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The partition of a grid: every point is in one block, no block is larger than the first, a block has one nu where
   possible. */
#include "suite.h"

#include <stdlib.h>

#include "sweep/grid.h"

static const size_t shapes[][GRID_AXES] = {
    {1, 1, 1, 1, 1}, {1, 111, 1, 1, 2},    {1, 7, 5, 3, 11},   {1, 1, 1, 1, 1000}, {1, 40, 60, 10, 5},
    {4, 9, 6, 5, 3}, {1, 1, 100000, 1, 1}, {1, 97, 89, 13, 2}, {50, 40, 1, 1, 2},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct grid grid_of(const size_t shape[GRID_AXES])
{
    struct grid grid = {0};
    for (int a = 0; a < GRID_AXES; a++) {
        grid.axis[a].size = shape[a]; /* the partition needs no values */
    }
    return grid;
}

/* Adds one to `seen` at every point of the block. */
static void mark(const struct grid *grid, const struct block *block, unsigned char *seen)
{
    size_t at[GRID_AXES];
    for (size_t i = 0; i < block_points(block); i++) {
        size_t rest = i, index = 0;
        for (int a = GRID_AXES - 1; a >= 0; a--) {
            at[a] = block->start[a] + rest % block->count[a];
            rest /= block->count[a];
        }
        for (int a = 0; a < GRID_AXES; a++) {
            index = index * grid->axis[a].size + at[a];
        }
        seen[index]++;
    }
}

static void test_every_point_once(void)
{
    for (int s = 0; s < SHAPES; s++) {
        struct grid grid = grid_of(shapes[s]);
        size_t points = grid_points(&grid);
        unsigned char *seen = calloc(points, 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
        struct block first = grid_block(&grid, 0);
        for (size_t b = 0; b < grid_blocks(&grid); b++) {
            struct block block = grid_block(&grid, b);
            CU_ASSERT(block_points(&block) <= block_points(&first));
            mark(&grid, &block, seen);
        }
        size_t once = 0;
        for (size_t i = 0; i < points; i++) {
            once += seen[i] == 1;
        }
        CU_ASSERT_EQUAL(once, points);
        free(seen);
    }
}

static void test_blocks_in_order_of_nu(void)
{
    struct grid grid = grid_of((const size_t[]){3, 40, 60, 10, 5});
    size_t last = 0;
    for (size_t b = 0; b < grid_blocks(&grid); b++) {
        struct block block = grid_block(&grid, b);
        CU_ASSERT_EQUAL(block.count[GRID_NU], 1);
        CU_ASSERT(block.start[GRID_NU] >= last);
        last = block.start[GRID_NU];
    }
}

static void test_too_many_points(void)
{
    size_t huge = (size_t)1 << 40;
    struct grid grid = grid_of((const size_t[]){1, huge, huge, 1, 1});
    CU_ASSERT_EQUAL(grid_points(&grid), 0);
}

int main(void)
{
    CU_TestInfo tests[] = {{"every point is in one block", test_every_point_once},
                           {"blocks in order of nu", test_blocks_in_order_of_nu},
                           {"a product that does not fit is detected", test_too_many_points},
                           CU_TEST_INFO_NULL};
    return suite_run("grid", tests);
}
