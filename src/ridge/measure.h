/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_MEASURE_H
#define MOAT_RIDGE_MEASURE_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

#include "moat/error.h"

/*
 * The spectrum of a data set, and least-squares fits of two labels in its eigenbasis. With X the centred features (n
 * rows) and X^T X/n = V S^2 V^T, the fit of label y along direction k is p_k/(s_k sqrt(n)), where p_k = w_k^T y and w_k
 * is the direction's unit vector over the rows, X v_k/(s_k sqrt(n)). Source: MODEL.md section 16.
 */

/* Of the two labels: their second moments in this order. */
enum measure_pair { PAIR_PERFORMANCE, PAIR_SAFETY, PAIR_JOINT, MEASURE_PAIRS };

/* The names of the two labels, and which two make a pair. */
extern const char *const measure_label[2];
extern const int measure_pair_of[MEASURE_PAIRS][2];

/* Where the data come from. `block` writes out[rows][columns] of the features, and returns a failure with its message.
   It is called on every rank for that rank's part, and need not be collective. */
struct measure_source {
    size_t n, P; /* rows and features */
    enum moat_status (*block)(void *context, size_t first_row, size_t rows, size_t first_column, size_t columns,
                              double *out);
    void *context;
    const double *label[2]; /* performance and safety, [n] each, on every rank */
};

struct measure_options {
    size_t directions;     /* keep only so many of largest variance; 0: all */
    bool whole_population; /* the rows are the population: fits are exact, noise is the mean square of the residuals */
};

struct measure_fit {
    size_t n, P;
    size_t constant;                 /* features that are the same in every row */
    size_t rank;                     /* of the centred features */
    size_t directions;               /* rank, or fewer if so asked */
    bool exact;                      /* the rows are the population: the fits have no error */
    double scale;                    /* the largest eigenvalue in the units of the data: below it is 1 */
    double label_variance[2];        /* with divisor n */
    double noise[MEASURE_PAIRS];     /* variances and covariance of label noise */
    double noise_stderr[2];          /* their standard errors */
    double unexplained[2];           /* residual over total sum of squares, 1 - R^2 */
    double residual;                 /* of the factorisation */
    size_t bytes;                    /* the most that this rank had allocated; see ridge_measure_bytes */
    double *eigenvalue;              /* [directions], descending from 1 */
    double *eigenvalue_stderr;       /* [directions] */
    double *fit[2];                  /* [directions]: coefficients; the sign of a direction is arbitrary */
    double *variance[MEASURE_PAIRS]; /* [directions]: variances and covariance of the fits, from noise of the labels */
    double *storage;                 /* owned: all of these */
};

/*
 * Fills *out, the same on every rank. Collective over `group`; MPI_COMM_NULL stands for this process alone. A rank
 * needs ridge_measure_bytes. Returns, the same on every rank and with the message of the rank that failed: MOAT_USAGE
 * where such data say nothing (a constant label, no feature that varies, more directions than the rows can tell from
 * noise), the status of source->block, MOAT_MEMORY or MOAT_NUMERICAL. The caller frees *out with ridge_measure_free
 * whatever is returned.
 */
enum moat_status ridge_measure(const struct measure_source *source, const struct measure_options *options,
                               MPI_Comm group, struct measure_fit *out);

/* Returns MOAT_USAGE, with what to do, where n rows of P features can never be enough for `options`. Local. */
enum moat_status ridge_measure_check(size_t n, size_t P, const struct measure_options *options);

/* Upper bound of the bytes that a rank of `ranks` has allocated at any time in ridge_measure, without those of MPI,
   BLAS and the caller. Local. */
size_t ridge_measure_bytes(size_t n, size_t P, int ranks);

/* Frees the contents; accepts contents that are all zero. Local. */
void ridge_measure_free(struct measure_fit *fit);

#endif
