/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A data set as the population of samples: centred, turned to the eigenvectors of its covariance, with the
 * least-squares fits of its labels. Variances are those of the turned columns, and directions whose variance is
 * rounding error alone are left out, so every fit is finite.
 */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/population.h"
#include "ridge/scalapack.h"

/* Centred features and the eigenvectors of their covariance, both by columns: features x n, features x features. */
struct turning {
    size_t n, features;
    double *centred, *vector, *value;
    size_t kept; /* the last columns of `vector` whose variance is more than rounding error */
};

enum moat_status ridge_rows_allocate(size_t n, size_t P, struct ridge_rows **out)
{
    struct ridge_rows *rows = *out = calloc(1, sizeof *rows);
    double *each = rows ? malloc(ridge_rows_lists(n, P) * sizeof *each) : NULL;
    double *feature = each ? malloc((n * P + 1) * sizeof *feature) : NULL;
    if (!feature) {
        free(each);
        free(rows);
        *out = NULL;
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu rows of %zu features: %.3g GB", n, P,
                              ridge_rows_bytes((double)n, (double)P) / 1e9);
    }
    *rows = (struct ridge_rows){.n = n, .P = P, .feature = feature};
    for (int k = 0; k < 2; k++) {
        rows->label[k] = each + (size_t)k * n;
        rows->residual[k] = each + (size_t)(2 + k) * n;
        rows->beta[k] = each + 4 * n + (size_t)k * P;
    }
    rows->sigma = each + 4 * n + 2 * P;
    rows->b11 = rows->sigma + P;
    rows->b22 = rows->b11 + P;
    rows->b12 = rows->b22 + P;
    return MOAT_OK;
}

void ridge_rows_destroy(struct ridge_rows **rows)
{
    if (*rows) {
        free((*rows)->feature);
        free((*rows)->label[0]); /* and all arrays behind it */
        free(*rows);
        *rows = NULL;
    }
}

struct ridge_population ridge_rows_population(const struct ridge_rows *rows)
{
    return (struct ridge_population){
        .spectrum = {rows->P, rows->sigma, rows->b11, rows->b22, rows->b12, rows->noise[0], rows->noise[1]},
        .rows = rows};
}

size_t ridge_rows_lists(size_t n, size_t P)
{
    return 4 * n + 6 * P;
}

double ridge_rows_bytes(double n, double P)
{
    return (n * P + 4 * n + 6 * P) * sizeof(double);
}

/* Copies `count` numbers that are `stride` apart less their mean. */
static void centre(size_t count, size_t stride, const double *from, double *to)
{
    long double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += from[i * stride];
    }
    double mean = (double)(sum / (long double)count);
    for (size_t i = 0; i < count; i++) {
        to[i * stride] = from[i * stride] - mean;
    }
}

static double mean_square(size_t count, size_t stride, const double *values)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i * stride] * values[i * stride];
    }
    return sum / (double)count;
}

/* The eigenvectors of the covariance, by rising variance. */
static enum moat_status diagonalise(struct turning *turning)
{
    int order = (int)turning->features, n = (int)turning->n, info = 0, lwork = -1, liwork = -1, whole = 0;
    double scale = 1 / (double)turning->n, zero = 0, wanted = 0;
    dsyrk_("L", "N", &order, &n, &scale, turning->centred, &order, &zero, turning->vector, &order, 1, 1);
    dsyevd_("V", "L", &order, turning->vector, &order, turning->value, &wanted, &lwork, &whole, &liwork, &info, 1, 1);
    double *work = malloc(((size_t)wanted + 1) * sizeof *work);
    int *whole_work = malloc(((size_t)whole + 1) * sizeof *whole_work);
    enum moat_status status = work && whole_work ? MOAT_OK
                                                 : moat_error_set(MOAT_MEMORY,
                                                                  "out of memory for the eigenvectors of "
                                                                  "the covariance of %zu features",
                                                                  turning->features);
    if (status == MOAT_OK) {
        lwork = (int)wanted;
        liwork = whole;
        dsyevd_("V", "L", &order, turning->vector, &order, turning->value, work, &lwork, whole_work, &liwork, &info, 1,
                1);
        status = info == 0
                     ? MOAT_OK
                     : moat_error_set(MOAT_NUMERICAL, "dsyevd of the covariance of %zu features returned info = %d",
                                      turning->features, info);
    }
    free(work);
    free(whole_work);
    return status;
}

