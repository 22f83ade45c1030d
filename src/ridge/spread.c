/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between matrices divided by rows and matrices spread over the grid. It goes panel by panel, and sums each panel over
 * the group, so that a rank never needs more than one panel beside its own parts.
 */
#include "ridge/spread.h"

#include <math.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/scalapack.h"

size_t ridge_panel(size_t r)
{
    size_t width = r / 16 + 32;
    return width < 256 ? width : 256;
}

/* Panel of the lower triangle of scale A^T A, columns `at` on: (order - at) x width, summed over the group. */
/* NOLINTNEXTLINE(readability-function-size): those of dsyrk and the panel */
static void gram_panel(const struct ridge_work *work, const double *a, size_t order, size_t at, size_t width,
                       double scale, double *panel)
{
    size_t rows = work->data_rows.count, height = order - at;
    int n = (int)width, k = (int)rows, leading = rows ? (int)rows : 1, height_int = (int)height;
    double zero = 0;
    memset(panel, 0, height * width * sizeof *panel);
    dsyrk_("L", "T", &n, &k, &scale, a + at * rows, &leading, &zero, panel, &height_int, 1, 1);
    ridge_multiply('T', 'N', height - width, width, rows, scale, a + (at + width) * rows, rows, a + at * rows, rows, 0,
                   panel + width, height);
    ridge_sum(work, panel, height * width);
}

/* Copies from (put = false) or into the local part of a spread matrix the elements of its rows `at_row` on and columns
   [at_column, at_column + width) that this rank holds; the panel's rows begin at `at_row`. */
/* NOLINTNEXTLINE(readability-function-size): a block of one matrix and a panel */
static void panel_copy(const struct ridge_layout *layout, double *local, size_t at_row, size_t at_column, size_t width,
                       double *panel, bool put)
{
    size_t height = (size_t)layout->order - at_row;
    for (int c = 0; c < layout->local_columns; c++) {
        size_t column = ridge_global(layout, c, layout->column, layout->columns);
        if (column < at_column || column >= at_column + width) {
            continue;
        }
        for (int i = 0; i < layout->local_rows; i++) {
            size_t row = ridge_global(layout, i, layout->row, layout->rows);
            double *element = local + (size_t)c * (size_t)layout->local_rows + (size_t)i;
            if (row >= at_row) {
                double *there = panel + (column - at_column) * height + (row - at_row);
                *(put ? element : there) = *(put ? there : element);
            }
        }
    }
}

double ridge_put_panel(const struct ridge_layout *layout, double *matrix, size_t at, size_t width, double *panel)
{
    size_t height = (size_t)layout->order - at;
    double trace = 0;
    panel_copy(layout, matrix, at, at, width, panel, true);
    for (size_t k = 0; k < width; k++) {
        trace += panel[k * height + k];
    }
    return trace;
}

enum moat_status ridge_check_trace(const struct ridge_work *work, double trace)
{
    enum moat_status status = MOAT_OK;
    if (!isfinite(trace)) { /* a NaN in A reaches the diagonal; it could hang the eigensolver */
        status = moat_error_set(MOAT_NUMERICAL, "the sampled data are not finite (P = %zu, N = %zu, trial %u)",
                                work->task->P, work->task->N, (unsigned)work->task->trial);
    }
    return ridge_agree(work, status);
}

enum moat_status ridge_gram(struct ridge_work *work, const struct ridge_layout *layout, const double *a, double scale,
                            double *matrix)
{
    size_t order = (size_t)layout->order, width = ridge_panel(order);
    enum moat_status status = MOAT_OK;
    double *panel = ridge_allocate(work, order * width, &status);
    status = ridge_agree(work, status);
    double trace = 0;
    for (size_t at = 0; status == MOAT_OK && at < order; at += width) {
        size_t part = order - at < width ? order - at : width;
        gram_panel(work, a, order, at, part, scale, panel);
        trace += ridge_put_panel(layout, matrix, at, part, panel);
    }
    ridge_release(work, &panel);
    return status == MOAT_OK ? ridge_check_trace(work, trace) : status;
}

/* NOLINTNEXTLINE(readability-function-size): four matrices */
enum moat_status ridge_rotate(struct ridge_work *work, const struct ridge_layout *layout, double *spread,
                              const double *a, double scale, const double *b, double *image, double *vectors)
{
    size_t order = (size_t)layout->order, width = ridge_panel(order);
    size_t rows = work->data_rows.count;
    struct row_range own = work->vector_rows;
    enum moat_status status = MOAT_OK;
    double *panel = ridge_allocate(work, order * width, &status);
    status = ridge_agree(work, status);
    for (size_t at = 0; status == MOAT_OK && at < order; at += width) {
        size_t part = order - at < width ? order - at : width;
        memset(panel, 0, order * part * sizeof *panel);
        panel_copy(layout, spread, 0, at, part, panel, false);
        ridge_sum(work, panel, order * part);
        if (image) {
            ridge_multiply('N', 'N', rows, part, order, scale, a, rows, panel, order, 0, image + at * rows, rows);
        }
        if (vectors && b) {
            ridge_multiply('N', 'N', own.count, part, order, 1, b, own.count, panel, order, 0, vectors + at * own.count,
                           own.count);
        }
        for (size_t k = 0; vectors && !b && k < part; k++) {
            for (size_t i = 0; i < own.count; i++) {
                vectors[(at + k) * own.count + i] = panel[k * order + ridge_vector_row(work, i)];
            }
        }
    }
    ridge_release(work, &panel);
    return status;
}
