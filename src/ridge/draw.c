/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Samples of the rows of a data set, drawn with replacement. A row that is drawn m times is one row of X times sqrt(m),
 * with its labels times sqrt(m): X^T X, X^T y and the sums over label noise are the same, and G has no eigenvalue 0 for
 * the repetition. Source: MODEL.md section 17.
 */
#include "ridge/draw.h"

#include <math.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/population.h"
#include "ridge/random.h"

_Static_assert(sizeof(struct ridge_draw) == 2 * sizeof(double), "for ridge_allocate");

enum moat_status ridge_draw_rows(struct ridge_work *work)
{
    const struct ridge_task *task = work->task;
    size_t n = task->population->rows->n;
    enum moat_status status = MOAT_OK;
    double *times = ridge_allocate(work, n, &status);
    work->draw = (struct ridge_draw *)(void *)ridge_allocate(work, 2 * (task->N < n ? task->N : n), &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        memset(times, 0, n * sizeof *times);
        for (size_t i = 0; i < task->N; i++) {
            times[random_index(task->seed, task->trial, i, n)] += 1;
        }
        work->points = 0;
        for (size_t row = 0; row < n; row++) {
            if (times[row] > 0) {
                work->draw[work->points++] = (struct ridge_draw){row, sqrt(times[row])};
            }
        }
    }
    ridge_release(work, &times);
    return status;
}

void ridge_release_draws(struct ridge_work *work)
{
    double *memory = (double *)(void *)work->draw;
    ridge_release(work, &memory);
    work->draw = NULL;
}

void ridge_sample_rows(struct ridge_work *work)
{
    const struct ridge_rows *rows = work->task->population->rows;
    struct row_range own = work->data_rows, points = work->primal ? work->data_rows : work->vector_rows;
    for (size_t i = 0; i < work->points && !work->primal; i++) {
        const struct ridge_draw *draw = &work->draw[i];
        const double *x = rows->feature + draw->row * rows->P + own.first;
        for (size_t j = 0; j < own.count; j++) {
            work->data[i * own.count + j] = draw->weight * x[j];
        }
    }
    for (size_t i = 0; i < points.count; i++) {
        const struct ridge_draw *draw = &work->draw[points.first + i];
        const double *x = rows->feature + draw->row * rows->P;
        double between = rows->label[0][draw->row] - rows->label[1][draw->row];
        work->label[i] = between * between;
        for (size_t j = 0; j < rows->P && work->primal; j++) {
            work->data[j * own.count + i] = draw->weight * x[j];
        }
    }
}
