/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Losses of ridge regression on samples of a measured spectrum and of a data set's rows: against their definitions by
 * elimination in long double, all labellings of a few rows, drawn targets and labels, the tables of power laws, and
 * each other on groups of different sizes. Runs on any number of ranks, like test_ridge.
 */
#include "ridge/population.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "allocation_faults.h"
#include "moat/measured.h"
#include "moat/sampled.h"
#include "mpi_suite.h"
#include "ridge/profile.h"
#include "ridge/random.h"

enum { LAMBDAS = 5, CELLS = LAMBDAS * MOAT_SAMPLED_ALPHAS, MOST = 260 };
static const double lambdas[LAMBDAS] = {1e-8, 1e-6, 1e-3, 3e-2, 1};
static double sigma[MOST], b11[MOST], b22[MOST], b12[MOST];

struct losses {
    double value[2][CELLS]; /* performance, safety */
};

/* Alignments without order: some directions agree, some are opposed, one has no safety target. */
static struct ridge_population gaussian(size_t P)
{
    double z[4];
    for (size_t j = 0; j < P; j++) {
        random_normals(77, 0, j, 1, 0, 4, z, 1, 1);
        sigma[j] = pow((double)j + 1, -1.4) * exp(0.3 * z[0]);
        b11[j] = exp(z[1]) * pow((double)j + 1, -0.2);
        b22[j] = j == 2 ? 0 : exp(z[2]);
        b12[j] = tanh(z[3]) * sqrt(b11[j] * b22[j]);
    }
    return (struct ridge_population){.spectrum = {P, sigma, b11, b22, b12, 0.3, 0.1}};
}

static struct ridge_task make_task(const struct ridge_population *population, size_t N)
{
    return (struct ridge_task){.P = population->spectrum.n,
                               .N = N,
                               .seed = 21,
                               .trial = 4,
                               .lambdas = LAMBDAS,
                               .lambda = lambdas,
                               .population = population};
}

static enum moat_status solve(const struct ridge_task *task, MPI_Comm group, struct losses *losses)
{
    struct ridge_table table = {.performance = losses->value[0], .safety = losses->value[1]};
    memset(losses, 0xff, sizeof *losses); /* NaNs */
    return ridge_solve(task, group, &table);
}

/* The largest relative difference; NaN if there is one. */
static double difference(const struct losses *left, const struct losses *right)
{
    double worst = 0;
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < CELLS; i++) {
            double each = fabs(left->value[k][i] / right->value[k][i] - 1);
            worst = each <= worst ? worst : each;
        }
    }
    return worst;
}

/* --- by elimination, P x P by rows */

static void invert(long double *m, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        long double pivot = 1 / m[k * n + k];
        m[k * n + k] = 1;
        for (size_t j = 0; j < n; j++) {
            m[k * n + j] *= pivot;
        }
        for (size_t i = 0; i < n; i++) {
            long double factor = m[i * n + k];
            if (i != k) {
                m[i * n + k] = 0;
                for (size_t j = 0; j < n; j++) {
                    m[i * n + j] -= factor * m[k * n + j];
                }
            }
        }
    }
}

/* (X^T X / N + lambda)^-1 of X [N][P]. */
static void resolvent(const double *x, size_t N, size_t P, double lambda, long double *R)
{
    for (size_t j = 0; j < P; j++) {
        for (size_t k = 0; k < P; k++) {
            long double sum = 0;
            for (size_t i = 0; i < N; i++) {
                sum += (long double)x[i * P + j] * x[i * P + k];
            }
            R[j * P + k] = sum / N + (j == k ? (long double)lambda : 0);
        }
    }
    invert(R, P);
}

static double *draw_gaussian(const struct ridge_task *task)
{
    double *x = malloc(task->N * task->P * sizeof *x);
    random_normals(task->seed, task->trial, 0, task->N, 0, task->P, x, task->P, 1);
    for (size_t i = 0; i < task->N * task->P; i++) {
        x[i] *= sqrt(sigma[i % task->P]);
    }
    return x;
}

