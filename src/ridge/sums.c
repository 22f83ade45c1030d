/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sums of a trial: panels of normals, weighted by the roots of their weights, times themselves (dsyrk). With more
 * than one rank the lower triangles are summed over the group in passes over blocks of columns, so that what is being
 * summed stays small against what a rank keeps. Each pass draws the features again, which is cheap where the matrices
 * are so large that there is more than one.
 */
#include "ridge/sums.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ridge/deal.h"
#include "ridge/group.h"
#include "ridge/moments.h"
#include "ridge/random.h"
#include "ridge/scalapack.h"

enum {
    PASS_DOUBLES = 1 << 21 /* that may be summed over the group at once in any case */
};

/* What is at hand while panels are added up. */
struct making {
    struct ridge_sums *sums;
    struct row_range features; /* of this rank */
    size_t width;              /* of a panel: features */
    size_t first, columns;     /* of this pass */
    size_t height;             /* rows of each sum: those of the matrices */
    double *sum;               /* [product][column][height], the lower triangle */
    double *normals, *scaled;  /* width x rows each */
    double *weight;            /* [product][width]: root of the absolute value of each weight */
    double *sign;              /* [product][width] */
    double *label_weight;      /* [label weights][width] */
    double *label_part;        /* [rows][label weights] of one panel */
    double *room;              /* [2 + aligned][width] */
};

const double *ridge_sums_product(const struct ridge_sums *sums, size_t product)
{
    return sums->matrix + product * sums->own * sums->rows;
}

void ridge_sums_release(struct ridge_sums **sums)
{
    if (*sums) {
        free((*sums)->matrix);
        free((*sums)->label);
        free((*sums)->nu);
        free(*sums);
        *sums = NULL;
    }
}

size_t ridge_sums_pass(size_t rows, size_t products, int ranks)
{
    size_t columns = (rows + (size_t)ranks - 1) / (size_t)ranks, least = PASS_DOUBLES / (products * rows);
    columns = columns > least ? columns : least;
    return ranks == 1 || columns > rows ? rows : columns;
}

static bool serve(const struct ridge_sums *sums, const struct ridge_work *work)
{
    const struct ridge_task *task = work->task;
    if (!sums) {
        return false;
    }
    bool same = sums->nus == task->nus && (task->population || sums->gamma == task->gamma);
    for (size_t v = 0; same && sums->nu && !task->population && v < task->nus; v++) {
        same = sums->nu[v] == task->nu[v];
    }
    return same && sums->seed == task->seed && sums->trial == task->trial && sums->P == task->P &&
           sums->aligned == work->aligned && sums->ranks == work->size && sums->rows >= task->N;
}

static void release_making(struct ridge_work *work, struct making *making)
{
    double **array[] = {&making->normals, &making->scaled,       &making->weight,    &making->sign,
                        &making->room,    &making->label_weight, &making->label_part};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++) {
        ridge_release(work, array[i]);
    }
    if (work->size > 1) {
        ridge_release(work, &making->sum);
    }
}

/* What a panel needs. */
static void allocate_panel(struct ridge_work *work, struct making *making, enum moat_status *status)
{
    size_t rows = making->sums->rows, products = making->sums->products, width = making->width;
    size_t labels = ridge_label_weights(work->task);
    making->normals = ridge_allocate(work, width * rows, status);
    making->scaled = ridge_allocate(work, width * rows, status);
    making->weight = ridge_allocate(work, products * width, status);
    making->sign = ridge_allocate(work, products * width, status);
    making->label_weight = ridge_allocate(work, labels * width, status);
    making->label_part = ridge_allocate(work, labels * rows, status);
    making->room = ridge_allocate(work, (2 + work->aligned) * width, status);
}

