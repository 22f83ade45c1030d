/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of the sums of a trial with vectors: leading blocks, each rank with rows of its own. */
#include "ridge/turn.h"

#include <math.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/spread.h"
#include "ridge/sums.h"
#include "ridge/tall.h"

/* Columns at .. at + part of this rank's rows of G, in their places of `panel`, whose rows begin at `at`. */
static void fill_panel(const struct ridge_work *work, size_t at, size_t part, double *panel)
{
    const struct ridge_sums *sums = work->sums;
    const double *gram = ridge_sums_product(sums, SUMS_GRAM);
    size_t height = work->r - at;
    double scale = 1 / (double)work->task->N;
    memset(panel, 0, height * part * sizeof *panel);
    for (size_t i = 0; i < work->vector_rows.count; i++) {
        size_t row = ridge_vector_row(work, i);
        for (size_t j = at; j <= row && j < at + part; j++) {
            panel[(j - at) * height + (row - at)] = scale * gram[j * sums->own + i];
        }
    }
}

enum moat_status ridge_turn_gram(struct ridge_work *work, const struct ridge_layout *layout, double *matrix)
{
    size_t order = work->r, width = ridge_panel(order);
    enum moat_status status = MOAT_OK;
    double *panel = ridge_allocate(work, order * width, &status), trace = 0;
    status = ridge_agree(work, status);
    for (size_t at = 0; status == MOAT_OK && at < order; at += width) {
        size_t part = order - at < width ? order - at : width;
        fill_panel(work, at, part, panel);
        ridge_sum(work, panel, (order - at) * part);
        trace += ridge_put_panel(layout, matrix, at, part, panel);
    }
    ridge_release(work, &panel);
    return status == MOAT_OK ? ridge_check_trace(work, trace) : status;
}

const double *ridge_turn_panel(const struct ridge_work *work, size_t at, size_t part, double *panel)
{
    size_t own = work->vector_rows.count;
    if (work->size == 1) {
        return work->vectors + at * own;
    }
    memset(panel, 0, work->r * part * sizeof *panel);
    for (size_t i = 0; i < own; i++) {
        size_t row = ridge_vector_row(work, i);
        for (size_t k = 0; k < part; k++) {
            panel[k * work->r + row] = work->vectors[(at + k) * own + i];
        }
    }
    ridge_sum(work, panel, work->r * part);
    return panel;
}

void ridge_turn(const struct ridge_work *work, size_t product, const double *x, size_t columns, double *out)
{
    size_t own = work->vector_rows.count;
    ridge_multiply('N', 'N', own, columns, work->r, 1 / (double)work->task->N, ridge_sums_product(work->sums, product),
                   work->sums->own, x, work->r, 0, out, own);
}

void ridge_turn_weight(const struct ridge_work *work, size_t weight, const double *x, size_t columns, double *out)
{
    if (work->tall) {
        ridge_tall_turn(work, weight, x, columns, out);
    } else {
        ridge_turn(work, SUMS_VARIANCE + weight, x, columns, out);
    }
}

/* NOLINTNEXTLINE(readability-function-size): a product and the columns */
void ridge_turn_squares(const struct ridge_work *work, size_t product, size_t at, size_t part, const double *panel,
                        double *room, double *out, size_t stride)
{
    size_t own = work->vector_rows.count;
    ridge_turn(work, product, panel, part, room);
    for (size_t k = 0; k < part; k++) {
        const double *left = work->vectors + (at + k) * own, *right = room + k * own;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < own; i++) {
            sum += left[i] * right[i];
        }
        out[k * stride] += sum;
    }
}

void ridge_turn_apply(const struct ridge_work *work, const double *x, size_t columns, double *room, double *out)
{
    size_t own = work->vector_rows.count;
    ridge_turn(work, SUMS_GRAM, x, columns, room);
    memset(out, 0, work->r * columns * sizeof *out);
    for (size_t k = 0; k < columns; k++) {
        for (size_t i = 0; i < own; i++) {
            out[k * work->r + ridge_vector_row(work, i)] = room[k * own + i];
        }
    }
    ridge_sum(work, out, work->r * columns);
}
