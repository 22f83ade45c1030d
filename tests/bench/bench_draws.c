/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compares ridge_solve with the serial LAPACK program one would write for the same tables, on many small draws (sampled
 * data sets), one per core. Both programs run on every rank at once and take turns, draw by draw. Their tables have to
 * agree. Usage: mpirun -n R bench_draws [P] [N ...]; default P = 1000 and N = 64, 128, 256, 512, 1000. N <= P.
 */
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "ridge/random.h"
#include "ridge/ridge.h"
#include "ridge/scalapack.h"

enum { NUS = 2, LAMBDAS = 64, DRAWS = 15 };
static const double GAMMA = 0.5, AGREEMENT = 1e-9, zero = 0, one = 1;

struct tables {
    double A1[NUS * LAMBDAS], A2[NUS * LAMBDAS], D[NUS * LAMBDAS];
};

static double *allocate(size_t count)
{
    double *array = malloc(count * sizeof *array);
    if (!array) {
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    return array;
}

/* out = a^T diag(weight) a, both triangles; a is rows x n, `scaled` is work space of its size. */
static void weighted_gram(int rows, int n, const double *a, const double *weight, double *scaled, double *out)
{
    for (size_t k = 0; k < (size_t)n; k++) {
        for (size_t i = 0; i < (size_t)rows; i++) {
            scaled[k * (size_t)rows + i] = a[k * (size_t)rows + i] * sqrt(weight[i]);
        }
    }
    dsyrk_("L", "T", &n, &rows, &one, scaled, &rows, &zero, out, &n, 1, 1);
    for (size_t k = 0; k < (size_t)n; k++) {
        for (size_t i = 0; i < k; i++) {
            out[k * (size_t)n + i] = out[i * (size_t)n + k];
        }
    }
}

/* out[l] = f_l^T (first o second) f_l for the columns f_l of f, o the elementwise product; `first` is overwritten. */
static void forms(int n, double *first, const double *second, const double *f, double *product, double *out)
{
    const int count = LAMBDAS;
    const size_t order = (size_t)n;
    for (size_t i = 0; i < order * order; i++) {
        first[i] *= second[i];
    }
    dgemm_("N", "N", &n, &count, &n, &one, first, &n, f, &n, &zero, product, &n, 1, 1);
    for (size_t l = 0; l < LAMBDAS; l++) {
        out[l] = 0;
        for (size_t k = 0; k < order; k++) {
            out[l] += product[l * order + k] * f[l * order + k];
        }
    }
}

/* The plain LAPACK program: Gram matrix, dsyevd, right singular vectors, weighted Gram matrices of both sides. */
static void solve_plainly(const struct ridge_task *task, struct tables *out)
{
    const size_t P = task->P, N = task->N;
    const int features = (int)P, n = (int)N;
    int info = 0, lwork = 1 + 6 * n + 2 * n * n, liwork = 3 + 5 * n;
    double *X = allocate(P * N), *V = allocate(P * N), *scaled = allocate(P * N), *G = allocate(N * N);
    double *M = allocate(N * N), *B = allocate(N * N), *s2 = allocate(N), *space = allocate((size_t)lwork);
    double *sigma = allocate(P), *b = allocate(P), *c = allocate(N), *linear = allocate(N);
    double *F = allocate(N * LAMBDAS), *f = allocate(N * LAMBDAS), *product = allocate(N * LAMBDAS);
    int *integer_space = calloc((size_t)liwork, sizeof *integer_space);

    random_normals(task->seed, task->trial, 0, N, 0, P, X, P, 1);
    for (size_t j = 0; j < P; j++) {
        sigma[j] = pow((double)(j + 1), -(1 + task->gamma));
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < P; j++) {
            X[i * P + j] *= sqrt(sigma[j]);
        }
    }
    const double scale = 1.0 / (double)N, root = 1 / sqrt((double)N);
    dsyrk_("L", "T", &n, &features, &scale, X, &features, &zero, G, &n, 1, 1);
    dsyevd_("V", "L", &n, G, &n, s2, space, &lwork, integer_space, &liwork, &info, 1, 1);
    if (info != 0) {
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    dgemm_("N", "N", &features, &n, &n, &root, X, &features, G, &n, &zero, V, &features, 1, 1);
    for (size_t k = 0; k < N; k++) {
        for (size_t j = 0; j < P; j++) {
            V[k * P + j] /= sqrt(s2[k]);
        }
        for (size_t l = 0; l < LAMBDAS; l++) {
            f[l * N + k] = sqrt(s2[k]) / (s2[k] + task->lambda[l]);
            F[l * N + k] = s2[k] / (s2[k] + task->lambda[l]);
        }
    }
    weighted_gram(features, n, V, sigma, scaled, M);
    for (size_t v = 0; v < NUS; v++) {
        double A0 = 0, *A1 = out->A1 + v * LAMBDAS, *A2 = out->A2 + v * LAMBDAS, *D = out->D + v * LAMBDAS;
        for (size_t j = 0; j < P; j++) {
            b[j] = pow((double)(j + 1), task->gamma - task->nu[v]);
            A0 += b[j] * sigma[j];
        }
        for (size_t k = 0; k < N; k++) {
            linear[k] = c[k] = 0;
            for (size_t j = 0; j < P; j++) {
                linear[k] += V[k * P + j] * V[k * P + j] * sigma[j] * b[j];
                c[k] += X[k * P + j] * X[k * P + j] * b[j] / (double)N;
            }
        }
        weighted_gram(features, n, V, b, scaled, B);
        forms(n, B, M, F, product, A1);
        weighted_gram(n, n, G, c, scaled, B);
        forms(n, B, M, f, product, D);
        for (size_t l = 0; l < LAMBDAS; l++) {
            A2[l] = A0;
            for (size_t k = 0; k < N; k++) {
                A2[l] -= F[l * N + k] * linear[k];
            }
            A1[l] += 2 * A2[l] - A0;
        }
    }
    double *arrays[] = {X, V, scaled, G, M, B, s2, space, sigma, b, c, linear, F, f, product};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(integer_space);
}

static double difference(const struct ridge_task *task, const struct tables *ours, const struct tables *plain)
{
    double largest = 0;
    for (size_t i = 0; i < NUS * (size_t)LAMBDAS; i++) {
        double A0 = 0;
        for (size_t j = task->P; j > 0; j--) {
            A0 += pow((double)j, -(1 + task->nu[i / LAMBDAS]));
        }
        largest = fmax(largest, fabs(ours->A1[i] - plain->A1[i]) / A0);
        largest = fmax(largest, fabs(ours->A2[i] - plain->A2[i]) / A0);
        largest = fmax(largest, fabs(ours->D[i] / plain->D[i] - 1));
    }
    return largest;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, DRAWS, sizeof *values, compare);
    return values[DRAWS / 2];
}

