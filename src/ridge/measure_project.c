/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Least-squares fits along the directions of a factorised data set, and how far noise of the labels moves them.
 *
 * The variance of w^T y is sum_i w_i^2 var(y_i). The square of a residual, e_i^2, is (1 - h_i) var(y_i) on average for
 * noise that is the same everywhere, where h_i = 1/n + sum_k w_ik^2 is the leverage of row i. So the sum of
 * w_i^2 e_i^2/(1 - h_i) is unbiased then, and right for large n where noise depends on the row. Source: MODEL.md
 * section 16.
 */
#include "ridge/measure_project.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ridge/group.h"

#define FREE_LEAST 1e-8 /* of 1 - h, below which a row's residual says nothing about its noise */

struct projection {
    const double *w;  /* rows x r: columns of w_k over factor[k] */
    size_t rows, r;   /* of this rank */
    double *factor;   /* [r]: 0 for directions that are left out */
    double *label;    /* [2][rows]: centred, then residuals */
    double *leverage; /* [rows] */
    double *weight;   /* [MEASURE_PAIRS][rows]: estimates of the labels' variances, row by row */
    double *p;        /* [2][r]: projections */
    double *square;   /* [r][MEASURE_PAIRS] */
    double *fourth;   /* [r]: sum_i w_i^4 */
    double total[2];  /* of the centred labels' squares */
    double left[MEASURE_PAIRS], left_fourth[2]; /* of the residuals' products and fourth powers */
};

static enum moat_status allocate(struct ridge_work *work, struct projection *projection)
{
    enum moat_status status = MOAT_OK;
    size_t rows = projection->rows, r = projection->r;
    projection->factor = ridge_allocate(work, r, &status);
    projection->label = ridge_allocate(work, 2 * rows, &status);
    projection->leverage = ridge_allocate(work, rows, &status);
    projection->weight = ridge_allocate(work, MEASURE_PAIRS * rows, &status);
    projection->p = ridge_allocate(work, 2 * r, &status);
    projection->square = ridge_allocate(work, MEASURE_PAIRS * r, &status);
    projection->fourth = ridge_allocate(work, r, &status);
    return ridge_agree(work, status);
}

static void release(struct ridge_work *work, struct projection *projection)
{
    ridge_release(work, &projection->factor);
    ridge_release(work, &projection->label);
    ridge_release(work, &projection->leverage);
    ridge_release(work, &projection->weight);
    ridge_release(work, &projection->p);
    ridge_release(work, &projection->square);
    ridge_release(work, &projection->fourth);
}

/* Centres the labels, of which this rank keeps those of its rows. */
static void take_labels(struct projection *projection, const struct measure_source *source, size_t first)
{
    for (int j = 0; j < 2; j++) {
        const double *label = source->label[j];
        double mean = 0, again = 0;
        for (size_t i = 0; i < source->n; i++) {
            mean += label[i] / (double)source->n;
        }
        for (size_t i = 0; i < source->n; i++) {
            again += (label[i] - mean) / (double)source->n;
        }
        projection->total[j] = 0;
        for (size_t i = 0; i < source->n; i++) {
            double y = label[i] - mean - again;
            projection->total[j] += y * y;
            if (i >= first && i < first + projection->rows) {
                projection->label[(size_t)j * projection->rows + i - first] = y;
            }
        }
    }
}

/* Projects the labels on all directions that are kept, and leaves their residuals. */
static void project(const struct ridge_work *work, struct projection *projection)
{
    size_t rows = projection->rows, r = projection->r;
    memset(projection->p, 0, 2 * r * sizeof *projection->p);
    if (rows > 0) {
        ridge_multiply('T', 'N', r, 2, rows, 1, projection->w, rows, projection->label, rows, 0, projection->p, r);
    }
    ridge_sum(work, projection->p, 2 * r);
    for (size_t k = 0; k < 2 * r; k++) {
        projection->p[k] *= projection->factor[k % r] * projection->factor[k % r];
    }
    ridge_multiply('N', 'N', rows, 2, r, -1, projection->w, rows, projection->p, r, 1, projection->label, rows);
    for (size_t k = 0; k < 2 * r; k++) { /* from coefficients of the columns to those of unit vectors */
        projection->p[k] = projection->factor[k % r] > 0 ? projection->p[k] / projection->factor[k % r] : 0;
    }
}

/* The rows' leverages, and the directions' fourth powers. */
static void take_leverages(const struct ridge_work *work, struct projection *projection, size_t n)
{
    for (size_t i = 0; i < projection->rows; i++) {
        projection->leverage[i] = 1 / (double)n;
    }
    for (size_t k = 0; k < projection->r; k++) {
        const double *column = projection->w + k * projection->rows;
        double factor = projection->factor[k], sum = 0;
        for (size_t i = 0; i < projection->rows; i++) {
            double w = column[i] * factor;
            projection->leverage[i] += w * w;
            sum += w * w * w * w;
        }
        projection->fourth[k] = sum;
    }
    ridge_sum(work, projection->fourth, projection->r);
}

