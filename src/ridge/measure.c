/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The spectrum of a data set and the fits of its labels: read, factorise, check, project. The factorisation is that of
 * ridge regression on sampled data (work.h), with the data's rows in place of sampled ones.
 *
 * The unit vectors w_k over the rows are the columns of Y divided by their lengths for n >= P, and those of U
 * otherwise. Each rank has some rows of them. What labels need are sums over rows: their projections, then residuals,
 * then the residuals' squares weighted with those of w_k, which are the variances of the fits. Source: MODEL.md
 * section 16.
 */
#include "ridge/measure.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ridge/check.h"
#include "ridge/factor.h"
#include "ridge/group.h"
#include "ridge/measure_panel.h"
#include "ridge/measure_project.h"
#include "ridge/work.h"

const char *const measure_label[2] = {"performance", "safety"};
const int measure_pair_of[MEASURE_PAIRS][2] = {{0, 0}, {1, 1}, {0, 1}};

enum moat_status ridge_measure_check(size_t n, size_t P, const struct measure_options *options)
{
    const char *advice = "use more rows than features, or --directions K to keep only the K directions of largest "
                         "variance, whose fit can be told from noise";
    if (n < 3) {
        return moat_error_set(MOAT_USAGE, "found %zu row%s, expected at least 3", n, n == 1 ? "" : "s");
    }
    if (options->whole_population) {
        return options->directions <= P && options->directions < n
                   ? MOAT_OK
                   : moat_error_set(MOAT_USAGE,
                                    "--directions: found %zu, expected at most %zu for %zu rows of %zu features",
                                    options->directions, P < n - 1 ? P : n - 1, n, P);
    }
    if (options->directions == 0 && n <= P + 1) {
        return moat_error_set(MOAT_USAGE,
                              "%zu rows of %zu features: least squares fits any labels exactly (R^2 = 1), so that "
                              "nothing tells label noise from signal: %s (at most %zu)",
                              n, P, advice, n - 2);
    }
    if (options->directions > P || options->directions + 2 > n) {
        return moat_error_set(MOAT_USAGE,
                              "--directions: found %zu, expected at most %zu for %zu rows of %zu features: a fit of "
                              "more leaves no residuals, from which label noise is known",
                              options->directions, P + 2 > n ? n - 2 : P, n, P);
    }
    return MOAT_OK;
}

size_t ridge_measure_bytes(size_t n, size_t P, int ranks)
{
    size_t r = P < n ? P : n, length = P < n ? n : P;
    size_t rows = ridge_row_range(length, ranks, 0).count;
    size_t buffer = n >= P ? measure_panel_buffer(rows, P) : measure_panel_buffer(n, rows);
    size_t lists = 3 * (n >= P ? P : rows) + 32 * r + MEASURE_LISTS * n;
    return ridge_data_bytes(P, n, 1, 1, ranks) + (buffer + lists) * sizeof(double);
}

void ridge_measure_free(struct measure_fit *fit)
{
    free(fit->storage);
    *fit = (struct measure_fit){0};
}

/* Fills `order` with the columns in order of descending length, and says how many are kept: those above rounding, and
   no more than are asked for. */
static void choose_directions(const struct ridge_work *work, const struct measure_options *options, size_t *order,
                              struct measure_fit *out)
{
    size_t r = work->r, longer = work->length > r ? work->length : r;
    for (size_t i = 0; i < r; i++) { /* by insertion: the columns are nearly in ascending order already */
        size_t k = i;
        for (; k > 0 && work->square[order[k - 1]] < work->square[r - 1 - i]; k--) {
            order[k] = order[k - 1];
        }
        order[k] = r - 1 - i;
    }
    double rounding = (double)longer * DBL_EPSILON, least = work->square[order[0]] * rounding * rounding;
    while (out->rank < r && work->square[order[out->rank]] > least) {
        out->rank++;
    }
    out->directions = options->directions && options->directions < out->rank ? options->directions : out->rank;
}

/* Allocates the arrays of *out. Local. */
static enum moat_status allocate_fit(struct measure_fit *out)
{
    enum { ARRAYS = 4 + MEASURE_PAIRS };
    size_t count = out->directions;
    out->storage = calloc(count * ARRAYS, sizeof *out->storage);
    if (!out->storage) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu directions", count);
    }
    double *at = out->storage;
    out->eigenvalue = at;
    out->eigenvalue_stderr = at += count;
    for (int j = 0; j < 2; j++) {
        out->fit[j] = at += count;
    }
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        out->variance[pair] = at += count;
    }
    return MOAT_OK;
}