/* Seconds from `start` until every rank is done. Collective. */
static double together(double start)
{
    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Wtime() - start;
}

static bool bench(size_t P, size_t N)
{
    const double nu[NUS] = {0.75, 1.5};
    double lambda[LAMBDAS], ours[DRAWS], plain[DRAWS], ratio[DRAWS], largest = 0;
    for (size_t l = 0; l < LAMBDAS; l++) {
        lambda[l] = 1e-8 * pow(10, 8.0 * (double)l / (LAMBDAS - 1));
    }
    int rank;
    bool solved = true;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int draw = -1; draw < DRAWS; draw++) { /* the first draw warms up and is not counted */
        struct tables table, reference;
        struct ridge_table out = {.A1 = table.A1, .A2 = table.A2, .D = table.D};
        struct ridge_task task = {GAMMA, P, N, 1, (uint32_t)(100 * rank + draw + 1), NUS, nu, LAMBDAS, lambda, NULL};
        double start = (MPI_Barrier(MPI_COMM_WORLD), MPI_Wtime());
        solved = solved && ridge_solve(&task, MPI_COMM_SELF, &out) == MOAT_OK;
        double mine = together(start);
        start = MPI_Wtime();
        solve_plainly(&task, &reference);
        double theirs = together(start);
        largest = fmax(largest, difference(&task, &table, &reference));
        if (draw >= 0) {
            ours[draw] = mine;
            plain[draw] = theirs;
            ratio[draw] = mine / theirs;
        }
    }
    MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (rank == 0) {
        printf(
            "P = %zu, N = %4zu: ridge_solve %.4f s, plain LAPACK %.4f s, ratio %.2f (medians of %d); tables agree to "
            "%.0e\n",
            P, N, median(ours), median(plain), median(ratio), DRAWS, largest);
        fflush(stdout);
    }
    return solved && largest < AGREEMENT;
}

int main(int argc, char **argv)
{
    const size_t usual[] = {64, 128, 256, 512, 1000};
    MPI_Init(&argc, &argv);
    size_t P = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    bool good = true;
    for (size_t i = 0; good && i < (argc > 2 ? (size_t)argc - 2 : sizeof usual / sizeof *usual); i++) {
        good = bench(P, argc > 2 ? strtoul(argv[i + 2], NULL, 10) : usual[i]);
    }
    if (!good) {
        fprintf(stderr, "bench_draws: a task failed, or the tables differ by more than %g\n", AGREEMENT);
    }
    MPI_Finalize();
    return good ? 0 : 1;
}