/* The variances of the labels' noise, and their standard errors from the residuals' own spread. */
static void measure_noise(const struct ridge_work *work, struct projection *projection, double freedom,
                          struct measure_fit *out)
{
    double sums[MEASURE_PAIRS + 2] = {0};
    for (size_t i = 0; i < projection->rows; i++) {
        const double e[] = {projection->label[i], projection->label[projection->rows + i]};
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            sums[pair] += e[measure_pair_of[pair][0]] * e[measure_pair_of[pair][1]];
        }
        for (int j = 0; j < 2; j++) {
            sums[MEASURE_PAIRS + j] += e[j] * e[j] * e[j] * e[j];
        }
    }
    ridge_sum(work, sums, MEASURE_PAIRS + 2);
    for (int j = 0; j < 2; j++) {
        double rounding = (double)out->n * DBL_EPSILON;
        if (sums[j] <= rounding * rounding * projection->total[j]) { /* the fit is exact */
            sums[j] = sums[PAIR_JOINT] = 0;
        }
    }
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        out->noise[pair] = sums[pair] / freedom;
    }
    for (int j = 0; j < 2; j++) {
        double kurtosis = sums[j] > 0 ? sums[MEASURE_PAIRS + j] / sums[j] / sums[j] * (double)out->n : 1;
        out->noise_stderr[j] = out->exact ? 0 : out->noise[j] * sqrt(fmax(kurtosis - 1, 0) / freedom);
        out->unexplained[j] = sums[j] / projection->total[j];
        out->label_variance[j] = projection->total[j] / (double)out->n;
    }
}

/* square[k] = sum_i w_ik^2 var(y_i), and likewise for the covariance. */
static void measure_variances(const struct ridge_work *work, struct projection *projection,
                              const struct measure_fit *out)
{
    size_t rows = projection->rows;
    for (size_t i = 0; i < rows; i++) {
        const double e[] = {projection->label[i], projection->label[rows + i]};
        double free = 1 - projection->leverage[i];
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            double product = e[measure_pair_of[pair][0]] * e[measure_pair_of[pair][1]];
            projection->weight[(size_t)pair * rows + i] = free > FREE_LEAST ? product / free : out->noise[pair];
        }
    }
    ridge_column_squares(projection->w, rows, projection->r, projection->weight, MEASURE_PAIRS, projection->square);
    ridge_sum(work, projection->square, MEASURE_PAIRS * projection->r);
}

/* Fills the arrays of *out, which are in units where the largest eigenvalue is 1. */
static void fill(const struct ridge_work *work, const struct projection *projection, const size_t *order,
                 struct measure_fit *out)
{
    double largest = work->square[order[0]], n = (double)out->n;
    for (size_t i = 0; i < out->directions; i++) {
        size_t k = order[i];
        double sigma = work->square[k] / largest, factor = projection->factor[k],
               spread = n * projection->fourth[k] - 1;
        out->eigenvalue[i] = sigma;
        out->eigenvalue_stderr[i] = out->exact ? 0 : sigma * sqrt(fmax(spread, 0) / n);
        for (int j = 0; j < 2; j++) {
            out->fit[j][i] = projection->p[(size_t)j * projection->r + k] / sqrt(n * sigma);
        }
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            double variance = projection->square[k * MEASURE_PAIRS + (size_t)pair] * factor * factor;
            out->variance[pair][i] = out->exact ? 0 : variance / (n * sigma);
        }
    }
}

enum moat_status measure_project(struct ridge_work *work, const struct measure_source *source, const size_t *order,
                                 struct measure_fit *out)
{
    struct row_range range = work->primal ? work->data_rows : work->vector_rows;
    struct projection projection = {.w = work->primal ? work->image : work->vectors, .rows = range.count, .r = work->r};
    double freedom = out->exact ? (double)out->n : (double)out->n - 1 - (double)out->directions;
    if (freedom < 1) {
        return moat_error_set(MOAT_USAGE,
                              "%zu rows with features of rank %zu: least squares fits any labels exactly (R^2 = 1), so "
                              "that nothing tells label noise from signal: use more rows, or --directions K to keep "
                              "only the K directions of largest variance",
                              out->n, out->rank);
    }
    enum moat_status status = allocate(work, &projection);
    if (status == MOAT_OK) {
        memset(projection.factor, 0, projection.r * sizeof *projection.factor);
        for (size_t i = 0; i < out->directions; i++) {
            projection.factor[order[i]] = work->primal ? 1 / sqrt(work->square[order[i]]) : 1;
        }
        take_labels(&projection, source, range.first);
        project(work, &projection);
        take_leverages(work, &projection, out->n);
        measure_noise(work, &projection, freedom, out);
        measure_variances(work, &projection, out);
        fill(work, &projection, order, out);
    }
    release(work, &projection);
    return status;
}
