/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_WORK_H
#define MOAT_RIDGE_WORK_H

#include <stdbool.h>

#include "ridge/profile.h"
#include "ridge/ridge.h"

/*
 * A task while it is being solved. With r = min(N, P), the data are L, `length` x r: X^T for N < P (rows are features),
 * X for N >= P (rows are data points). Where rows are drawn, N stands for the number of those that differ, except as a
 * divisor. Then
 *
 *     G = L^T L / N = U S^2 U^T,    Y = L U / sqrt(N),    Y^T Y = S^2,
 *
 * and every product that the tables need is a weighted Gram matrix of the columns of Y or of U. Each rank holds the
 * same contiguous range of the rows of L and Y throughout, and a range of the rows of U. So the products are local, and
 * summed over the group panel by panel. No rank ever holds a whole r x r matrix, unless it is alone. All matrices are
 * stored by columns; the leading dimension is the number of rows.
 *
 * For N much larger than P, L is a matrix of P rows with the Gram matrix of X (tall.h), and Y^T diag(c) Y is made of
 * sums over the points.
 *
 * For N < P there is a second way, without L and Y (sums.h): the sums of a trial are made once for all of its data
 * sets, and with H any of their leading blocks, Y^T (.) Y is U^T H U / N. way.h decides. Source: MODEL.md section 8.
 */
struct row_range {
    size_t first, count;
};

/* A row that was drawn, and how often. X has it once, times the root of that number: the regression is the same. */
struct ridge_draw {
    size_t row;
    double weight; /* that root */
};

struct ridge_work {
    const struct ridge_task *task;
    size_t points;           /* rows of X: N, or of drawn rows those that differ */
    struct ridge_draw *draw; /* [points], rising in row; NULL unless rows are drawn */
    size_t aligned;          /* diagonal matrices B of the targets' moments */
    size_t noises;           /* weights of the data points for which there is a D */
    MPI_Comm group;
    int size, rank;
    bool primal;                   /* points >= P */
    const struct ridge_sums *sums; /* while the task goes through them, else NULL */
    bool tall;                     /* the N points stand in sums, tall.h */
    size_t r, length;
    struct row_range data_rows;   /* this rank's rows of L and Y */
    struct row_range vector_rows; /* this rank's rows of U; through sums only their number, see ridge_vector_row */
    double *data;                 /* L */
    double *image;                /* Y */
    double *vectors;              /* U */
    double *square;               /* s_k^2 = |y_k|^2, k < r, about ascending */
    double *crossed;              /* X^T X and X^T diag(c) X of each label weight, P x P; NULL unless tall */
    double *label;                /* c_i of this rank's data points: [noises][label_rows] */
    size_t label_rows;
    double null;     /* s^2 up to this are rounding error; below 0 where there are none */
    double residual; /* the largest so far */
    int blacs_handle, blacs_context, grid_rows, grid_columns; /* for groups of more than one rank */
    struct ridge_profile *profile;
};

#endif
