/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RIDGE_REFERENCE_H
#define RIDGE_REFERENCE_H

#include <stdbool.h>

#include "ridge/ridge.h"

/*
 * The coefficients from their definitions, with R = (X^T X/N + lambda)^-1 made by elimination, P x P:
 *
 *     A2 = lambda tr(B R Sigma),  A1 = lambda^2 tr(B R Sigma R),  D = (1/N^2) sum_i c_i x_i^T R Sigma R x_i.
 *
 * In quadruple precision (`precise`; lambda = 0 is then 1e-20 for N < P), else in long double. False when out of
 * memory.
 */
bool ridge_reference(const struct ridge_task *task, bool precise, struct ridge_table *out);

/* X of the task, N x P by columns, in double. NULL when out of memory; the caller frees it. */
double *ridge_reference_data(const struct ridge_task *task);

/*
 * L1 and L2 by drawing: `draws` pairs of targets with correlation 1 - Q and labels with share alpha, ridge regression
 * by ScaLAPACK's Cholesky factorisation of X^T X/N + lambda, for the task's X, first nu and first lambda. mean[0],
 * mean[1]: the losses' averages; error[0], error[1]: their standard errors. Collective over group; false when something
 * fails.
 */
bool ridge_draw_losses(const struct ridge_task *task, double Q, double alpha, size_t draws, MPI_Comm group,
                       double mean[2], double error[2]);

#endif
