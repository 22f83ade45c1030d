/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_SUMS_H
#define MOAT_RIDGE_SUMS_H

#include "ridge/work.h"

/*
 * What all data sets of one trial with N < P need of its features: the samples are nested, so with X the first `rows`
 * rows, the matrices of a smaller N are leading blocks of
 *
 *     X X^T,   X Sigma X^T,   X B X^T of each alignment,   X B Sigma X^T of each alignment,
 *
 * and c_i = x_i^T B x_i. They are added up over panels of features, which are drawn when needed and thrown away, so
 * memory is O(rows^2) for any P. Each rank adds up features of its own; one sum over the group ends it. Then a rank
 * keeps its rows of each matrix, with all columns: rows are dealt out (deal.h), so that a leading block is spread
 * evenly too. Source: MODEL.md section 8.
 */
struct ridge_sums {
    double gamma;
    uint64_t seed;
    uint32_t trial;
    size_t P, rows, nus; /* of the task that they were made for */
    size_t aligned;      /* matrices B */
    size_t products;     /* 2 + 2 aligned */
    int ranks;           /* of the group */
    size_t own;          /* rows of each matrix on this rank */
    double *nu;          /* [nus] of power laws: others may be left of another task */
    double *matrix;      /* [product][column][own], not divided by N */
    double *label;       /* c: [rows][label weights] */
    size_t bytes;        /* of both arrays */
};

/* The products: SUMS_GRAM, SUMS_VARIANCE, then for each alignment X B X^T, then for each X B Sigma X^T. */
enum { SUMS_GRAM, SUMS_VARIANCE, SUMS_ALIGNED };

/* Makes *sums serve work->task: leaves them where they do, or else makes new ones of `most` rows (of the task's N where
   that is more). Returns MOAT_MEMORY or MOAT_USAGE, and then *sums is NULL. Collective over the group. */
enum moat_status ridge_sums_provide(struct ridge_work *work, size_t most, struct ridge_sums **sums);

/* Product number `product`, which has `own` rows. Local. */
const double *ridge_sums_product(const struct ridge_sums *sums, size_t product);

/* Features in a panel, whatever the rows are, so that the bits of an element do not depend on their number. */
enum { SUMS_PANEL = 256 };

/* Columns of each product that are summed over the group at once. Local. */
size_t ridge_sums_pass(size_t rows, size_t products, int ranks);

#endif
