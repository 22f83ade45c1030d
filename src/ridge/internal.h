/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RIDGE_INTERNAL_H
#define RIDGE_INTERNAL_H

#include <stdbool.h>

#include "ridge/ridge.h"

/*
 * One task in the making. With r = min(N, P), the data are L, `length` x r: X^T for N < P (rows are features), X for
 * N >= P (rows are data points). Then
 *
 *     G = L^T L / N = U S^2 U^T,    Y = L U / sqrt(N),    Y^T Y = S^2,
 *
 * and every product that the tables need is a weighted Gram matrix of the columns of Y or of U. Each rank holds the
 * same contiguous share of the rows of L and Y throughout, and a share of the rows of U: the products are local, and
 * summed over the group panel by panel. No rank ever holds an r x r matrix whole, unless it is alone. All matrices are
 * stored by columns; the leading dimension is the number of rows.
 */
struct span {
    size_t first, count;
};

/* The steps of a task, as the benchmark shows them. */
enum ridge_step { STEP_SAMPLE, STEP_GRAM, STEP_EIGEN, STEP_ROTATE, STEP_REFINE, STEP_CHECK, STEP_FORMS, RIDGE_STEPS };

struct ridge_profile {
    double seconds[RIDGE_STEPS];
    size_t bytes_now, bytes_peak; /* allocated on this rank */
    size_t allocations;
    size_t refined; /* eigenpairs computed again, summed over rounds */
};

/* A square matrix spread over the group in ScaLAPACK's block-cyclic way. A matrix too small for that lies on rank 0. */
struct ridge_layout {
    int order, block;
    int rows, columns; /* of the process grid */
    int row, column;   /* this rank's place in it; -1: it holds nothing */
    int context;       /* of BLACS; meaningless when the grid has one process */
    int local_rows, local_columns;
};

struct ridge_work {
    const struct ridge_task *task;
    MPI_Comm group;
    int size, rank;
    bool primal; /* N >= P */
    size_t r, length;
    struct span data_rows;   /* this rank's rows of L and Y */
    struct span vector_rows; /* this rank's rows of U */
    double *data;            /* L */
    double *image;           /* Y */
    double *vectors;         /* U */
    double *square;          /* s_k^2 = |y_k|^2, k < r, about ascending */
    double *label;           /* c_i = x_i^T B x_i of this rank's data points: [nu][label_rows] */
    size_t label_rows;
    double residual;                                          /* the largest so far */
    int blacs_handle, blacs_context, grid_rows, grid_columns; /* for groups of more than one rank */
    struct ridge_profile *profile;
};

/* ridge.c: ridge_solve with the time of each step added to *profile, which the caller zeroes. Collective over group. */
enum moat_status ridge_solve_profiled(const struct ridge_task *task, MPI_Comm group, struct ridge_table *out,
                                      struct ridge_profile *profile);

/* ridge_group.c: what the ranks of a group share. */

/* Share of rank `rank` of n rows over `ranks`. Local. */
struct span ridge_share(size_t n, int ranks, int rank);

/* The worst status of the group with the message of the first rank that has it. Collective over the group. */
enum moat_status ridge_agree(const struct ridge_work *work, enum moat_status status);

/* Sums `count` doubles over the group, in place, on every rank. Collective over the group. */
void ridge_sum(const struct ridge_work *work, double *values, size_t count);

/* An array of `count` doubles (one at least). NULL when out of memory, or when *status is not MOAT_OK already, so
   that a run of allocations needs one check. Local. */
double *ridge_allocate(struct ridge_work *work, size_t count, enum moat_status *status);

/* Frees *array and sets it to NULL. Local. */
void ridge_release(struct ridge_work *work, double **array);

/* Sets the squarest process grid with no more rows than columns. Local. */
void ridge_grid_shape(struct ridge_work *work);

/* Makes and frees the BLACS grid of a group of more than one rank. Collective over the group. */
enum moat_status ridge_grid_open(struct ridge_work *work);
void ridge_grid_close(struct ridge_work *work);

