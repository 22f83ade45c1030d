/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The data of a measurement: each rank reads its own part of the features, rows of them for n >= P and columns
 * otherwise, in blocks of rows. Only what concerns whole columns is communicated.
 */
#include "ridge/measure_panel.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ridge/group.h"

enum { BUFFER = 1 << 20 /* doubles of a block, unless a single row is longer */ };

/* Of each column that this rank has a part of. */
struct columns {
    size_t count;
    double *reference; /* its value in row 0 */
    double *sum;       /* of all rows */
    double *largest;   /* |x - reference|: 0 where the column is constant */
};

size_t measure_panel_buffer(size_t rows, size_t columns)
{
    size_t fit = columns < BUFFER ? BUFFER / columns : 1;
    return (fit < rows ? fit : rows) * columns;
}

static double *element(const struct ridge_work *work, size_t row, size_t column)
{
    /* the leading index of the data is the row for n >= P, and the column otherwise */
    size_t leading = work->data_rows.count;
    return work->data + (work->primal ? column * leading + row : row * leading + column);
}

/* Reads all blocks of this rank; rows and columns of `element` count from the rank's first. */
static enum moat_status read_blocks(const struct ridge_work *work, const struct measure_source *source,
                                    const struct columns *columns, double *buffer)
{
    size_t rows = work->primal ? work->data_rows.count : source->n, width = columns->count;
    size_t first_row = work->primal ? work->data_rows.first : 0, first = work->primal ? 0 : work->data_rows.first;
    if (rows == 0 || width == 0) {
        return MOAT_OK;
    }
    size_t height = measure_panel_buffer(rows, width) / width;
    enum moat_status status = source->block(source->context, 0, 1, first, width, columns->reference);
    for (size_t at = 0; at < rows && status == MOAT_OK; at += height) {
        size_t part = rows - at < height ? rows - at : height;
        status = source->block(source->context, first_row + at, part, first, width, buffer);
        for (size_t i = 0; i < part && status == MOAT_OK; i++) {
            for (size_t j = 0; j < width; j++) {
                double value = buffer[i * width + j];
                *element(work, at + i, j) = value;
                columns->sum[j] += value;
                columns->largest[j] = fmax(columns->largest[j], fabs(value - columns->reference[j]));
            }
        }
    }
    return status;
}

/* Subtracts the columns' means and sums what is left, which is rounding; constant columns become zero. Returns the
   largest number. */
static double subtract_means(const struct ridge_work *work, const struct columns *columns, size_t n)
{
    size_t rows = work->primal ? work->data_rows.count : n;
    double largest = 0;
    for (size_t j = 0; j < columns->count; j++) {
        double mean = columns->sum[j] / (double)n, left = 0;
        for (size_t i = 0; i < rows; i++) {
            double *x = element(work, i, j);
            *x = columns->largest[j] > 0 ? *x - mean : 0;
            left += *x;
            largest = fmax(largest, fabs(*x));
        }
        columns->sum[j] = left;
    }
    return largest;
}

/* The columns' sums and extents over all ranks, where ranks hold rows. */
static void share(const struct ridge_work *work, const struct columns *columns)
{
    if (work->primal && work->size > 1) {
        ridge_sum(work, columns->sum, columns->count);
        MPI_Allreduce(MPI_IN_PLACE, columns->largest, (int)columns->count, MPI_DOUBLE, MPI_MAX, work->group);
    }
}

/* Centres the columns, twice because a mean is rounded, and scales them. */
static enum moat_status centre(struct ridge_work *work, const struct columns *columns, size_t n, double *scale,
                               size_t *constant)
{
    double largest = 0, count = 0;
    share(work, columns);
    subtract_means(work, columns, n);
    share(work, columns);
    largest = subtract_means(work, columns, n);
    for (size_t j = 0; j < columns->count; j++) {
        count += columns->largest[j] == 0 && (!work->primal || work->rank == 0);
    }
    ridge_sum(work, &count, 1);
    *constant = (size_t)count;
    if (work->size > 1) {
        MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, work->group);
    }
    if (largest == 0) {
        return moat_error_set(MOAT_USAGE, "no feature varies: each of the %zu is the same in all %zu rows",
                              work->task->P, n);
    }
    if (!(largest < sqrt(DBL_MAX) && largest > sqrt(DBL_MIN))) {
        return moat_error_set(MOAT_USAGE, "the features vary by up to %g, whose square is no number: rescale them",
                              largest);
    }
    *scale = exp2(ceil(log2(largest)));
    size_t size = work->data_rows.count * work->r;
    for (size_t i = 0; i < size; i++) {
        work->data[i] /= *scale;
    }
    return MOAT_OK;
}

enum moat_status measure_panel_read(struct ridge_work *work, const struct measure_source *source, double *scale,
                                    size_t *constant)
{
    enum moat_status status = MOAT_OK;
    struct columns columns = {.count = work->primal ? source->P : work->data_rows.count};
    size_t rows = work->primal ? work->data_rows.count : source->n;
    work->data = ridge_allocate(work, work->data_rows.count * work->r, &status);
    double *buffer = ridge_allocate(work, columns.count ? measure_panel_buffer(rows, columns.count) : 0, &status);
    columns.reference = ridge_allocate(work, columns.count, &status);
    columns.sum = ridge_allocate(work, columns.count, &status);
    columns.largest = ridge_allocate(work, columns.count, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        memset(columns.sum, 0, columns.count * sizeof *columns.sum);
        memset(columns.largest, 0, columns.count * sizeof *columns.largest);
        status = ridge_agree(work, read_blocks(work, source, &columns, buffer));
    }
    if (status == MOAT_OK) {
        status = centre(work, &columns, source->n, scale, constant); /* the same on every rank */
    }
    ridge_release(work, &buffer);
    ridge_release(work, &columns.reference);
    ridge_release(work, &columns.sum);
    ridge_release(work, &columns.largest);
    return status;
}