/* E |(alpha H - t_1) beta_1 + (a H - t_2) beta_2|^2_Sigma with H = 1 - lambda R, and the noise of the labels. */
static long double defined_loss(const struct ridge_task *task, const double *x, const long double *R, double lambda,
                                double alpha, int target)
{
    size_t P = task->P, N = task->N;
    double a = 1 - alpha;
    long double loss = 0, noise = 0;
    for (size_t j = 0; j < P; j++) {
        for (size_t k = 0; k < P; k++) {
            long double H = (j == k) - lambda * R[j * P + k];
            long double first = alpha * H - (j == k && target == 0), second = a * H - (j == k && target == 1);
            loss += sigma[j] * (first * first * b11[k] + 2 * first * second * b12[k] + second * second * b22[k]);
        }
    }
    for (size_t i = 0; i < N; i++) {
        long double variance = alpha * task->population->spectrum.noise1 + a * task->population->spectrum.noise2, q = 0;
        for (size_t j = 0; j < P; j++) {
            long double sum = 0;
            for (size_t k = 0; k < P; k++) {
                sum += R[j * P + k] * x[i * P + k];
            }
            q += sigma[j] * sum * sum;
            variance += alpha * a * (b11[j] + b22[j] - 2 * b12[j]) * x[i * P + j] * x[i * P + j];
        }
        noise += variance * q;
    }
    return loss + noise / N / N;
}

static void test_gaussian_definition(void)
{
    const size_t N[] = {1, 11, 23, 24, 25, 60}, P = 24;
    struct ridge_population population = gaussian(P);
    long double *R = malloc(P * P * sizeof *R);
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        struct ridge_task task = make_task(&population, N[n]);
        double *x = draw_gaussian(&task);
        struct losses found, expected;
        for (size_t i = 0; i < CELLS; i++) {
            double lambda = lambdas[i / MOAT_SAMPLED_ALPHAS];
            if (i % MOAT_SAMPLED_ALPHAS == 0) {
                resolvent(x, N[n], P, lambda, R);
            }
            for (int target = 0; target < 2; target++) {
                expected.value[target][i] =
                    (double)defined_loss(&task, x, R, lambda, moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS], target);
            }
        }
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &found) == MOAT_OK));
        CU_ASSERT(everywhere(difference(&found, &expected) < 1e-9));
        free(x);
    }
    free(R);
}

/* Drawn targets and labels on one X: the mean of both losses within four of its standard errors. */
static void test_gaussian_draws(void)
{
    enum { DRAWS = 20000, P = 12 };
    const size_t N[] = {9, 30};
    struct ridge_population population = gaussian(P);
    long double R[P * P];
    for (size_t n = 0; n < 2; n++) {
        struct ridge_task task = make_task(&population, N[n]);
        struct losses found;
        double *x = draw_gaussian(&task), sum[2] = {0}, squares[2] = {0}, *z = malloc(4 * (P + N[n]) * sizeof *z);
        int l = 2, which = 1; /* lambda, alpha */
        double lambda = lambdas[l], alpha = moat_sampled_alpha[which];
        resolvent(x, N[n], P, lambda, R);
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &found) == MOAT_OK));
        for (uint64_t draw = 0; draw < DRAWS; draw++) {
            double beta[2][P], moment[P] = {0}, loss[2] = {0};
            random_normals(5, 9, draw, 1, 0, 4 * (P + N[n]), z, 1, 1);
            for (size_t j = 0; j < P; j++) {
                double slope = b12[j] / b11[j];
                beta[0][j] = sqrt(b11[j]) * z[2 * j];
                beta[1][j] = slope * beta[0][j] + sqrt(fmax(0, b22[j] - slope * b12[j])) * z[2 * j + 1];
            }
            for (size_t i = 0; i < N[n]; i++) {
                const double *here = z + 4 * P + 4 * i;
                int kind = erfc(here[0] / sqrt(2)) / 2 >= alpha; /* a uniform from a normal */
                double y = here[1] * sqrt(kind ? population.spectrum.noise2 : population.spectrum.noise1);
                for (size_t j = 0; j < P; j++) {
                    y += beta[kind][j] * x[i * P + j];
                }
                for (size_t j = 0; j < P; j++) {
                    moment[j] += y * x[i * P + j] / (double)N[n];
                }
            }
            for (size_t j = 0; j < P; j++) {
                double fitted = 0;
                for (size_t k = 0; k < P; k++) {
                    fitted += (double)R[j * P + k] * moment[k];
                }
                for (int k = 0; k < 2; k++) {
                    loss[k] += sigma[j] * (fitted - beta[k][j]) * (fitted - beta[k][j]);
                }
            }
            for (int k = 0; k < 2; k++) {
                sum[k] += loss[k];
                squares[k] += loss[k] * loss[k];
            }
        }
        for (int k = 0; k < 2; k++) {
            double mean = sum[k] / DRAWS, error = sqrt((squares[k] / DRAWS - mean * mean) / DRAWS);
            double expected = found.value[k][l * MOAT_SAMPLED_ALPHAS + which];
            CU_ASSERT(everywhere(fabs(mean - expected) < 4 * error));
            CU_ASSERT(everywhere(error < 0.02 * expected)); /* so that the line above says something */
        }
        free(x);
        free(z);
    }
}

