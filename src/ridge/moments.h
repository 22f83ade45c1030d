/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_MOMENTS_H
#define MOAT_RIDGE_MOMENTS_H

#include "ridge/work.h"

/*
 * What is known of the features and targets of a task, direction by direction: the one place that tells power laws from
 * measured spectra. Each function fills the directions of `range`. Local.
 */

/* Sets work->aligned and work->noises: for power laws both are the number of nu, with B = diag(b) and the noise of
   point x proportional to x^T B x. A measured spectrum has diag(b11), diag(b12), diag(b22), and two kinds of noise, of
   variance x^T diag(delta) x and 1. Rows have no moments, and the noise of their own labels. */
void ridge_count_moments(struct ridge_work *work);

/* out[range.count] = sqrt(sigma). */
void ridge_deviations(const struct ridge_task *task, struct row_range range, double *out);

/* out[range.count] = sigma. */
void ridge_variances(const struct ridge_task *task, struct row_range range, double *out);

/* out[aligned][range.count]: the diagonals of the matrices B. */
void ridge_alignments(const struct ridge_task *task, struct row_range range, double *out);

/* tr(B Sigma) of matrix number `which`, with the same rounding as the products. */
double ridge_zero_loss(const struct ridge_task *task, size_t which);

/* The number of weights w for which the noise of point x has the variance sum_j w_j x_j^2, and those weights:
   out[weights][range.count]. */
size_t ridge_label_weights(const struct ridge_task *task);
void ridge_fill_label_weights(const struct ridge_task *task, struct row_range range, double *out);

/* Sets the variances of noise that does not depend on x, which follow the others in work->label. */
void ridge_fill_label_noise(struct ridge_work *work);

#endif
