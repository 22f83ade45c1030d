/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over the rows of tall data, and the root of their Gram matrix. */
#include "ridge/tall.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "ridge/eigen.h"
#include "ridge/group.h"
#include "ridge/moments.h"
#include "ridge/random.h"
#include "ridge/scalapack.h"

/* What is at hand while panels are added up. */
struct adding {
    double *normals, *scaled; /* P x panel each: a column is a data point */
    double *weight;           /* [label weights][P]: of squared normals */
    double *label;            /* [panel][label weights]: c */
    double *root;             /* P x P: C */
    double *deviation;        /* [P] */
};

bool ridge_tall_serves(size_t P, size_t N, size_t weights, int ranks)
{
    return N / 2 >= P && 2 * (double)N / ranks >= (1 + (double)weights) * (double)P;
}

static enum moat_status allocate(struct ridge_work *work, struct adding *adding)
{
    size_t P = work->task->P, weights = ridge_label_weights(work->task);
    enum moat_status status = MOAT_OK;
    work->crossed = ridge_allocate(work, (1 + weights) * P * P, &status);
    work->data = ridge_allocate(work, work->data_rows.count * P, &status);
    adding->deviation = ridge_allocate(work, P, &status);
    adding->weight = ridge_allocate(work, P * weights, &status);
    adding->label = ridge_allocate(work, TALL_PANEL * weights, &status);
    adding->normals = ridge_allocate(work, P * TALL_PANEL, &status);
    adding->scaled = ridge_allocate(work, P * TALL_PANEL, &status);
    return ridge_agree(work, status);
}

static void release_panels(struct ridge_work *work, struct adding *adding)
{
    ridge_release(work, &adding->weight);
    ridge_release(work, &adding->label);
    ridge_release(work, &adding->normals);
    ridge_release(work, &adding->scaled);
}

/* sum += A A^T, the lower triangle, for A of order x columns. */
static void add_square(size_t order, size_t columns, const double *a, double *sum)
{
    int n = (int)order, k = (int)columns;
    double one = 1;
    dsyrk_("L", "N", &n, &k, &one, a, &n, &one, sum, &n, 1, 1);
}

/* Draws rows first .. first + count and adds them to all sums. */
static void add_panel(struct ridge_work *work, struct adding *adding, size_t first, size_t count)
{
    const struct ridge_task *task = work->task;
    size_t P = task->P, weights = ridge_label_weights(task);
    double *seconds = work->profile->seconds, start = clock_seconds();
    random_normals(task->seed, task->trial, first, count, 0, P, adding->normals, P, 1);
    ridge_column_squares(adding->normals, P, count, adding->weight, weights, adding->label);
    double drawn = clock_seconds();
    add_square(P, count, adding->normals, work->crossed);
    for (size_t w = 0; w < weights; w++) {
        for (size_t i = 0; i < count; i++) {
            double root = sqrt(fmax(0, adding->label[i * weights + w]));
            for (size_t j = 0; j < P; j++) {
                adding->scaled[i * P + j] = root * adding->normals[i * P + j];
            }
        }
        add_square(P, count, adding->scaled, work->crossed + (1 + w) * P * P);
    }
    seconds[STEP_SAMPLE] += drawn - start;
    seconds[STEP_GRAM] += clock_seconds() - drawn;
}

/* This rank's panels, then the sum over the group. */
static void add_up(struct ridge_work *work, struct adding *adding)
{
    const struct ridge_task *task = work->task;
    size_t P = task->P, weights = ridge_label_weights(task), step = (size_t)work->size * TALL_PANEL;
    ridge_variances(task, (struct row_range){0, P}, adding->deviation);
    ridge_fill_label_weights(task, (struct row_range){0, P}, adding->weight);
    for (size_t i = 0; i < weights * P; i++) {
        adding->weight[i] *= adding->deviation[i % P];
    }
    memset(work->crossed, 0, (1 + weights) * P * P * sizeof *work->crossed);
    for (size_t at = (size_t)work->rank * TALL_PANEL; at < task->N; at += step) {
        add_panel(work, adding, at, task->N - at < TALL_PANEL ? task->N - at : TALL_PANEL);
    }
    double start = clock_seconds();
    ridge_sum(work, work->crossed, (1 + weights) * P * P);
    work->profile->seconds[STEP_GRAM] += clock_seconds() - start;
}

/* L = C^T sqrt(Sigma), this rank's rows. */
static enum moat_status take_root(struct ridge_work *work, struct adding *adding)
{
    size_t P = work->task->P;
    int order = (int)P, info = 0;
    enum moat_status status = MOAT_OK;
    struct row_range own = work->data_rows;
    adding->root = ridge_allocate(work, P * P, &status);
    if (status == MOAT_OK) {
        memcpy(adding->root, work->crossed, P * P * sizeof *adding->root);
        dpotrf_("L", &order, adding->root, &order, &info, 1);
        status = ridge_check_info(work, "dpotrf", order, info);
    }
    for (size_t j = 0; status == MOAT_OK && j < P; j++) {
        for (size_t i = 0; i < own.count; i++) {
            size_t row = own.first + i;
            work->data[j * own.count + i] = row <= j ? adding->root[row * P + j] * adding->deviation[j] : 0;
        }
    }
    ridge_release(work, &adding->root);
    return ridge_agree(work, status);
}

/* Turns the sums over normals into those over X, with both triangles. */
static void scale_sums(struct ridge_work *work, const double *deviation)
{
    size_t P = work->task->P;
    for (size_t p = 0; p < 1 + ridge_label_weights(work->task); p++) {
        double *sum = work->crossed + p * P * P;
        for (size_t j = 0; j < P; j++) {
            for (size_t i = j; i < P; i++) {
                sum[j * P + i] *= deviation[i] * deviation[j];
                sum[i * P + j] = sum[j * P + i];
            }
        }
    }
}

enum moat_status ridge_tall(struct ridge_work *work)
{
    struct adding adding = {0};
    enum moat_status status = allocate(work, &adding);
    if (status == MOAT_OK) {
        add_up(work, &adding);
        release_panels(work, &adding);
        ridge_deviations(work->task, (struct row_range){0, work->task->P}, adding.deviation);
        status = take_root(work, &adding);
    }
    if (status == MOAT_OK) {
        scale_sums(work, adding.deviation);
        bool fault = ridge_fault(work, "nan") || (work->task->trial % 2 == 1 && ridge_fault(work, "half"));
        work->data[0] = fault && work->data_rows.count > 0 ? NAN : work->data[0];
    }
    release_panels(work, &adding);
    ridge_release(work, &adding.deviation);
    return status;
}

void ridge_tall_turn(const struct ridge_work *work, size_t noise, const double *x, size_t columns, double *out)
{
    size_t P = work->task->P, own = work->vector_rows.count;
    size_t product = noise < ridge_label_weights(work->task) ? 1 + noise : 0; /* of noise 1 X^T X */
    ridge_multiply('N', 'N', own, columns, P, 1 / (double)work->task->N,
                   work->crossed + product * P * P + work->vector_rows.first, P, x, P, 0, out, own);
}
