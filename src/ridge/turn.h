/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_TURN_H
#define MOAT_RIDGE_TURN_H

#include "ridge/eigen.h"

/* The sums of a trial, turned to the eigenvectors of one data set. The sums are those of work->sums, and a rank's rows
   of U are its rows of the sums. */

/* Lower triangle of G = X X^T / N into the spread `matrix`, which is zero before. Returns MOAT_NUMERICAL when it is not
   finite. Collective over the group. */
enum moat_status ridge_turn_gram(struct ridge_work *work, const struct ridge_layout *layout, double *matrix);

/* Columns at .. at + part of U with all their rows; into `panel`, r x part, unless this rank has them all. Returns
   where they are. Collective over the group. */
const double *ridge_turn_panel(const struct ridge_work *work, size_t at, size_t part, double *panel);

/* out = H x / N, this rank's rows, for product number `product` of the sums and x with r rows and `columns`. Local. */
void ridge_turn(const struct ridge_work *work, size_t product, const double *x, size_t columns, double *out);

/* The same for the sum that stands in place of a product's weights: of the features, Sigma and then each B, or of tall
   data those of the points. Local. */
void ridge_turn_weight(const struct ridge_work *work, size_t weight, const double *x, size_t columns, double *out);

/* out[column * stride] += u^T H u / N of this rank's rows, for each of `part` columns u of U from `at` on, which are
   `panel` too. `room` takes this rank's rows of them. Local. */
/* NOLINTNEXTLINE(readability-function-size): a product and the columns */
void ridge_turn_squares(const struct ridge_work *work, size_t product, size_t at, size_t part, const double *panel,
                        double *room, double *out, size_t stride);

/* out = G x for x and out of r rows and `columns`, the same on every rank; `room` takes this rank's rows of them.
   Collective over the group. */
void ridge_turn_apply(const struct ridge_work *work, const double *x, size_t columns, double *room, double *out);

#endif
