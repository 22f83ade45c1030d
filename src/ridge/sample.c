/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sampled data, made in place: every rank makes its own rows of L, so nothing is communicated but the sums
 * c_i = sum_j b_j x_ij^2 over features that lie on different ranks.
 */
#include "ridge/sample.h"

#include <math.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/random.h"

/* weight[w * count + j] = b of feature first + j at nu[w]. */
static void alignment(const struct ridge_task *task, struct row_range features, double *weight)
{
    for (size_t w = 0; w < task->nus; w++) {
        for (size_t j = 0; j < features.count; j++) {
            weight[w * features.count + j] = pow((double)(features.first + j + 1), task->gamma - task->nu[w]);
        }
    }
}

static double deviation(const struct ridge_task *task, size_t feature)
{
    return pow((double)(feature + 1), -(1 + task->gamma) / 2);
}

/* L = X^T: a column is a data point, its rows the features of this rank. */
static enum moat_status sample_features(struct ridge_work *work)
{
    const struct ridge_task *task = work->task;
    struct row_range features = work->data_rows, points = work->vector_rows;
    enum moat_status status = MOAT_OK;
    double *scale = ridge_allocate(work, features.count, &status);
    double *weight = ridge_allocate(work, features.count * task->nus, &status);
    double *sums = ridge_allocate(work, task->N * task->nus, &status);
    status = ridge_agree(work, status);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    for (size_t j = 0; j < features.count; j++) {
        scale[j] = deviation(task, features.first + j);
    }
    random_normals(task->seed, task->trial, 0, task->N, features.first, features.count, work->data, features.count, 1);
    for (size_t i = 0; i < task->N; i++) {
        for (size_t j = 0; j < features.count; j++) {
            work->data[i * features.count + j] *= scale[j];
        }
    }

    alignment(task, features, weight);
    ridge_column_squares(work->data, features.count, task->N, weight, task->nus, sums);
    ridge_sum(work, sums, task->N * task->nus);
    for (size_t w = 0; w < task->nus; w++) {
        for (size_t i = 0; i < points.count; i++) {
            work->label[w * points.count + i] = sums[(points.first + i) * task->nus + w];
        }
    }

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
    struct row_range points = work->data_rows, features = {0, task->P};
    enum moat_status status = MOAT_OK;
    double *weight = ridge_allocate(work, features.count * task->nus, &status);
    status = ridge_agree(work, status);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    random_normals(task->seed, task->trial, points.first, points.count, 0, task->P, work->data, 1, points.count);
    alignment(task, features, weight);
    memset(work->label, 0, points.count * task->nus * sizeof *work->label);
    for (size_t j = 0; j < task->P; j++) {
        double scale = deviation(task, j);
        double *column = work->data + j * points.count;
        for (size_t i = 0; i < points.count; i++) {
            column[i] *= scale;
        }
        for (size_t w = 0; w < task->nus; w++) {
            double b = weight[w * task->P + j];
            for (size_t i = 0; i < points.count; i++) {
                work->label[w * points.count + i] += b * column[i] * column[i];
            }
        }
    }

cleanup:
    ridge_release(work, &weight);
    return status;
}

enum moat_status ridge_sample(struct ridge_work *work)
{
    enum moat_status status = MOAT_OK;
    work->label_rows = work->primal ? work->data_rows.count : work->vector_rows.count;
    work->data = ridge_allocate(work, work->data_rows.count * work->r, &status);
    work->label = ridge_allocate(work, work->label_rows * work->task->nus, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        status = work->primal ? sample_points(work) : sample_features(work);
    }
    if (status == MOAT_OK && ridge_fault(work, "nan") && work->data_rows.count > 0) {
        work->data[0] = NAN;
    }
    return status;
}
