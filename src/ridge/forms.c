/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables from the factorisation. With B = diag(b), the features' matrix F (Y for N < P, else U) and the data
 * points' matrix C (U for N < P, else Y), let
 *
 *     M = F^T Sigma F,   W = F^T B F,   w = diag(F^T B Sigma F),   K = C^T diag(c) C,   g = 1 / (s^2 + lambda).
 *
 * Nothing is divided by s. Then D = g^T (M o K) g / N in both cases, and
 *
 *     N < P:   A2 = A0 - g.w,         A1 = A0 - 2 g.w + g^T (W o M) g    (I - X^T (X X^T + N lambda)^-1 X)
 *     N >= P:  A2 = (lambda g).w,     A1 = (lambda g)^T (W o M) (lambda g): positive terms, nothing cancels.
 *
 * The products are made in panels of columns of the lower triangle. A rank gets its own columns of the sum over the
 * group, and applies them to all lambdas at once. Source: MODEL.md section 8.
 */
#include "ridge/forms.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "ridge/factor.h"
#include "ridge/group.h"
#include "ridge/moments.h"
#include "ridge/sums.h"
#include "ridge/turn.h"

/* The weighted Gram products on one side, features or data points. */
struct side {
    const double *matrix; /* this rank's rows x r */
    bool turned;          /* the products are of sums in place of weights */
    size_t rows;
    double *weight; /* [product][rows] */
    size_t products;
    double *scaled;  /* a panel of the matrix, weighted: rows x products * width */
    double *partial; /* its products with the matrix: r x products * width */
    double *sum;     /* the same over the group, own columns only: [product][column][row] */
};

struct forms {
    struct side feature, point;
    double *gain_loss;     /* r x lambdas: lambda g for N >= P, else g */
    double *gain_noise;    /* r x lambdas: g */
    double *linear;        /* [k][matrix B]: w */
    double *quadratic;     /* [matrices B, then noises][lambda]: the forms of A1 and D */
    double *applied;       /* columns x lambdas */
    double *linear_weight; /* [matrix B][features]: b sigma; none through sums */
    double *panel;   /* r x width: columns of U, if this rank has not all their rows; only where a side is turned */
    double *squared; /* this rank's rows x width; only through sums */
};

size_t ridge_forms_panel(size_t r, size_t nus)
{
    size_t width = r / 24 + 8, most = 1024 / (nus + 1);
    width = width < most ? width : most;
    width = width < 256 ? width : 256;
    return width > 32 ? width : 32;
}

static void fill_weights(const struct ridge_work *work, struct forms *forms)
{
    const struct ridge_task *task = work->task;
    struct row_range features = work->primal ? work->vector_rows : work->data_rows;
    if (!work->sums) {
        double *sigma = forms->feature.weight, *b = sigma + features.count;
        ridge_variances(task, features, sigma);
        ridge_alignments(task, features, b);
        for (size_t i = 0; i < work->aligned * features.count; i++) {
            forms->linear_weight[i] = b[i] * sigma[i % features.count];
        }
    }
    for (size_t l = 0; l < task->lambdas; l++) {
        for (size_t k = 0; k < work->r; k++) {
            double g = ridge_gain(work, k, task->lambda[l]);
            forms->gain_noise[l * work->r + k] = g;
            forms->gain_loss[l * work->r + k] = work->primal ? task->lambda[l] * g : g;
        }
    }
}

static void side_allocate(struct ridge_work *work, struct side *side, size_t width, enum moat_status *status)
{
    side->scaled = ridge_allocate(work, side->rows * side->products * width, status);
    side->partial = ridge_allocate(work, work->r * side->products * width, status);
    if (work->size > 1) {
        size_t own = ridge_row_range(width, work->size, 0).count;
        side->sum = ridge_allocate(work, work->r * side->products * own, status);
    }
}

