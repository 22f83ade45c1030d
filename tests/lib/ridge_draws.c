/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Literal ridge regression: drawn targets and labels, all draws solved at once by ScaLAPACK's Cholesky routines. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ridge/random.h"
#include "ridge/scalapack.h"
#include "ridge_reference.h"

enum { BLOCK = 8 };

/* The group as one row of processes: the matrix and the draws are cut by columns. */
struct draws {
    const struct ridge_task *task;
    double Q, alpha;
    int size, rank, columns, matrix_columns, draw_columns; /* processes; local columns of C and of the draws */
    double *x;                                             /* N x P */
    double *matrix, *right;                                /* C: P x matrix_columns; right-hand sides, then beta_hat */
    double *target;                                        /* per local draw: beta_1, beta_2 */
};

static size_t global(const struct draws *draws, int local)
{
    return (size_t)((local / BLOCK * draws->size + draws->rank) * BLOCK + local % BLOCK);
}

static void fill_matrix(struct draws *draws)
{
    size_t P = draws->task->P, N = draws->task->N;
    for (int c = 0; c < draws->matrix_columns; c++) {
        size_t k = global(draws, c);
        for (size_t j = 0; j < P; j++) {
            double sum = 0;
            for (size_t i = 0; i < N; i++) {
                sum += draws->x[j * N + i] * draws->x[k * N + i];
            }
            draws->matrix[(size_t)c * P + j] = sum / (double)N + (j == k ? draws->task->lambda[0] : 0);
        }
    }
}

/* Targets, labels and X^T y / N of local draw c; z holds 2 P + N doubles. */
static void fill_draw(struct draws *draws, int c, double *z)
{
    size_t P = draws->task->P, N = draws->task->N;
    double *beta = draws->target + (size_t)c * 2 * P, *right = draws->right + (size_t)c * P;
    double rho = 1 - draws->Q, second = gsl_cdf_ugaussian_Pinv(1 - draws->alpha); /* a label is beta_2's below it */
    random_normals(99, 0, global(draws, c), 1, 0, 2 * P + N, z, 2 * P + N, 1);
    for (size_t j = 0; j < P; j++) {
        double scale = pow((double)(j + 1), (draws->task->gamma - draws->task->nu[0]) / 2);
        beta[j] = scale * z[j];
        beta[P + j] = scale * (rho * z[j] + sqrt(1 - rho * rho) * z[P + j]);
        right[j] = 0;
    }
    for (size_t i = 0; i < N; i++) {
        const double *labelled = z[2 * P + i] < second ? beta + P : beta;
        double y = 0;
        for (size_t j = 0; j < P; j++) {
            y += draws->x[j * N + i] * labelled[j];
        }
        for (size_t j = 0; j < P; j++) {
            right[j] += draws->x[j * N + i] * y / (double)N;
        }
    }
}

static bool solve(struct draws *draws, size_t count, MPI_Comm group)
{
    int handle = Csys2blacs_handle(group), context = handle, one = 1, zero = 0, block = BLOCK, info[4] = {0};
    int P = (int)draws->task->P, n = (int)count, matrix_descriptor[9], right_descriptor[9];
    int *map = malloc((size_t)draws->size * sizeof *map);
    for (int k = 0; map && k < draws->size; k++) {
        map[k] = k;
    }
    Cblacs_gridmap(&context, map, 1, 1, draws->size);
    descinit_(matrix_descriptor, &P, &P, &block, &block, &zero, &zero, &context, &P, &info[0]);
    descinit_(right_descriptor, &P, &n, &block, &block, &zero, &zero, &context, &P, &info[1]);
    pdpotrf_("L", &P, draws->matrix, &one, &one, matrix_descriptor, &info[2], 1);
    pdpotrs_("L", &P, &n, draws->matrix, &one, &one, matrix_descriptor, draws->right, &one, &one, right_descriptor,
             &info[3], 1);
    Cblacs_gridexit(context);
    Cfree_blacs_system_handle(handle);
    free(map);
    return !info[0] && !info[1] && !info[2] && !info[3];
}

/* Sums of the losses and of their squares over local draws. */
static void add_losses(const struct draws *draws, double sum[4])
{
    size_t P = draws->task->P;
    for (int c = 0; c < draws->draw_columns; c++) {
        for (size_t target = 0; target < 2; target++) {
            double loss = 0;
            for (size_t j = 0; j < P; j++) {
                double error = draws->right[(size_t)c * P + j] - draws->target[((size_t)c * 2 + target) * P + j];
                loss += pow((double)(j + 1), -(1 + draws->task->gamma)) * error * error;
            }
            sum[target] += loss;
            sum[2 + target] += loss * loss;
        }
    }
}

bool ridge_draw_losses(const struct ridge_task *task, double Q, double alpha, size_t count, MPI_Comm group,
                       double mean[2], double error[2])
{
    struct draws draws = {.task = task, .Q = Q, .alpha = alpha};
    int P = (int)task->P, n = (int)count, block = BLOCK, zero = 0;
    MPI_Comm_size(group, &draws.size);
    MPI_Comm_rank(group, &draws.rank);
    draws.matrix_columns = numroc_(&P, &block, &draws.rank, &zero, &draws.size);
    draws.draw_columns = numroc_(&n, &block, &draws.rank, &zero, &draws.size);
    draws.x = ridge_reference_data(task);
    draws.matrix = malloc(((size_t)draws.matrix_columns * task->P + 1) * sizeof(double));
    draws.right = malloc(((size_t)draws.draw_columns * task->P + 1) * sizeof(double));
    draws.target = malloc(((size_t)draws.draw_columns * 2 * task->P + 1) * sizeof(double));
    double *z = malloc((2 * task->P + task->N) * sizeof *z), sum[4] = {0};
    int complete = draws.x && draws.matrix && draws.right && draws.target && z;
    MPI_Allreduce(MPI_IN_PLACE, &complete, 1, MPI_INT, MPI_LAND, group);
    if (complete) {
        fill_matrix(&draws);
        for (int c = 0; c < draws.draw_columns; c++) {
            fill_draw(&draws, c, z);
        }
        complete = solve(&draws, count, group);
        add_losses(&draws, sum);
        MPI_Allreduce(MPI_IN_PLACE, sum, 4, MPI_DOUBLE, MPI_SUM, group);
        for (int target = 0; target < 2; target++) {
            double n_draws = (double)count;
            mean[target] = sum[target] / n_draws;
            error[target] = sqrt((sum[2 + target] / n_draws - mean[target] * mean[target]) / (n_draws - 1));
        }
    }
    free(draws.x);
    free(draws.matrix);
    free(draws.right);
    free(draws.target);
    free(z);
    return complete;
}
