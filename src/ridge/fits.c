/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The losses of ridge regression on rows that were drawn: with u_j the model fitted to label j alone, the expected
 * model is alpha u_1 + a u_2. The distances d_j = u_j - beta_j are formed first, so the losses are sums of squares:
 *
 *     N < P:   d_j = Y g p_j - beta_j,  p_j = U^T y_j / sqrt(N)
 *     N >= P:  d_j = U (g q_j - lambda g U^T beta_j),  q_j = Y^T e_j / sqrt(N)
 *
 *     L1 = |alpha d_1 + a (d_2 - Delta)|^2_Sigma,   L2 = |alpha (d_1 + Delta) + a d_2|^2_Sigma
 *
 * where e_j are the residuals of the fits beta_j, and Delta = beta_1 - beta_2.
 *
 * Source: MODEL.md section 17.
 */
#include "ridge/fits.h"

#include <math.h>
#include <string.h>

#include "moat/sampled.h"
#include "ridge/factor.h"
#include "ridge/group.h"
#include "ridge/population.h"

struct fits {
    struct row_range features;
    size_t columns;       /* 2 lambdas: first those of performance */
    double *point;        /* [2][points of this rank] */
    double *seen, *known; /* [2][r]: p or q, and U^T beta */
    double *gained;       /* [columns][r] */
    double *distance;     /* [columns][features of this rank]: d */
};

static enum moat_status fits_allocate(struct ridge_work *work, struct fits *fits)
{
    enum moat_status status = MOAT_OK;
    fits->features = work->primal ? work->vector_rows : work->data_rows;
    fits->columns = 2 * work->task->lambdas;
    fits->point = ridge_allocate(work, 2 * work->label_rows, &status);
    fits->seen = ridge_allocate(work, 2 * work->r, &status);
    fits->known = ridge_allocate(work, 2 * work->r, &status);
    fits->gained = ridge_allocate(work, fits->columns * work->r, &status);
    fits->distance = ridge_allocate(work, fits->columns * fits->features.count, &status);
    return ridge_agree(work, status);
}

static void fits_release(struct ridge_work *work, struct fits *fits)
{
    ridge_release(work, &fits->point);
    ridge_release(work, &fits->seen);
    ridge_release(work, &fits->known);
    ridge_release(work, &fits->gained);
    ridge_release(work, &fits->distance);
}

/* p_j or q_j, and U^T beta_j, on every rank. */
static void project(const struct ridge_work *work, struct fits *fits)
{
    const struct ridge_rows *rows = work->task->population->rows;
    struct row_range points = work->primal ? work->data_rows : work->vector_rows;
    const double *matrix = work->primal ? work->image : work->vectors;
    double scale = 1 / sqrt((double)work->task->N);
    memset(fits->seen, 0, 2 * work->r * sizeof *fits->seen);
    memset(fits->known, 0, 2 * work->r * sizeof *fits->known);
    for (size_t k = 0; k < 2; k++) {
        const double *value = work->primal ? rows->residual[k] : rows->label[k];
        for (size_t i = 0; i < points.count; i++) {
            const struct ridge_draw *draw = &work->draw[points.first + i];
            fits->point[k * points.count + i] = draw->weight * value[draw->row];
        }
        if (points.count > 0) {
            ridge_multiply('T', 'N', work->r, 1, points.count, scale, matrix, points.count,
                           fits->point + k * points.count, points.count, 0, fits->seen + k * work->r, work->r);
        }
        if (work->primal && fits->features.count > 0) {
            ridge_multiply('T', 'N', work->r, 1, fits->features.count, 1, work->vectors, fits->features.count,
                           rows->beta[k] + fits->features.first, fits->features.count, 0, fits->known + k * work->r,
                           work->r);
        }
    }
    ridge_sum(work, fits->seen, 2 * work->r);
    ridge_sum(work, fits->known, 2 * work->r);
}

/* d_j at every lambda, this rank's features. */
static void distances(const struct ridge_work *work, struct fits *fits)
{
    const struct ridge_rows *rows = work->task->population->rows;
    size_t lambdas = work->task->lambdas, r = work->r, count = fits->features.count;
    for (size_t column = 0; column < fits->columns; column++) {
        double lambda = work->task->lambda[column % lambdas];
        const double *seen = fits->seen + column / lambdas * r, *known = fits->known + column / lambdas * r;
        for (size_t k = 0; k < r; k++) {
            double g = ridge_gain(work, k, lambda), left = g > 0 ? lambda * g : 1;
            fits->gained[column * r + k] = work->primal ? g * seen[k] - left * known[k] : g * seen[k];
        }
    }
    ridge_multiply('N', 'N', count, fits->columns, r, 1, work->primal ? work->vectors : work->image, count,
                   fits->gained, r, 0, fits->distance, count);
    for (size_t column = 0; column < fits->columns && !work->primal; column++) {
        for (size_t j = 0; j < count; j++) {
            fits->distance[column * count + j] -= rows->beta[column / lambdas][fits->features.first + j];
        }
    }
}

/* Both losses at one lambda and alpha, this rank's part. */
static void add_squares(const struct ridge_work *work, const struct fits *fits, size_t l, double alpha, double loss[2])
{
    const struct ridge_rows *rows = work->task->population->rows;
    size_t count = fits->features.count, first = fits->features.first;
    const double *d1 = fits->distance + l * count, *d2 = d1 + work->task->lambdas * count;
    for (size_t j = 0; j < count; j++) {
        double between = rows->beta[0][first + j] - rows->beta[1][first + j], sigma = rows->sigma[first + j];
        double to_first = alpha * d1[j] + (1 - alpha) * (d2[j] - between);
        double to_second = alpha * (d1[j] + between) + (1 - alpha) * d2[j];
        loss[0] += sigma * to_first * to_first;
        loss[1] += sigma * to_second * to_second;
    }
}

enum moat_status ridge_fits(struct ridge_work *work, struct ridge_table *out)
{
    struct fits fits = {0};
    size_t cells = work->task->lambdas * MOAT_SAMPLED_ALPHAS;
    enum moat_status status = fits_allocate(work, &fits);
    if (status == MOAT_OK) {
        project(work, &fits);
        distances(work, &fits);
        for (size_t i = 0; i < cells; i++) {
            double loss[2] = {0};
            add_squares(work, &fits, i / MOAT_SAMPLED_ALPHAS, moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS], loss);
            out->performance[i] = loss[0];
            out->safety[i] = loss[1];
        }
        ridge_sum(work, out->performance, cells);
        ridge_sum(work, out->safety, cells);
    }
    fits_release(work, &fits);
    return status;
}
