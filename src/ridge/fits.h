/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_FITS_H
#define MOAT_RIDGE_FITS_H

#include "ridge/work.h"

/* Fills out->performance and out->safety without label noise: the losses of the expected model, for rows that are
   drawn. Returns MOAT_MEMORY. Collective over the group. */
enum moat_status ridge_fits(struct ridge_work *work, struct ridge_table *out);

/* Fills them for Gaussian features, whose targets are random, from the coefficients of the three moments in `moments`
   [3][lambda] and the two kinds of label noise, D [2][lambda]. Local. */
void ridge_moment_losses(const struct ridge_work *work, const struct ridge_table *moments, struct ridge_table *out);

/* Adds the part of the label noise of drawn rows, D [lambda], to both losses. Local. */
void ridge_add_noise(const struct ridge_work *work, const double *D, struct ridge_table *out);

/* Returns MOAT_NUMERICAL when a loss is negative or not finite. Local. */
enum moat_status ridge_check_losses(const struct ridge_work *work, const struct ridge_table *out);

#endif
