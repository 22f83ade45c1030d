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
 * keeps its rows of each matrix, with all columns: rows are dealt out in blocks, like cards, so that a leading block is
 * spread evenly too. Source: MODEL.md section 8.
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

/* The number of rows below `n` that a rank holds. They are its first ones. Local. */
size_t ridge_sums_count(size_t n, int ranks, int rank);

/* The number of the row that a rank holds at `at`. Local. */
size_t ridge_sums_row(size_t at, int ranks, int rank);

/* Upper bound of the doubles that a rank takes for the sums, and beside them while they are made. Local. */
size_t ridge_sums_size(size_t rows, size_t aligned, size_t label_weights, int ranks);
size_t ridge_sums_making(size_t P, size_t rows, size_t aligned, size_t label_weights, int ranks);

#endif
