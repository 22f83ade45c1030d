/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sampled data, made in place: every rank makes its own rows of L, so nothing is communicated but the sums
 * c_i = sum_j b_j x_ij^2 over features that lie on different ranks.
 */
#include "ridge/sample.h"

#include <math.h>
#include <string.h>

#include "ridge/draw.h"
#include "ridge/group.h"
#include "ridge/moments.h"
#include "ridge/random.h"

/* This rank's c_i of N < P from those of all points: [points][weights]. */
static void copy_labels(struct ridge_work *work, const double *all)
{
    size_t weights = ridge_label_weights(work->task), points = work->vector_rows.count;
    for (size_t i = 0; i < points * weights; i++) {
        work->label[i] = all[ridge_vector_row(work, i % points) * weights + i / points];
    }
}

enum moat_status ridge_sample_labels(struct ridge_work *work, const double *all)
{
    enum moat_status status = MOAT_OK;
    work->label_rows = work->vector_rows.count;
    work->label = ridge_allocate(work, work->label_rows * work->noises, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        copy_labels(work, all);
        ridge_fill_label_noise(work);
    }
    return status;
}

/* L = X^T: a column is a data point, its rows the features of this rank. */
static enum moat_status sample_features(struct ridge_work *work)
{
    const struct ridge_task *task = work->task;
    size_t weights = ridge_label_weights(task);
    struct row_range features = work->data_rows;
    enum moat_status status = MOAT_OK;
    double *scale = ridge_allocate(work, features.count, &status);
    double *weight = ridge_allocate(work, features.count * weights, &status);
    double *sums = ridge_allocate(work, task->N * weights, &status);
    status = ridge_agree(work, status);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    ridge_deviations(task, features, scale);
    random_normals(task->seed, task->trial, 0, task->N, features.first, features.count, work->data, features.count, 1);
    for (size_t i = 0; i < task->N; i++) {
        for (size_t j = 0; j < features.count; j++) {
            work->data[i * features.count + j] *= scale[j];
        }
    }

    ridge_fill_label_weights(task, features, weight);
    ridge_column_squares(work->data, features.count, task->N, weight, weights, sums);
    ridge_sum(work, sums, task->N * weights);
    copy_labels(work, sums);

cleanup:
    ridge_release(work, &scale);
    ridge_release(work, &weight);
    ridge_release(work, &sums);
    return status;
}

/* L = X: a column is a feature, its rows the data points of this rank. */
static enum moat_status sample_points(struct ridge_work *work)
{
    const struct ridge_task *task = work->task;
    size_t weights = ridge_label_weights(task);
    struct row_range points = work->data_rows, features = {0, task->P};
    enum moat_status status = MOAT_OK;
    double *scale = ridge_allocate(work, features.count, &status);
    double *weight = ridge_allocate(work, features.count * weights, &status);
    status = ridge_agree(work, status);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    random_normals(task->seed, task->trial, points.first, points.count, 0, task->P, work->data, 1, points.count);
    ridge_deviations(task, features, scale);
    ridge_fill_label_weights(task, features, weight);
    memset(work->label, 0, points.count * weights * sizeof *work->label);
    for (size_t j = 0; j < task->P; j++) {
        double *column = work->data + j * points.count;
        for (size_t i = 0; i < points.count; i++) {
            column[i] *= scale[j];
        }
        for (size_t w = 0; w < weights; w++) {
            double b = weight[w * task->P + j];
            for (size_t i = 0; i < points.count; i++) {
                work->label[w * points.count + i] += b * column[i] * column[i];
            }
        }
    }

cleanup:
    ridge_release(work, &scale);
    ridge_release(work, &weight);
    return status;
}

enum moat_status ridge_sample(struct ridge_work *work)
{
    enum moat_status status = MOAT_OK;
    work->label_rows = work->primal ? work->data_rows.count : work->vector_rows.count;
    ridge_release(work, &work->label); /* of sums that do not serve */
    work->data = ridge_allocate(work, work->data_rows.count * work->r, &status);
    work->label = ridge_allocate(work, work->label_rows * work->noises, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK && work->draw) {
        ridge_sample_rows(work);
    } else if (status == MOAT_OK) {
        status = work->primal ? sample_points(work) : sample_features(work);
        ridge_fill_label_noise(work);
    }
    bool fault = ridge_fault(work, "nan") || (work->task->trial % 2 == 1 && ridge_fault(work, "half"));
    if (status == MOAT_OK && fault && work->data_rows.count > 0) {
        work->data[0] = NAN;
    }
    return status;
}