static enum moat_status forms_allocate(struct ridge_work *work, size_t width, struct forms *forms)
{
    const struct ridge_task *task = work->task;
    struct row_range features = work->primal ? work->vector_rows : work->data_rows;
    size_t points = work->primal ? work->data_rows.count : work->vector_rows.count;
    size_t weights = work->sums ? 0 : features.count;
    bool turned = work->sums || work->tall;
    enum moat_status status = MOAT_OK;
    forms->feature.matrix = work->primal || work->sums ? work->vectors : work->image;
    forms->feature.rows = work->sums ? points : features.count;
    forms->feature.turned = work->sums;
    forms->feature.products = work->aligned + 1;
    forms->feature.weight = ridge_allocate(work, weights * (work->aligned + 1), &status);
    forms->point.matrix = work->primal && !work->tall ? work->image : work->vectors;
    forms->point.rows = work->tall ? work->vector_rows.count : points;
    forms->point.turned = work->tall;
    forms->point.products = work->noises;
    forms->point.weight = work->label;
    side_allocate(work, &forms->feature, width, &status);
    side_allocate(work, &forms->point, width, &status);
    forms->gain_loss = ridge_allocate(work, work->r * task->lambdas, &status);
    forms->gain_noise = ridge_allocate(work, work->r * task->lambdas, &status);
    forms->linear = ridge_allocate(work, work->r * work->aligned, &status);
    forms->linear_weight = ridge_allocate(work, weights * work->aligned, &status);
    forms->panel = ridge_allocate(work, turned && work->size > 1 ? work->r * width : 0, &status);
    forms->squared = ridge_allocate(work, work->sums ? points * width : 0, &status);
    forms->quadratic = ridge_allocate(work, (work->aligned + work->noises) * task->lambdas, &status);
    forms->applied = ridge_allocate(work, width * task->lambdas, &status);
    return ridge_agree(work, status);
}

static void forms_release(struct ridge_work *work, struct forms *forms)
{
    double **array[] = {&forms->feature.weight, &forms->feature.scaled, &forms->feature.partial, &forms->feature.sum,
                        &forms->point.scaled,   &forms->point.partial,  &forms->point.sum,       &forms->gain_loss,
                        &forms->gain_noise,     &forms->linear,         &forms->linear_weight,   &forms->quadratic,
                        &forms->applied,        &forms->panel,          &forms->squared};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++) {
        ridge_release(work, array[i]);
    }
}

/* out = columns `at` .. at + count of the matrix, weighted. */
static void weigh(const struct side *side, size_t product, size_t at, size_t count, double *out)
{
    const double *weight = side->weight + product * side->rows;
    for (size_t c = 0; c < count; c++) {
        const double *from = side->matrix + (at + c) * side->rows;
        for (size_t i = 0; i < side->rows; i++) {
            out[c * side->rows + i] = from[i] * weight[i];
        }
    }
}

/* The products' columns at .. at + part, rows at .. r, summed over the group. Returns where this rank's columns are:
   [product][own column][r - at]. `panel` has the columns of U with all rows, where a side is turned. */
static double *side_products(const struct ridge_work *work, const struct side *side, size_t at, size_t part,
                             const double *panel)
{
    size_t height = work->r - at, columns = side->products * part;
    double *to = side->scaled;
    int counts[work->size];
    for (int rank = 0; rank < work->size; rank++) { /* the columns of a rank lie together */
        struct row_range own = ridge_row_range(part, work->size, rank);
        counts[rank] = (int)(own.count * side->products * height);
        for (size_t p = 0; p < side->products; p++, to += own.count * side->rows) {
            if (side->turned) {
                ridge_turn_weight(work, p, panel + own.first * work->r, own.count, to);
            } else {
                weigh(side, p, at + own.first, own.count, to);
            }
        }
    }
    ridge_multiply('T', 'N', height, columns, side->rows, 1, side->matrix + at * side->rows, side->rows, side->scaled,
                   side->rows, 0, side->partial, height);
    if (work->size == 1) {
        return side->partial;
    }
    MPI_Reduce_scatter(side->partial, side->sum, counts, MPI_DOUBLE, MPI_SUM, work->group);
    return side->sum;
}

/* Adds this panel's part of gain^T (left o right) gain to form[lambda]; `right` is overwritten. Elements below the
   panel's diagonal block stand for their mirror images too. */
/* NOLINTNEXTLINE(readability-function-size): three matrices of one panel */
static void add_form(const struct ridge_work *work, const struct forms *forms, size_t at, size_t part,
                     const double *left, double *right, const double *gain, double *form)
{
    struct row_range own = ridge_row_range(part, work->size, work->rank);
    size_t height = work->r - at, lambdas = work->task->lambdas;
    for (size_t c = 0; c < own.count; c++) {
        for (size_t i = 0; i < height; i++) {
            right[c * height + i] *= left[c * height + i] * (i < part ? 1 : 2);
        }
    }
    ridge_multiply('T', 'N', own.count, lambdas, height, 1, right, height, gain + at, work->r, 0, forms->applied,
                   own.count);
    for (size_t l = 0; l < lambdas; l++) {
        for (size_t c = 0; c < own.count; c++) {
            form[l] += gain[l * work->r + at + own.first + c] * forms->applied[l * own.count + c];
        }
    }
}