/* Whether the fault `name` is to happen on this rank: MOAT_FAULT=ridge:<name>[:rank<k>[:call<n>]] in builds with
   MOAT_FAULTS, where n counts this rank's allocations from 1. Names: alloc, nan, info, residual. Local. */
bool ridge_fault(const struct ridge_work *work, const char *name);

/* C = alpha op(A) op(B) + beta C with C m x n, op(A) m x k. Local. */
void ridge_multiply(char op_a, char op_b, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                    const double *b, size_t ldb, double beta, double *c, size_t ldc);

/* out[k * weights + w] = sum_i weight[w * rows + i] matrix[k * rows + i]^2 over the local rows. Local. */
void ridge_column_squares(const double *matrix, size_t rows, size_t columns, const double *weight, size_t weights,
                          double *out);

/* ridge_sample.c: makes L and the labels' c_i. Collective over the group. */
enum moat_status ridge_sample(struct ridge_work *work);

/* ridge_eigen.c: eigenvectors of a symmetric matrix, given by its lower triangle in `layout` and replaced by the
   vectors in order of ascending eigenvalue. *matrix may be another array afterwards. Collective over the group. */
enum moat_status ridge_eigenvectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix);

/* The layout of a matrix of `order`. Local. */
struct ridge_layout ridge_layout(const struct ridge_work *work, size_t order);

/* Global number of local row or column `local` at grid coordinate `coordinate` of `processes`. Local. */
size_t ridge_global(const struct ridge_layout *layout, int local, int coordinate, int processes);

/* Doubles and integers of work space for the eigenvectors, without those the library's own query adds. Local. */
size_t ridge_eigen_work(const struct ridge_layout *layout);

/* LAPACK's answer as a status: MOAT_NUMERICAL unless `info` is 0; and the refusal of an order that is too large. */
enum moat_status ridge_check_info(const struct ridge_work *work, const char *routine, int order, int info);
enum moat_status ridge_refuse_order(const struct ridge_work *work, int order);

/* ridge_grid_scalapack.c or ridge_grid_elpa.c, as chosen at build time: ridge_eigenvectors and ridge_eigen_work for a
   matrix spread over a grid of more than one process. ridge_grid_vectors is collective over the group. */
enum moat_status ridge_grid_vectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix);
size_t ridge_grid_work(const struct ridge_layout *layout);

/* ridge_spread.c: between matrices shared by rows and spread ones. */

/* Lower triangle of scale A^T A into the spread `matrix`, which is zero before. MOAT_NUMERICAL when it is not finite.
   Collective over the group. */
enum moat_status ridge_gram(struct ridge_work *work, const struct ridge_layout *layout, const double *a, double scale,
                            double *matrix);

/* image = scale A V and vectors = B V for the spread V; B = NULL stands for the identity, an output that is NULL is not
   made. Collective over the group. */
enum moat_status ridge_rotate(struct ridge_work *work, const struct ridge_layout *layout, double *spread,
                              const double *a, double scale, const double *b, double *image, double *vectors);

/* Width of the panels. Local. */
size_t ridge_panel(size_t r);

/* ridge_factor.c: from L to U, Y and s^2; then their refinement, which does not need L. Collective over the group. */
enum moat_status ridge_factor(struct ridge_work *work);
enum moat_status ridge_refine(struct ridge_work *work);

/* ridge_cost.c: counted operations of each step. Local. */
void ridge_step_flops(size_t P, size_t N, size_t nus, size_t lambdas, double flops[RIDGE_STEPS]);

/* ridge_check.c: the residual of the factorisation, with L at hand, and that of the first `columns` after their
   refinement: both raise work->residual. Return MOAT_NUMERICAL when it is too large. Collective over the group. */
enum moat_status ridge_check(struct ridge_work *work);
enum moat_status ridge_check_refined(struct ridge_work *work, size_t columns);

/* ridge_forms.c: the tables from U, Y and s^2. Collective over the group. */
enum moat_status ridge_forms(struct ridge_work *work, struct ridge_table *out);

/* Width of the panels there. Local. */
size_t ridge_forms_panel(size_t r, size_t nus);

#endif