static enum moat_status allocate(struct ridge_work *work, size_t rows, struct making *making)
{
    const struct ridge_task *task = work->task;
    size_t labels = ridge_label_weights(task), products = 2 + 2 * work->aligned;
    size_t own = ridge_deal_count(rows, work->size, work->rank), width = SUMS_PANEL;
    enum moat_status status = MOAT_OK;
    struct ridge_sums *sums = making->sums;
    *sums = (struct ridge_sums){.gamma = task->gamma,
                                .seed = task->seed,
                                .trial = task->trial,
                                .P = task->P,
                                .rows = rows,
                                .nus = task->nus,
                                .aligned = work->aligned,
                                .products = products,
                                .ranks = work->size,
                                .own = own};
    sums->matrix = ridge_allocate(work, products * own * rows, &status);
    sums->label = ridge_allocate(work, rows * labels, &status);
    sums->nu = ridge_allocate(work, task->nus, &status);
    for (size_t v = 0; sums->nu && !task->population && v < task->nus; v++) {
        sums->nu[v] = task->nu[v];
    }
    making->features = ridge_row_range(task->P, work->size, work->rank);
    making->width = width < task->P ? width : task->P;
    making->columns = ridge_sums_pass(rows, products, work->size);
    making->height = work->size > 1 ? rows : own;
    making->sum = work->size > 1 ? ridge_allocate(work, products * rows * making->columns, &status) : sums->matrix;
    allocate_panel(work, making, &status);
    return ridge_agree(work, status);
}

/* The weights of normals of a panel's features in each product: sigma, sigma^2, sigma b, sigma^2 b. */
static void fill_weights(const struct ridge_work *work, struct making *making, struct row_range panel)
{
    size_t aligned = work->aligned, n = panel.count, labels = ridge_label_weights(work->task);
    double *sigma = making->room, *b = sigma + n;
    ridge_variances(work->task, panel, sigma);
    ridge_alignments(work->task, panel, b);
    ridge_fill_label_weights(work->task, panel, making->label_weight);
    for (size_t p = 0; p < making->sums->products; p++) {
        bool again = p == SUMS_VARIANCE || p >= SUMS_ALIGNED + aligned; /* Sigma once more */
        for (size_t j = 0; j < n; j++) {
            double weight = p < SUMS_ALIGNED ? sigma[j] : sigma[j] * b[(p - SUMS_ALIGNED) % aligned * n + j];
            weight *= again ? sigma[j] : 1;
            making->weight[p * n + j] = sqrt(fabs(weight));
            making->sign[p * n + j] = weight < 0 ? -1 : 1;
        }
    }
    for (size_t i = 0; i < labels * n; i++) {
        making->label_weight[i] *= sigma[i % n];
    }
}

/* The panel's part with weights of that sign, weighted: returns the number of its features. */
static size_t scale(const struct making *making, size_t n, size_t product, double sign)
{
    const double *weight = making->weight + product * n, *signs = making->sign + product * n;
    size_t features = 0;
    for (size_t j = 0; j < n; j++) {
        features += signs[j] == sign;
    }
    for (size_t i = 0; i < making->sums->rows; i++) {
        const double *from = making->normals + i * n;
        double *to = making->scaled + i * features;
        for (size_t j = 0; features == n && j < n; j++) {
            to[j] = weight[j] * from[j];
        }
        for (size_t j = 0, at = 0; features < n && at < features; j++) {
            if (signs[j] == sign) {
                to[at++] = weight[j] * from[j];
            }
        }
    }
    return features;
}

/* Adds the panel to one product: this pass's columns of the lower triangle. */
static void add_product(const struct making *making, size_t n, size_t product)
{
    size_t at = making->first, rows = making->sums->rows, most = rows - at;
    int part = (int)(most < making->columns ? most : making->columns), height = (int)making->height;
    double one = 1, *sum = making->sum + product * making->height * making->columns + at;
    for (int negative = 0; negative < 2; negative++) {
        double sign = negative ? -1 : 1;
        size_t features = scale(making, n, product, sign);
        int inner = (int)features;
        if (features == 0) {
            continue;
        }
        const double *from = making->scaled + at * features;
        dsyrk_("L", "T", &part, &inner, &sign, from, &inner, &one, sum, &height, 1, 1);
        ridge_multiply('T', 'N', most - (size_t)part, (size_t)part, features, sign, from + (size_t)part * features,
                       features, from, features, one, sum + part, making->height);
    }
}

