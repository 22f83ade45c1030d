/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The definitions of the ridge coefficients, in the precision `real`; NAME(f) is the name of f in that precision.
 * Included once for each precision by ridge_reference.c. `matrix` holds P x P, `product` N x P, by columns.
 */

/* Gauss-Jordan in place; the matrix is positive definite. */
static void NAME(invert)(real *m, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        real pivot = 1 / m[k * n + k];
        m[k * n + k] = 1;
        for (size_t j = 0; j < n; j++) {
            m[k * n + j] *= pivot;
        }
        for (size_t i = 0; i < n; i++) {
            real factor = m[i * n + k];
            if (i == k) {
                continue;
            }
            m[i * n + k] = 0;
            for (size_t j = 0; j < n; j++) {
                m[i * n + j] -= factor * m[k * n + j];
            }
        }
    }
}

/* R = (X^T X/N + lambda)^-1. */
static void NAME(resolvent)(const struct ridge_task *task, const double *x, double lambda, real *matrix)
{
    size_t P = task->P, N = task->N;
    for (size_t j = 0; j < P; j++) {
        for (size_t k = 0; k <= j; k++) {
            real sum = 0;
            for (size_t i = 0; i < N; i++) {
                sum += (real)x[j * N + i] * x[k * N + i];
            }
            matrix[j * P + k] = matrix[k * P + j] = sum / (real)N + (j == k ? (real)lambda : 0);
        }
    }
    NAME(invert)(matrix, P);
}

/* A1, A2, D from R and X R. */
static void NAME(coefficients)(const struct ridge_task *task, const double *x, double nu, double lambda,
                               const real *matrix, const real *product, double out[3])
{
    size_t P = task->P, N = task->N;
    real A1 = 0, A2 = 0, D = 0;
    for (size_t j = 0; j < P; j++) {
        real b = (real)pow((double)(j + 1), task->gamma - nu);
        A2 += b * (real)pow((double)(j + 1), -(1 + task->gamma)) * matrix[j * P + j];
        for (size_t k = 0; k < P; k++) {
            A1 += b * (real)pow((double)(k + 1), -(1 + task->gamma)) * matrix[j * P + k] * matrix[j * P + k];
        }
    }
    for (size_t i = 0; i < N; i++) {
        real c = 0, spread = 0; /* x_i^T B x_i, x_i^T R Sigma R x_i */
        for (size_t j = 0; j < P; j++) {
            c += (real)pow((double)(j + 1), task->gamma - nu) * x[j * N + i] * x[j * N + i];
            spread += (real)pow((double)(j + 1), -(1 + task->gamma)) * product[j * N + i] * product[j * N + i];
        }
        D += c * spread;
    }
    out[0] = (double)(A1 * lambda * lambda);
    out[1] = (double)(A2 * lambda);
    out[2] = (double)(D / N / N);
}

static bool NAME(reference)(const struct ridge_task *task, struct ridge_table *out)
{
    size_t P = task->P, N = task->N;
    double *x = ridge_reference_data(task);
    real *matrix = malloc((P + N) * P * sizeof *matrix), *product = matrix + P * P;
    bool complete = x && matrix;
    for (size_t l = 0; complete && l < task->lambdas; l++) {
        double lambda = task->lambda[l] > 0 || N >= P ? task->lambda[l] : 1e-20;
        NAME(resolvent)(task, x, lambda, matrix);
        memset(product, 0, N * P * sizeof *product); /* X R */
        for (size_t j = 0; j < P; j++) {
            for (size_t k = 0; k < P; k++) {
                for (size_t i = 0; i < N; i++) {
                    product[j * N + i] += matrix[j * P + k] * x[k * N + i];
                }
            }
        }
        for (size_t v = 0; v < task->nus; v++) {
            double value[3];
            NAME(coefficients)(task, x, task->nu[v], lambda, matrix, product, value);
            out->A1[v * task->lambdas + l] = value[0];
            out->A2[v * task->lambdas + l] = value[1];
            out->D[v * task->lambdas + l] = value[2];
        }
    }
    free(x);
    free(matrix);
    return complete;
}
