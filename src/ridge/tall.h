/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_TALL_H
#define MOAT_RIDGE_TALL_H

#include "ridge/work.h"

/*
 * Data sets with many more points than features. With Z the normals that X = Z sqrt(Sigma) is made of, all that a task
 * needs of its N rows are the P x P sums
 *
 *     Z^T Z = C C^T,   and Z^T diag(c) Z for each weight c of the labels.
 *
 * They are added up over panels of rows, which are drawn when needed and thrown away, so memory is O(P^2) for any N.
 * C^T sqrt(Sigma), of P rows, has the Gram matrix of X and takes the place of the data. The condition number of Z^T Z
 * is about ((1 + sqrt(P/N)) / (1 - sqrt(P/N)))^2, at most 34 here, and that of Sigma does not enter: each element of a
 * sum is rounded to eps of its own row and column. Source: MODEL.md section 8.
 */

/* Rows in a panel, whatever N is. Panels are dealt to the ranks of a group in turn. */
enum { TALL_PANEL = 256 };

/* Whether a task with so many weights of labels goes through these sums: N >= 2 P, and a rank's part of X and Y would
   take more memory than its sums, which each rank has whole. Local. */
bool ridge_tall_serves(size_t P, size_t N, size_t weights, int ranks);

/* Makes the sums in work->crossed, and L of P rows in place of that of the N points. Returns MOAT_MEMORY or
   MOAT_NUMERICAL. Adds to the times of STEP_SAMPLE and STEP_GRAM. Collective over the group. */
enum moat_status ridge_tall(struct ridge_work *work);

/* out = X^T diag(c) X x / N, this rank's rows as those of U, for noise number `noise` and x with P rows and `columns`.
   Local. */
void ridge_tall_turn(const struct ridge_work *work, size_t noise, const double *x, size_t columns, double *out);

#endif