/* A power law written as a spectrum: the losses that its coefficients give. */
static void test_power_law(void)
{
    const double gamma = 0.5, nu = 1.2, Q = 0.4;
    const size_t N[] = {40, 70, 130}, P = 70;
    double L_star = 0;
    for (size_t j = P; j-- > 0;) {
        sigma[j] = pow((double)j + 1, -1 - gamma);
        b11[j] = b22[j] = pow((double)j + 1, gamma - nu);
        b12[j] = (1 - Q) * b11[j];
        L_star += 2 * Q * sigma[j] * b11[j];
    }
    struct ridge_population population = {.spectrum = {P, sigma, b11, b22, b12, 0, 0}};
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        struct ridge_task task = make_task(&population, N[n]), law = task;
        double A1[LAMBDAS], A2[LAMBDAS], D[LAMBDAS];
        struct ridge_table table = {.A1 = A1, .A2 = A2, .D = D};
        struct losses found, expected;
        law.population = NULL;
        law.gamma = gamma;
        law.nus = 1;
        law.nu = &nu;
        CU_ASSERT(everywhere(ridge_solve(&law, MPI_COMM_WORLD, &table) == MOAT_OK));
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &found) == MOAT_OK));
        for (size_t i = 0; i < CELLS; i++) {
            size_t l = i / MOAT_SAMPLED_ALPHAS;
            double alpha = moat_sampled_alpha[i % MOAT_SAMPLED_ALPHAS];
            for (int k = 0; k < 2; k++) {
                double a = k == 0 ? 1 - alpha : alpha; /* L1(alpha) = L2(1 - alpha) */
                expected.value[k][i] = a * a * L_star + (1 - 2 * a * (1 - a) * Q) * A1[l] +
                                       2 * Q * a * (1 - 2 * a) * A2[l] + 2 * Q * a * (1 - a) * D[l];
            }
        }
        CU_ASSERT(everywhere(difference(&found, &expected) < 1e-9));
    }
}

/* --- rows */

enum { ROWS = 40 };

/* A data set with correlated features, two labels that follow them in part, and means that are not 0. */
struct data {
    size_t P;
    double feature[ROWS * MOST], label[2][ROWS];
};

static void make_data(size_t P, struct data *data)
{
    double z[MOST + 2];
    data->P = P;
    for (size_t i = 0; i < ROWS; i++) {
        random_normals(3, 1, i, 1, 0, P + 2, z, 1, 1);
        data->label[0][i] = 1 + 0.5 * z[P];
        data->label[1][i] = 0.4 * z[P] - 0.3 * z[P + 1];
        for (size_t j = 0; j < P; j++) {
            data->feature[i * P + j] = 2 + (z[j] + (j > 0 ? z[j - 1] : 0)) / (1 + 0.2 * (double)j);
            data->label[j % 2][i] += z[j] / (1 + (double)j);
        }
    }
}

static struct ridge_rows *open_rows(const struct data *data, double largest)
{
    struct ridge_rows *rows = NULL;
    const double *const label[2] = {data->label[0], data->label[1]};
    CU_ASSERT_EQUAL_FATAL(ridge_rows_create(ROWS, data->P, data->feature, label, largest, &rows), MOAT_OK);
    return rows;
}

/* Centred data in their own coordinates, scaled as the program scales them, with covariance and least-squares fits. */
struct dense {
    size_t P;
    double x[ROWS * MOST], y[2][ROWS];
    long double covariance[MOST * MOST], beta[2][MOST];
};

