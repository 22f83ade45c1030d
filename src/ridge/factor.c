/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The factorisation G = U S^2 U^T and Y = L U / sqrt(N), refined where the spectrum is small.
 *
 * The eigenvectors of G are accurate to 1e-16 |G|, which says nothing about an s^2 of that size (1e-14 is common near
 * N = P). But Y = L U / sqrt(N) has columns of length s, accurate to 1e-16 |L|, so |y|^2 gives s^2 to 1e-16 / s.
 * Diagonalising the Gram matrix of the small columns alone (those below REFINE of the largest) separates them as well
 * as an SVD of L would. This is repeated until no column is that small against the largest of its round. The coupling
 * of small and large columns remains, 1e-16 / REFINE at most. Source: MODEL.md section 8.
 */
#include "ridge/factor.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "ridge/check.h"
#include "ridge/eigen.h"
#include "ridge/group.h"
#include "ridge/sample.h"
#include "ridge/spread.h"
#include "ridge/turn.h"
#include "ridge/way.h"

#define REFINE 1e-6

/* square[k] = |y_k|^2 for the first `columns`. */
static void column_lengths(struct ridge_work *work, size_t columns)
{
    size_t rows = work->data_rows.count;
    for (size_t k = 0; k < columns; k++) {
        const double *column = work->image + k * rows;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < rows; i++) {
            sum += column[i] * column[i];
        }
        work->square[k] = sum;
    }
    ridge_sum(work, work->square, columns);
}

/* Eigenvectors of scale A^T A of order layout->order into *matrix, which is allocated here; through sums that of G, and
   the s^2. Adds the time of both steps to seconds[0], seconds[1]. */
static enum moat_status gram_vectors(struct ridge_work *work, const struct ridge_layout *layout, const double *a,
                                     double scale, double **matrix, double seconds[2])
{
    size_t local = (size_t)layout->local_rows * (size_t)layout->local_columns;
    enum moat_status status = MOAT_OK;
    double start = clock_seconds();
    *matrix = ridge_allocate(work, local, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        memset(*matrix, 0, local * sizeof **matrix);
        status = work->sums ? ridge_turn_gram(work, layout, *matrix) : ridge_gram(work, layout, a, scale, *matrix);
    }
    double formed = clock_seconds();
    if (status == MOAT_OK) {
        status = ridge_eigenvectors(work, layout, matrix, work->sums ? work->square : NULL);
    }
    seconds[0] += formed - start;
    seconds[1] += clock_seconds() - formed;
    return status;
}

/* Where the s^2 are too small for sums, the task goes on with the data themselves. */
static enum moat_status choose_way(struct ridge_work *work)
{
    double bound = ridge_way_bound(work->task, work->square, work->r);
    ridge_broadcast(work, &bound, 1);
    work->profile->bound = bound;
    if (bound <= RIDGE_WAY_MOST) {
        work->profile->through_sums++;
        return MOAT_OK;
    }
    double start = clock_seconds();
    work->sums = NULL;
    work->vector_rows = ridge_row_range(work->r, work->size, work->rank);
    enum moat_status status = ridge_sample(work);
    work->profile->seconds[STEP_SAMPLE] += clock_seconds() - start;
    return status;
}

/* Y and U, or U alone where it is all that is needed, from the eigenvectors in `matrix`. */
static enum moat_status rotate_data(struct ridge_work *work, const struct ridge_layout *layout, double *matrix)
{
    double start = clock_seconds(), scale = sqrt(1 / (double)work->task->N);
    enum moat_status status = MOAT_OK;
    if (!work->sums) {
        work->image = ridge_allocate(work, work->data_rows.count * work->r, &status);
    }
    work->vectors = ridge_allocate(work, work->vector_rows.count * work->r, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        status = ridge_rotate(work, layout, matrix, work->data, scale, NULL, work->image, work->vectors);
    }
    if (status == MOAT_OK && !work->sums) {
        column_lengths(work, work->r);
    }
    work->profile->seconds[STEP_ROTATE] += clock_seconds() - start;
    return status;
}

enum moat_status ridge_factor(struct ridge_work *work)
{
    struct ridge_layout layout = ridge_layout(work, work->r);
    double *matrix = NULL;
    enum moat_status status = MOAT_OK;
    work->square = ridge_allocate(work, work->r, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        status = gram_vectors(work, &layout, work->data, 1 / (double)work->task->N, &matrix,
                              work->profile->seconds + STEP_GRAM);
    }
    if (status == MOAT_OK && work->sums) {
        status = choose_way(work);
    }
    if (status == MOAT_OK) {
        status = rotate_data(work, &layout, matrix);
    }
    ridge_release(work, &matrix);
    return status;
}

/* How many of the first `columns` are small; the same on every rank. */
static size_t small_columns(const struct ridge_work *work, size_t columns)
{
    size_t small = 0;
    while (small < columns && work->square[small] < REFINE * work->square[columns - 1]) {
        small++;
    }
    double agreed = (double)small; /* to the digit: `small` is far below 2^53 */
    ridge_broadcast(work, &agreed, 1);
    return (size_t)agreed;
}

/* Diagonalises the first `columns` of Y among themselves; Y and U one after the other, to hold only one twice. */
static enum moat_status refine(struct ridge_work *work, size_t columns)
{
    struct ridge_layout layout = ridge_layout(work, columns);
    size_t image_size = work->data_rows.count * columns, vectors_size = work->vector_rows.count * columns;
    double *matrix = NULL, *rotated = NULL, seconds[2] = {0};
    enum moat_status status = gram_vectors(work, &layout, work->image, 1, &matrix, seconds);
    if (status == MOAT_OK) {
        rotated = ridge_allocate(work, image_size > vectors_size ? image_size : vectors_size, &status);
        status = ridge_agree(work, status);
    }
    if (status == MOAT_OK) {
        status = ridge_rotate(work, &layout, matrix, work->image, 1, NULL, rotated, NULL);
    }
    if (status == MOAT_OK) {
        memcpy(work->image, rotated, image_size * sizeof *rotated);
        status = ridge_rotate(work, &layout, matrix, NULL, 1, work->vectors, NULL, rotated);
    }
    if (status == MOAT_OK) {
        memcpy(work->vectors, rotated, vectors_size * sizeof *rotated);
        column_lengths(work, columns);
        work->profile->refined += columns;
    }
    ridge_release(work, &rotated);
    ridge_release(work, &matrix);
    return status;
}

enum moat_status ridge_refine(struct ridge_work *work)
{
    enum moat_status status = MOAT_OK;
    size_t small = work->sums ? 0 : small_columns(work, work->r);
    while (status == MOAT_OK && small > 0) {
        status = refine(work, small);
        if (status == MOAT_OK) {
            status = ridge_check_refined(work, small);
        }
        small = status == MOAT_OK ? small_columns(work, small) : 0;
    }
    return status;
}
