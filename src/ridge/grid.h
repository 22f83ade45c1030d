/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_GRID_H
#define MOAT_RIDGE_GRID_H

#include "ridge/eigen.h"

/*
 * The eigensolver for a matrix spread over a grid of more than one process: grid_scalapack.c or grid_elpa.c, chosen
 * when the program is built. See ridge_eigenvectors and ridge_eigen_work.
 */

/* Collective over the group. */
enum moat_status ridge_grid_vectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix,
                                    double *out);

/* Local. */
size_t ridge_grid_work(const struct ridge_layout *layout);

#endif