static void make_dense(const struct data *data, double scale, struct dense *dense)
{
    static long double inverse[MOST * MOST];
    size_t P = dense->P = data->P;
    for (size_t j = 0; j < P; j++) {
        long double mean = 0;
        for (size_t i = 0; i < ROWS; i++) {
            mean += (long double)data->feature[i * P + j] / ROWS;
        }
        for (size_t i = 0; i < ROWS; i++) {
            dense->x[i * P + j] = (double)((data->feature[i * P + j] - mean) * scale);
        }
    }
    for (int k = 0; k < 2; k++) {
        long double mean = 0;
        for (size_t i = 0; i < ROWS; i++) {
            mean += (long double)data->label[k][i] / ROWS;
        }
        for (size_t i = 0; i < ROWS; i++) {
            dense->y[k][i] = (double)(data->label[k][i] - mean);
        }
    }
    resolvent(dense->x, ROWS, P, 0, inverse);
    memcpy(dense->covariance, inverse, P * P * sizeof *inverse);
    invert(dense->covariance, P);
    for (int k = 0; k < 2; k++) {
        for (size_t j = 0; j < P; j++) {
            dense->beta[k][j] = 0;
            for (size_t i = 0; i < ROWS; i++) {
                for (size_t m = 0; m < P; m++) {
                    dense->beta[k][j] += inverse[j * P + m] * dense->x[i * P + m] * dense->y[k][i] / ROWS;
                }
            }
        }
    }
}

/* |R X^T y / N - beta|^2_Sigma for the labels y of the rows drawn. */
static void labelled_loss(const struct dense *dense, const double *x, const double *y, size_t N, const long double *R,
                          long double loss[2])
{
    size_t P = dense->P;
    long double moment[MOST] = {0}, model[MOST] = {0};
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < P; j++) {
            moment[j] += (long double)x[i * P + j] * y[i] / N;
        }
    }
    for (size_t j = 0; j < P; j++) {
        for (size_t k = 0; k < P; k++) {
            model[j] += R[j * P + k] * moment[k];
        }
    }
    for (int k = 0; k < 2; k++) {
        loss[k] = 0;
        for (size_t i = 0; i < P; i++) {
            for (size_t j = 0; j < P; j++) {
                loss[k] +=
                    (model[i] - dense->beta[k][i]) * dense->covariance[i * P + j] * (model[j] - dense->beta[k][j]);
            }
        }
    }
}

/* The mean of both losses over all 2^N labellings of the rows that the task draws. */
static void labellings(const struct dense *dense, const struct ridge_task *task, struct losses *out)
{
    size_t P = dense->P, N = task->N;
    double *x = malloc(N * P * sizeof *x), *y = malloc(3 * N * sizeof *y);
    long double *R = malloc(P * P * sizeof *R);
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < N; i++) {
        size_t row = random_index(task->seed, task->trial, i, ROWS);
        memcpy(x + i * P, dense->x + row * P, P * sizeof *x);
        y[i] = dense->y[0][row];
        y[N + i] = dense->y[1][row];
    }
    for (size_t l = 0; l < LAMBDAS; l++) {
        resolvent(x, N, P, lambdas[l], R);
        for (unsigned choice = 0; choice < 1u << N; choice++) {
            long double loss[2];
            for (size_t i = 0; i < N; i++) {
                y[2 * N + i] = choice >> i & 1 ? y[i] : y[N + i];
            }
            labelled_loss(dense, x, y + 2 * N, N, R, loss);
            for (int c = 0; c < MOAT_SAMPLED_ALPHAS; c++) {
                int first = __builtin_popcount(choice);
                double weight = pow(moat_sampled_alpha[c], first) * pow(1 - moat_sampled_alpha[c], (double)N - first);
                for (int k = 0; k < 2; k++) {
                    out->value[k][l * MOAT_SAMPLED_ALPHAS + (size_t)c] += weight * (double)loss[k];
                }
            }
        }
    }
    free(x);
    free(y);
    free(R);
}

/* Whether the task draws a row more than once. */
static bool repeats(const struct ridge_task *task)
{
    bool drawn[ROWS] = {false}, twice = false;
    for (uint64_t i = 0; i < task->N; i++) {
        size_t row = random_index(task->seed, task->trial, i, ROWS);
        twice = twice || drawn[row];
        drawn[row] = true;
    }
    return twice;
}

/* Below, at and above as many rows as features, with repeated rows. */
static void test_labellings(void)
{
    static struct data data;
    static struct dense dense;
    const size_t P[] = {4, 7, 8, 12};
    for (size_t p = 0; p < sizeof P / sizeof *P; p++) {
        make_data(P[p], &data);
        struct ridge_rows *rows = open_rows(&data, 1);
        struct ridge_population population = ridge_rows_population(rows);
        struct ridge_task task = make_task(&population, 8);
        while (!repeats(&task)) {
            task.trial++;
        }
        struct losses found, expected;
        double length = 0, scale; /* of the features, from the trace of their covariance */
        for (size_t j = 0; j < rows->P; j++) {
            length += rows->sigma[j];
        }
        make_dense(&data, 1, &dense);
        long double trace = 0;
        for (size_t j = 0; j < P[p]; j++) {
            trace += dense.covariance[j * P[p] + j];
        }
        scale = sqrt(length / (double)trace);
        make_dense(&data, scale, &dense);
        labellings(&dense, &task, &expected);
        CU_ASSERT(everywhere(fabs(rows->sigma[0] - 1) < 1e-12));
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &found) == MOAT_OK));
        CU_ASSERT(everywhere(difference(&found, &expected) < 1e-9));
        ridge_rows_destroy(&rows);
    }
}

