/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_GROUP_H
#define MOAT_RIDGE_GROUP_H

#include "ridge/work.h"

/* What the ranks of a group do together, and memory and products of one rank. */

/* The rows of rank `rank` when n rows are divided over `ranks`. Local. */
struct row_range ridge_row_range(size_t n, int ranks, int rank);

/* The number of the row of U that this rank holds at `at`. Local. */
size_t ridge_vector_row(const struct ridge_work *work, size_t at);

/* Sets the size of work->group and this process's rank in it. Neither this nor any other function here calls MPI for a
   group of one. Local. */
void ridge_group_join(struct ridge_work *work);

/* Returns the worst status of the group, with the message of the first rank that has it. Collective over the group. */
enum moat_status ridge_agree(const struct ridge_work *work, enum moat_status status);

/* Sums `count` doubles over the group, in place, on every rank. Collective over the group. */
void ridge_sum(const struct ridge_work *work, double *values, size_t count);

/* Gives every rank the `count` doubles of rank 0; at most INT_MAX. Collective over the group. */
void ridge_broadcast(const struct ridge_work *work, double *values, size_t count);

/* An array of `count` doubles (one at least). NULL when out of memory, or when *status is not MOAT_OK already, so
   that several allocations in a row need one check. Local. */
double *ridge_allocate(struct ridge_work *work, size_t count, enum moat_status *status);

/* Frees *array and sets it to NULL. Local. */
void ridge_release(struct ridge_work *work, double **array);

/* Sets the squarest process grid with no more rows than columns. Local. */
void ridge_grid_shape(struct ridge_work *work);

/* Makes and frees the BLACS grid of a group of more than one rank. Collective over the group. */
enum moat_status ridge_grid_open(struct ridge_work *work);
void ridge_grid_close(struct ridge_work *work);

/* Returns true if the fault `name` is to happen on this rank: MOAT_FAULT=ridge:<name>[:rank<k>[:call<n>]] in builds
   with MOAT_FAULTS, where n counts this rank's allocations from 1. Names: alloc, nan, half (nan in odd trials), info,
   residual. Local. */
bool ridge_fault(const struct ridge_work *work, const char *name);

/* C = alpha op(A) op(B) + beta C with C m x n, op(A) m x k. Local. */
void ridge_multiply(char op_a, char op_b, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                    const double *b, size_t ldb, double beta, double *c, size_t ldc);

/* out[k * weights + w] = sum_i weight[w * rows + i] matrix[k * rows + i]^2 over the local rows. Local. */
void ridge_column_squares(const double *matrix, size_t rows, size_t columns, const double *weight, size_t weights,
                          double *out);

#endif