/* Allocates and fills *turning, whose sizes are set. The caller frees its arrays whatever is returned. */
static enum moat_status turn(const double *feature, struct turning *turning)
{
    size_t n = turning->n, features = turning->features;
    turning->centred = malloc(n * features * sizeof(double));
    turning->vector = calloc(features * features, sizeof(double));
    turning->value = malloc(features * sizeof(double));
    if (!turning->centred || !turning->vector || !turning->value) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu rows of %zu features", n, features);
    }
    for (size_t j = 0; j < features; j++) {
        centre(n, features, feature + j, turning->centred + j);
    }
    enum moat_status status = diagonalise(turning);
    double most = status == MOAT_OK ? turning->value[features - 1] : 0;
    double least = most * DBL_EPSILON * (double)(n > features ? n : features);
    while (most > 0 && turning->kept < features && turning->value[features - 1 - turning->kept] > least) {
        turning->kept++;
    }
    if (status == MOAT_OK && !(most > 0 && isfinite(most))) {
        status = moat_error_set(MOAT_USAGE, "the features of the %zu rows do not vary, or are not finite", n);
    }
    return status;
}

/* feature = centred features along the kept vectors, the one of the largest variance first. Returns MOAT_MEMORY. */
static enum moat_status project(const struct turning *turning, double scale, struct ridge_rows *rows)
{
    size_t features = turning->features;
    double *vectors = malloc((features * rows->P + 1) * sizeof *vectors);
    if (!vectors) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu features", features);
    }
    for (size_t j = 0; j < rows->P; j++) {
        const double *from = turning->vector + (features - 1 - j) * features;
        for (size_t i = 0; i < features; i++) {
            vectors[j * features + i] = scale * from[i];
        }
    }
    ridge_multiply('T', 'N', rows->P, rows->n, features, 1, vectors, features, turning->centred, features, 0,
                   rows->feature, rows->P);
    free(vectors);
    for (size_t j = 0; j < rows->P; j++) {
        rows->sigma[j] = mean_square(rows->n, rows->P, rows->feature + j);
    }
    return MOAT_OK;
}

/* The least-squares fit of one label: directions are uncorrelated, so each is on its own. */
static void fit(struct ridge_rows *rows, int k)
{
    double *beta = rows->beta[k];
    memset(beta, 0, rows->P * sizeof *beta);
    for (size_t i = 0; i < rows->n; i++) {
        const double *x = rows->feature + i * rows->P;
        for (size_t j = 0; j < rows->P; j++) {
            beta[j] += rows->label[k][i] * x[j];
        }
    }
    for (size_t j = 0; j < rows->P; j++) {
        beta[j] /= (double)rows->n * rows->sigma[j];
    }
    for (size_t i = 0; i < rows->n; i++) {
        const double *x = rows->feature + i * rows->P;
        double explained = 0;
        for (size_t j = 0; j < rows->P; j++) {
            explained += beta[j] * x[j];
        }
        rows->residual[k][i] = rows->label[k][i] - explained;
    }
    rows->noise[k] = mean_square(rows->n, 1, rows->residual[k]);
}

/* Returns MOAT_USAGE where the two fits are the same, or there is none of performance. */
static enum moat_status moments(struct ridge_rows *rows)
{
    for (size_t j = 0; j < rows->P; j++) {
        double first = rows->beta[0][j], second = rows->beta[1][j];
        rows->b11[j] = first * first;
        rows->b22[j] = second * second;
        rows->b12[j] = first * second;
    }
    struct ridge_population population = ridge_rows_population(rows);
    return moat_measured_check(&population.spectrum);
}

enum moat_status ridge_rows_check(size_t n, size_t features)
{
    if (n < 2 || features < 1 || n > INT_MAX / 2 || features > 23000) { /* dsyevd's work space is counted by an int */
        return moat_error_set(MOAT_USAGE, "%zu rows of %zu features: expected 2 rows or more and 1 to 23000 features",
                              n, features);
    }
    return MOAT_OK;
}

double ridge_rows_making_bytes(double n, double features)
{
    double cells = n * features, square = features * features;
    double vectors = 2 * square + 6 * features, kept = square + cells + 4 * n + 6 * features;
    return (cells + square + (vectors > kept ? vectors : kept)) * sizeof(double);
}

enum moat_status ridge_rows_create(size_t n, size_t features, const double *feature, const double *const label[2],
                                   double largest, struct ridge_rows **out)
{
    struct turning turning = {.n = n, .features = features};
    struct ridge_rows *rows = NULL;
    *out = NULL;
    enum moat_status status = ridge_rows_check(n, features);
    if (status == MOAT_OK) {
        status = turn(feature, &turning);
    }
    if (status != MOAT_OK) {
        goto cleanup;
    }
    status = ridge_rows_allocate(n, turning.kept, &rows);
    if (status != MOAT_OK || !rows) {
        goto cleanup;
    }
    status = project(&turning, sqrt(largest / turning.value[features - 1]), rows);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    for (int k = 0; k < 2; k++) {
        centre(n, 1, label[k], rows->label[k]);
        fit(rows, k);
    }
    status = moments(rows);
    if (status == MOAT_OK) {
        *out = rows;
        rows = NULL;
    }

cleanup:
    ridge_rows_destroy(&rows);
    free(turning.centred);
    free(turning.vector);
    free(turning.value);
    return status;
}
