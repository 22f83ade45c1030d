/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RANDOM_H
#define MOAT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Counter-based standard normals: element (row, column) of the infinite matrix of (seed, trial) is a pure function of
 * these four numbers. Any rank makes any part of the matrix, and the result is the same to the bit for every partition,
 * vector width and processor: beside integers only + - * / and sqrt of IEEE doubles enter, never libm.
 *
 * Columns 4k .. 4k+3 of a row share one call of Philox4x64-10 with counter {k, row, 0, 0} and key {seed, trial}; words
 * (0, 1) and (2, 3) make two normals each by Box and Muller's transform, from uniforms of 52 bits: |z| < 8.5.
 */

/*
 * Writes the normals of `rows` x `columns` elements from (row, column) on: element (row + i, column + j) goes to
 * out[i * row_stride + j * column_stride]. It is fastest when one of the strides is 1. Local, no allocation, never
 * fails. Source: Salmon et al., SC '11, doi 10.1145/2063384.2063405.
 */
void random_normals(uint64_t seed, uint32_t trial, uint64_t row, size_t rows, uint64_t column, size_t columns,
                    double *out, size_t row_stride, size_t column_stride);

/* Draw `row` of (seed, trial) from the numbers 0 .. count - 1, each as likely as the others but for 2^-64 count: a pure
   function of the four arguments, independent of the normals. Local. */
size_t random_index(uint64_t seed, uint32_t trial, uint64_t row, size_t count);

#endif
