/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_EIGEN_H
#define MOAT_RIDGE_EIGEN_H

#include "ridge/work.h"

/* A square matrix spread over the group in ScaLAPACK's block-cyclic way. A matrix too small for that lies on rank 0. */
struct ridge_layout {
    int order, block;
    int rows, columns; /* of the process grid */
    int row, column;   /* this rank's coordinates in it; -1: it holds nothing */
    int context;       /* of BLACS; meaningless when the grid has one process */
    int local_rows, local_columns;
};

/* The layout of a matrix of `order`. Local. */
struct ridge_layout ridge_layout(const struct ridge_work *work, size_t order);

/* Global number of local row or column `local` at grid coordinate `coordinate` of `processes`. Local. */
size_t ridge_global(const struct ridge_layout *layout, int local, int coordinate, int processes);

/* Eigenvectors of a symmetric matrix, given by its lower triangle in `layout` and replaced by the vectors in order of
   ascending eigenvalue. *matrix may be another array afterwards. The eigenvalues go to value[order], the same on every
   rank, unless that is NULL. Returns MOAT_USAGE, MOAT_MEMORY or MOAT_NUMERICAL. Collective over the group. */
enum moat_status ridge_eigenvectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix,
                                    double *value);

/* Doubles and integers of work space for the eigenvectors, without those that the library's own query adds. Local. */
size_t ridge_eigen_work(const struct ridge_layout *layout);

/* LAPACK's answer as a status: MOAT_NUMERICAL unless `info` is 0. Local. */
enum moat_status ridge_check_info(const struct ridge_work *work, const char *routine, int order, int info);

/* MOAT_USAGE, with a message that an eigenproblem of this order is too large for the group. Local. */
enum moat_status ridge_refuse_order(const struct ridge_work *work, int order);

#endif