/* Constant and repeated features change nothing; neither does lambda = 0 fail on rows that repeat each other. */
static void test_deficient(void)
{
    static struct data data, padded;
    struct losses found, expected;
    make_data(6, &data);
    memcpy(&padded, &data, sizeof padded);
    padded.P = 8;
    for (size_t i = 0; i < ROWS; i++) {
        memcpy(padded.feature + i * 8, data.feature + i * 6, 6 * sizeof(double));
        padded.feature[i * 8 + 6] = 3;
        padded.feature[i * 8 + 7] = padded.feature[i * 8] - 2 * padded.feature[i * 8 + 1];
    }
    struct ridge_rows *rows = open_rows(&padded, 1);
    CU_ASSERT(everywhere(rows->P == 6));
    struct ridge_population population = ridge_rows_population(rows);
    for (size_t N = 3; N <= 60; N += 19) {
        const double none = 0;
        struct ridge_task task = make_task(&population, N);
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &found) == MOAT_OK));
        task.lambdas = 1;
        task.lambda = &none;
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &expected) == MOAT_OK));
        for (int i = 0; i < MOAT_SAMPLED_ALPHAS; i++) { /* continuous at 0 */
            CU_ASSERT(everywhere(fabs(found.value[0][i] / expected.value[0][i] - 1) < 1e-4));
        }
    }
    ridge_rows_destroy(&rows);
    const double *const same[2] = {data.label[0], data.label[0]}; /* one question asked twice */
    CU_ASSERT(everywhere(ridge_rows_create(ROWS, 6, data.feature, same, 1, &rows) == MOAT_USAGE && !rows));
    make_data(2, &data);
    for (size_t i = 0; i < 2 * ROWS; i++) {
        data.feature[i] = 1;
    }
    const double *const label[2] = {data.label[0], data.label[1]};
    CU_ASSERT(everywhere(ridge_rows_create(ROWS, 2, data.feature, label, 1, &rows) == MOAT_USAGE && !rows));
}

/* Features that few rows have, as the outer pixels of pictures: samples without these rows depend on each other, up to
   the rounding errors of their projection on the axes. */
static void test_rare(void)
{
    enum { N_ROWS = 600, P = 60, COMMON = 30 };
    double *feature = calloc(N_ROWS * (P + 2), sizeof *feature), *labels = feature + N_ROWS * P;
    const double *const label[2] = {labels, labels + N_ROWS};
    struct ridge_rows *rows = NULL;
    random_normals(9, 0, 0, N_ROWS, 0, COMMON, feature, P, 1);
    random_normals(9, 1, 0, N_ROWS, 0, 2, labels, 1, N_ROWS);
    for (size_t j = COMMON; j < P; j++) {
        feature[7 * j * P + j] = 1 + (double)j / 7;
        feature[(7 * j + 3) * P + j] = 2;
    }
    CU_ASSERT_FATAL(everywhere(ridge_rows_create(N_ROWS, P, feature, label, 1, &rows) == MOAT_OK));
    struct ridge_population population = ridge_rows_population(rows);
    const double pair[2] = {0, 1e-10};
    for (uint32_t trial = 0; trial < 40; trial++) {
        struct ridge_task task = make_task(&population, 20 + 10 * (trial % 20));
        struct losses found;
        task.trial = trial;
        task.lambdas = 2;
        task.lambda = pair;
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_WORLD, &found) == MOAT_OK));
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < MOAT_SAMPLED_ALPHAS; i++) { /* continuous at 0 */
                CU_ASSERT(everywhere(fabs(found.value[k][i] / found.value[k][MOAT_SAMPLED_ALPHAS + i] - 1) < 1e-4));
            }
        }
    }
    ridge_rows_destroy(&rows);
    free(feature);
}

