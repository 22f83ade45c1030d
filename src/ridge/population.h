/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_POPULATION_H
#define MOAT_RIDGE_POPULATION_H

#include <stddef.h>

#include "moat/error.h"
#include "moat/measured.h"

/*
 * What samples of a measured spectrum are drawn from: Gaussian features with independent coordinates, whose targets are
 * random with the spectrum's moments; or the rows of a data set, with their own labels. In both, feature j is the
 * coordinate along direction j of the spectrum, so the covariance is diagonal. Source: MODEL.md section 17.
 */
struct ridge_population {
    struct moat_measured_spectrum spectrum; /* of the rows: that of the whole data set */
    const struct ridge_rows *rows;          /* NULL: Gaussian features */
};

/* A data set in the coordinates of its own covariance. All means are 0, and directions without variance are left out.
   The targets beta are the least-squares fits of the labels, the residuals what the fits leave of the labels. */
struct ridge_rows {
    size_t n, P;                     /* rows, directions */
    double *feature;                 /* [n][P] */
    double *label[2], *residual[2];  /* [n] each: of performance, of safety */
    double *beta[2];                 /* [P] each */
    double *sigma, *b11, *b22, *b12; /* [P] each: the spectrum of the population; b11 = beta[0]^2 and so on */
    double noise[2];                 /* the residuals' variances */
};

/* Makes *out from n rows of `features` features, [n][features], and two labels for each. The features are scaled so
   that the largest variance is `largest`. Returns MOAT_USAGE when the data have less than two rows or no variance, or
   the two fits are the same; MOAT_MEMORY; MOAT_NUMERICAL when LAPACK fails. `feature` and the labels are left as they
   are. Takes 2 n features^2 + 10 features^3 operations. The caller owns *out. Local. */
enum moat_status ridge_rows_create(size_t n, size_t features, const double *feature, const double *const label[2],
                                   double largest, struct ridge_rows **out);

/* Returns MOAT_USAGE for numbers of rows and features that ridge_rows_create refuses. Local. */
enum moat_status ridge_rows_check(size_t n, size_t features);

/* Upper bound of the bytes that ridge_rows_create takes, beside those of its arguments, with *out among them. Local. */
double ridge_rows_making_bytes(double n, double features);

/* An empty data set of n rows and P directions, to be filled. Returns MOAT_MEMORY. The caller owns *out. Local. */
enum moat_status ridge_rows_allocate(size_t n, size_t P, struct ridge_rows **out);

/* Frees *rows and sets it to NULL; accepts NULL inside. Local. */
void ridge_rows_destroy(struct ridge_rows **rows);

/* The population whose rows these are. `rows` must outlive it. Local. */
struct ridge_population ridge_rows_population(const struct ridge_rows *rows);

/* L_star = sum sigma (b11 + b22 - 2 b12), without the tables of a solver. Local. */
double ridge_targets_distance(const struct moat_measured_spectrum *spectrum);

/* Number of doubles in the lists behind rows->label[0], which are one piece: all arrays but the features. Local. */
size_t ridge_rows_lists(size_t n, size_t P);

/* Bytes that a data set takes in memory. Local. */
double ridge_rows_bytes(double n, double P);

#endif