/* Projects the labels on the directions of the factorised data. */
static enum moat_status project(struct ridge_work *work, const struct measure_source *source,
                                const struct measure_options *options, struct measure_fit *out)
{
    size_t *order = malloc(work->r * sizeof *order);
    enum moat_status status =
        order ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for %zu directions", work->r);
    ridge_broadcast(work, work->square, work->r); /* so that all choose alike: sums may differ in the last bit */
    if (order) {
        choose_directions(work, options, order, out);
        status = allocate_fit(out);
    }
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        status = measure_project(work, source, order, out);
    }
    free(order);
    return status;
}

/* The steps of ridge.c, with the source's data and another end. */
static enum moat_status run_steps(struct ridge_work *work, const struct measure_source *source,
                                  const struct measure_options *options, struct measure_fit *out)
{
    double scale = 1;
    enum moat_status status = measure_panel_read(work, source, &scale, &out->constant);
    if (status == MOAT_OK) {
        status = ridge_factor(work);
    }
    if (status == MOAT_OK) {
        status = ridge_check(work);
    }
    ridge_release(work, &work->data);
    if (status == MOAT_OK) {
        status = ridge_refine(work);
    }
    if (status == MOAT_OK) {
        status = project(work, source, options, out);
    }
    if (status == MOAT_OK) {
        double largest = 0;
        for (size_t k = 0; k < work->r; k++) {
            largest = fmax(largest, work->square[k]);
        }
        out->scale = largest * scale * scale;
        out->residual = work->residual;
    }
    return status;
}

static enum moat_status check_labels(const struct measure_source *source)
{
    for (int j = 0; j < 2; j++) {
        const double *label = source->label[j];
        size_t i = 0;
        while (i < source->n && label[i] == label[0]) {
            i++;
        }
        if (i == source->n) {
            return moat_error_set(MOAT_USAGE, "`%s` is %g in all %zu rows: a constant label says nothing",
                                  measure_label[j], label[0], source->n);
        }
    }
    return MOAT_OK;
}

/* Whether the sizes fit BLAS and LAPACK. */
static enum moat_status check_sizes(size_t n, size_t P, int ranks)
{
    size_t r = P < n ? P : n, length = P < n ? n : P;
    if (length / (size_t)ranks >= INT_MAX || r >= INT_MAX / 256) {
        return moat_error_set(MOAT_USAGE, "%zu rows of %zu features are too large for %d ranks (32-bit sizes in BLAS)",
                              n, P, ranks);
    }
    return MOAT_OK;
}

enum moat_status ridge_measure(const struct measure_source *source, const struct measure_options *options,
                               MPI_Comm group, struct measure_fit *out)
{
    struct ridge_profile profile = {0};
    struct ridge_task task = {.P = source->P, .N = source->n};
    struct ridge_work work = {.task = &task, .group = group, .profile = &profile, .blacs_context = -1};
    *out = (struct measure_fit){.n = source->n, .P = source->P, .exact = options->whole_population};
    ridge_group_join(&work);
    work.primal = source->n >= source->P;
    work.r = work.primal ? source->P : source->n;
    work.length = work.primal ? source->n : source->P;
    work.data_rows = ridge_row_range(work.length, work.size, work.rank);
    work.vector_rows = ridge_row_range(work.r, work.size, work.rank);

    enum moat_status status = ridge_measure_check(source->n, source->P, options); /* these: the same on every rank */
    if (status == MOAT_OK) {
        status = check_sizes(source->n, source->P, work.size);
    }
    if (status == MOAT_OK) {
        status = check_labels(source);
    }
    if (status == MOAT_OK) {
        status = ridge_grid_open(&work);
        if (status == MOAT_OK) {
            status = run_steps(&work, source, options, out);
        }
        ridge_grid_close(&work);
    }
    ridge_release(&work, &work.data);
    ridge_release(&work, &work.image);
    ridge_release(&work, &work.vectors);
    ridge_release(&work, &work.square);
    out->bytes = profile.bytes_peak;
    return status;
}