/* Both kinds of population on groups of different sizes, with memory as predicted. */
static void test_groups(void)
{
    enum { N_ROWS = 400, P = 230 };
    double *feature = malloc(N_ROWS * (P + 2) * sizeof *feature), *labels = feature + N_ROWS * P;
    const double *const label[2] = {labels, labels + N_ROWS};
    struct ridge_rows *rows = NULL;
    random_normals(8, 0, 0, N_ROWS, 0, P + 2, feature, 1, N_ROWS);
    for (size_t i = 0; i < N_ROWS * P; i++) {
        feature[i] *= pow(1 + (double)(i % P), -0.7);
    }
    CU_ASSERT_FATAL(everywhere(ridge_rows_create(N_ROWS, P, feature, label, 1, &rows) == MOAT_OK));
    struct ridge_population drawn = ridge_rows_population(rows), independent = gaussian(P);
    const struct ridge_population *const populations[] = {&independent, &drawn};
    const size_t N[] = {7, 210, 230, 300};
    int rank, ranks;
    MPI_Comm group;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Comm_split(MPI_COMM_WORLD, rank > 0, rank, &group);
    for (size_t c = 0; c < 2 * sizeof N / sizeof *N; c++) {
        struct ridge_task task = make_task(populations[c % 2], N[c / 2]);
        struct losses own, part, world;
        struct ridge_profile profile = {0};
        struct ridge_table table = {.performance = world.value[0], .safety = world.value[1]};
        CU_ASSERT(everywhere(solve(&task, MPI_COMM_NULL, &own) == MOAT_OK));
        CU_ASSERT(everywhere(solve(&task, group, &part) == MOAT_OK));
        CU_ASSERT(everywhere(ridge_solve_profiled(&task, MPI_COMM_WORLD, &table, &profile) == MOAT_OK));
        CU_ASSERT(everywhere(difference(&own, &part) < 1e-9));
        CU_ASSERT(everywhere(difference(&own, &world) < 1e-9));
        CU_ASSERT(everywhere(profile.bytes_now == 0));
        CU_ASSERT(everywhere(profile.bytes_peak <= ridge_population_bytes(task.P, task.N, c % 2 == 1, LAMBDAS, ranks)));
        struct losses first = world; /* every rank has the same bits */
        MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
        CU_ASSERT(everywhere(memcmp(&first, &world, sizeof first) == 0));
    }
    MPI_Comm_free(&group);
    ridge_rows_destroy(&rows);
    free(feature);
}

/* The draws are even, and do not depend on how many are made. */
static void test_index(void)
{
    enum { COUNT = 7, DRAWS = 70000 };
    double times[COUNT] = {0}, chi = 0;
    size_t same = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        size_t index = random_index(1, 2, i, COUNT);
        CU_ASSERT_FATAL(index < COUNT);
        times[index]++;
        same += index == random_index(1, 3, i, COUNT);
    }
    for (int i = 0; i < COUNT; i++) {
        chi += pow(times[i] - DRAWS / COUNT, 2) / (DRAWS / COUNT);
    }
    CU_ASSERT(chi < 22); /* 6 degrees of freedom: P < .002 */
    CU_ASSERT(fabs((double)same - DRAWS / COUNT) < 4 * sqrt(DRAWS / COUNT));
}

#ifdef MOAT_FAULTS
/* Every allocation of a task fails once on the last rank: always the same status everywhere, and nothing leaks. */
static void test_allocations(void)
{
    static struct data data;
    make_data(12, &data);
    struct ridge_rows *rows = open_rows(&data, 1);
    struct ridge_population drawn = ridge_rows_population(rows), independent = gaussian(12);
    for (int c = 0; c < 4; c++) {
        struct ridge_task task = make_task(c % 2 ? &drawn : &independent, c / 2 ? 30 : 8);
        struct losses losses;
        struct ridge_table table = {.performance = losses.value[0], .safety = losses.value[1]};
        enum moat_status status;
        unsigned call = fail_allocations(&task, &table, &status);
        CU_ASSERT(everywhere(status == MOAT_OK));
        CU_ASSERT(call > 25);
    }
    ridge_rows_destroy(&rows);
}
#endif

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"Gaussian features against the definition", test_gaussian_definition},
        {"Gaussian features against drawn targets and labels", test_gaussian_draws},
        {"a power law written as a spectrum", test_power_law},
        {"rows against all labellings", test_labellings},
        {"features and rows that depend on each other", test_deficient},
        {"features that few rows have", test_rare},
        {"groups of ranks", test_groups},
        {"draws of rows", test_index},
#ifdef MOAT_FAULTS
        {"every allocation may fail", test_allocations},
#endif
        CU_TEST_INFO_NULL,
    };
    return mpi_suite_run("population", tests, &argc, &argv);
}