/* Draws a panel and adds it to all sums of this pass. */
static void add_panel(struct ridge_work *work, struct making *making, struct row_range panel)
{
    const struct ridge_task *task = work->task;
    struct ridge_sums *sums = making->sums;
    size_t labels = ridge_label_weights(task);
    double *seconds = work->profile->seconds, start = clock_seconds();
    fill_weights(work, making, panel);
    random_normals(task->seed, task->trial, 0, sums->rows, panel.first, panel.count, making->normals, panel.count, 1);
    bool fault = ridge_fault(work, "nan") || (task->trial % 2 == 1 && ridge_fault(work, "half"));
    making->normals[0] = fault ? NAN : making->normals[0];
    if (making->first == 0) {
        ridge_column_squares(making->normals, panel.count, sums->rows, making->label_weight, labels,
                             making->label_part);
        for (size_t i = 0; i < sums->rows * labels; i++) {
            sums->label[i] += making->label_part[i];
        }
    }
    double drawn = clock_seconds();
    for (size_t p = 0; p < sums->products; p++) {
        add_product(making, panel.count, p);
    }
    seconds[STEP_SAMPLE] += drawn - start;
    seconds[STEP_GRAM] += clock_seconds() - drawn;
}

/* Sums this pass over the group and keeps this rank's rows of it, and of its mirror image. */
static void keep(struct ridge_work *work, struct making *making)
{
    struct ridge_sums *sums = making->sums;
    size_t rows = sums->rows, at = making->first;
    size_t end = rows - at < making->columns ? rows : at + making->columns;
    for (size_t p = 0; p < sums->products; p++) {
        double *matrix = sums->matrix + p * sums->own * rows, *sum = making->sum + p * making->height * making->columns;
        if (work->size > 1) {
            ridge_sum(work, sum, making->height * (end - at));
        }
        for (size_t i = 0; i < sums->own; i++) {
            size_t row = ridge_deal_row(i, work->size, work->rank);
            for (size_t j = at; j <= row && j < end; j++) {
                matrix[j * sums->own + i] = sum[(j - at) * making->height + row];
            }
            for (size_t j = row; row >= at && row < end && j < rows; j++) {
                matrix[j * sums->own + i] = sum[(row - at) * making->height + j];
            }
        }
    }
}

static void add_up(struct ridge_work *work, struct making *making)
{
    struct ridge_sums *sums = making->sums;
    size_t end = making->features.first + making->features.count, labels = ridge_label_weights(work->task);
    memset(sums->label, 0, sums->rows * labels * sizeof *sums->label);
    for (making->first = 0; making->first < sums->rows; making->first += making->columns) {
        memset(making->sum, 0, sums->products * making->height * making->columns * sizeof *making->sum);
        for (size_t at = making->features.first; at < end; at += making->width) {
            add_panel(work, making, (struct row_range){at, end - at < making->width ? end - at : making->width});
        }
        double start = clock_seconds();
        keep(work, making);
        work->profile->seconds[STEP_GRAM] += clock_seconds() - start;
    }
    ridge_sum(work, sums->label, sums->rows * labels);
}

enum moat_status ridge_sums_provide(struct ridge_work *work, size_t most, struct ridge_sums **sums)
{
    size_t rows = most < work->task->N ? work->task->N : most;
    struct making making = {0};
    if (serve(*sums, work)) {
        return MOAT_OK;
    }
    work->profile->bytes_now -= *sums ? (*sums)->bytes : 0;
    size_t now = work->profile->bytes_now;
    ridge_sums_release(sums);
    making.sums = *sums = calloc(1, sizeof **sums);
    enum moat_status status = *sums ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for the sums of a trial");
    status = ridge_agree(work, status);
    if (status == MOAT_OK && *sums) {
        status = allocate(work, rows, &making);
    }
    if (status == MOAT_OK && *sums) {
        add_up(work, &making);
    }
    release_making(work, &making);
    if (status == MOAT_OK && *sums) {
        (*sums)->bytes = work->profile->bytes_now - now;
    } else {
        work->profile->bytes_now = now;
        ridge_sums_release(sums);
    }
    return status;
}