static void panel_forms(const struct ridge_work *work, struct forms *forms, size_t at, size_t part)
{
    size_t lambdas = work->task->lambdas;
    size_t each = ridge_row_range(part, work->size, work->rank).count * (work->r - at);
    const double *panel = work->sums || work->tall ? ridge_turn_panel(work, at, part, forms->panel) : NULL;
    double *features = side_products(work, &forms->feature, at, part, panel);
    double *points = side_products(work, &forms->point, at, part, panel);
    for (size_t v = 0; v < work->aligned && work->sums; v++) {
        ridge_turn_squares(work, SUMS_ALIGNED + work->aligned + v, at, part, panel, forms->squared,
                           forms->linear + at * work->aligned + v, work->aligned);
    }
    for (size_t v = 0; v < work->aligned; v++) {
        add_form(work, forms, at, part, features, features + (v + 1) * each, forms->gain_loss,
                 forms->quadratic + v * lambdas);
    }
    for (size_t v = 0; v < work->noises; v++) {
        add_form(work, forms, at, part, features, points + v * each, forms->gain_noise,
                 forms->quadratic + (work->aligned + v) * lambdas);
    }
}

/* From the sums over the group to the tables; on rank 0. */
static void fill_tables(const struct ridge_work *work, const struct forms *forms, struct ridge_table *out)
{
    const struct ridge_task *task = work->task;
    size_t lambdas = task->lambdas;
    for (size_t v = 0; v < work->aligned; v++) {
        double A0 = work->primal ? 0 : ridge_zero_loss(task, v);
        for (size_t l = 0; l < task->lambdas; l++) {
            size_t at = v * lambdas + l;
            long double linear = 0;
            for (size_t k = 0; k < work->r; k++) {
                linear += (long double)forms->linear[k * work->aligned + v] * forms->gain_loss[l * work->r + k];
            }
            double loss = forms->quadratic[at];
            out->A2[at] = (double)(work->primal ? linear : A0 - linear);
            out->A1[at] = (double)(work->primal ? loss : A0 - 2 * linear + loss);
        }
    }
    for (size_t at = 0; at < work->noises * lambdas; at++) {
        out->D[at] = forms->quadratic[work->aligned * lambdas + at] / (double)task->N;
    }
}

static enum moat_status check_finite(const struct ridge_work *work, const struct ridge_table *out)
{
    size_t lambdas = work->task->lambdas, aligned = work->aligned * lambdas, noises = work->noises * lambdas;
    for (size_t i = 0; i < aligned || i < noises; i++) {
        double A1 = i < aligned ? out->A1[i] : 0, A2 = i < aligned ? out->A2[i] : 0, D = i < noises ? out->D[i] : 0;
        if (!isfinite(A1) || !isfinite(A2) || !isfinite(D)) {
            size_t which = i / lambdas;
            return moat_error_set(MOAT_NUMERICAL,
                                  "the coefficients are not finite at %s = %g, lambda = %g: "
                                  "A1 = %g, A2 = %g, D = %g (P = %zu, N = %zu, trial %u)",
                                  work->task->population ? "moment" : "nu",
                                  work->task->population ? (double)which : work->task->nu[which],
                                  work->task->lambda[i % lambdas], A1, A2, D, work->task->P, work->task->N,
                                  (unsigned)work->task->trial);
        }
    }
    return MOAT_OK;
}

enum moat_status ridge_forms(struct ridge_work *work, struct ridge_table *out)
{
    size_t products = work->aligned > work->noises ? work->aligned : work->noises, lambdas = work->task->lambdas;
    size_t width = ridge_forms_panel(work->r, products), cells = (work->aligned + work->noises) * lambdas;
    struct forms forms = {0};
    enum moat_status status = MOAT_OK;
    if (work->r > INT_MAX / ((products + 1) * width)) {
        status = moat_error_set(MOAT_USAGE, "%zu values of nu are too many for an order of %zu", products, work->r);
        goto cleanup;
    }
    status = forms_allocate(work, width, &forms);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    fill_weights(work, &forms);
    memset(forms.linear, 0, work->r * work->aligned * sizeof *forms.linear);
    if (!work->sums) {
        ridge_column_squares(forms.feature.matrix, forms.feature.rows, work->r, forms.linear_weight, work->aligned,
                             forms.linear);
    }
    memset(forms.quadratic, 0, cells * sizeof *forms.quadratic);
    for (size_t at = 0; at < work->r; at += width) {
        panel_forms(work, &forms, at, work->r - at < width ? work->r - at : width);
    }
    ridge_sum(work, forms.linear, work->r * work->aligned);
    ridge_sum(work, forms.quadratic, cells);
    if (work->rank == 0) {
        fill_tables(work, &forms, out);
        status = check_finite(work, out);
    }
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        ridge_broadcast(work, out->A1, work->aligned * lambdas);
        ridge_broadcast(work, out->A2, work->aligned * lambdas);
        ridge_broadcast(work, out->D, work->noises * lambdas);
    }

cleanup:
    forms_release(work, &forms);
    return status;
}
