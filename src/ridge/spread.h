/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_SPREAD_H
#define MOAT_RIDGE_SPREAD_H

#include "ridge/eigen.h"

/* Between matrices divided by rows and matrices spread over the grid. */

/* Lower triangle of scale A^T A into the spread `matrix`, which is zero before; A is divided like L and Y. Returns
   MOAT_NUMERICAL when it is not finite. Collective over the group. */
enum moat_status ridge_gram(struct ridge_work *work, const struct ridge_layout *layout, const double *a, double scale,
                            double *matrix);

/* Puts a panel of a lower triangle, columns `at` .. at + width and rows from `at` on, into the spread `matrix`. Returns
   the sum of its diagonal. Local. */
double ridge_put_panel(const struct ridge_layout *layout, double *matrix, size_t at, size_t width, double *panel);

/* MOAT_NUMERICAL unless the trace of a matrix of sampled data is finite. Collective over the group. */
enum moat_status ridge_check_trace(const struct ridge_work *work, double trace);

/* image = scale A V and vectors = B V for the spread V; A is divided like L and Y, B like U. B = NULL stands for the
   identity. An output that is NULL is not computed. Collective over the group. */
enum moat_status ridge_rotate(struct ridge_work *work, const struct ridge_layout *layout, double *spread,
                              const double *a, double scale, const double *b, double *image, double *vectors);

/* Width of the panels. Local. */
size_t ridge_panel(size_t r);

#endif
