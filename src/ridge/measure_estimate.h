/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_MEASURE_ESTIMATE_H
#define MOAT_RIDGE_MEASURE_ESTIMATE_H

#include "ridge/measure.h"

/*
 * From fits to alignments: what noise adds to the squares of fits is subtracted, and what then is no second moment is
 * pooled with its neighbours, so that signals summed over the spectrum stay unbiased. Source: MODEL.md section 16.
 */
struct measure_estimate {
    size_t directions;
    double *unbiased[MEASURE_PAIRS];  /* [directions]: product of fits less the (co)variance that noise gives them */
    double *alignment[MEASURE_PAIRS]; /* [directions]: second moments, after pooling */
    double *stderr_of[MEASURE_PAIRS]; /* [directions]: standard error of `alignment` */
    double *pool;                     /* [directions]: number of the pool that the direction is in, from 0 */
    size_t pools;
    double signal[MEASURE_PAIRS];                           /* sum sigma b, unbiased */
    double signal_covariance[MEASURE_PAIRS][MEASURE_PAIRS]; /* of these sums, over draws of the labels' noise */
    double correlation, correlation_stderr;                 /* of the targets under Sigma, as the alignments have it */
    double L_star, L_star_stderr;                           /* sum sigma (b11 + b22 - 2 b12) of the alignments */
    size_t trusted[2];                                      /* see below */
    double *storage;                                        /* owned */
};

/*
 * Fills *out from `fit`. trusted[j] is the largest K for which directions K/2 + 1 to K together show a signal of label
 * j that is more than 3 of its standard errors; if there is none, the least K for which directions 1 to K do; or 0.
 * Returns MOAT_USAGE where the features predict nothing of a label beyond chance, so that its signal is not positive,
 * or where the labels' predictable parts are the same; MOAT_MEMORY. The caller frees *out with measure_estimate_free
 * whatever is returned. Local.
 */
enum moat_status measure_estimate(const struct measure_fit *fit, struct measure_estimate *out);

/* The covariance, over draws of the labels' noise, of sums of sigma b over directions [first, end): of the unbiased
   estimates of two pairs. Local. */
double measure_covariance(const struct measure_fit *fit, const struct measure_estimate *estimate, size_t first,
                          size_t end, const enum measure_pair pair[2]);

/* Frees the contents; accepts contents that are all zero. Local. */
void measure_estimate_free(struct measure_estimate *estimate);

#endif
