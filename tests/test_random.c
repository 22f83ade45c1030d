/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The normals: known words of Philox, libm's Box-Muller on them, independence of the partition, the distribution. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ridge/random.h"
#include "ridge/random123.h"
#include "suite.h"

/* From the known-answer vectors of the Random123 distribution, philox4x64 with 10 rounds. */
static void test_philox(void)
{
    philox4x64_ctr_t zero = {{0, 0, 0, 0}};
    philox4x64_key_t zero_key = {{0, 0}};
    const uint64_t zero_answer[] = {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b};
    philox4x64_ctr_t word = philox4x64(zero, zero_key);
    CU_ASSERT(memcmp(word.v, zero_answer, sizeof zero_answer) == 0);

    philox4x64_ctr_t pi = {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}};
    philox4x64_key_t pi_key = {{0x452821e638d01377, 0xbe5466cf34e90c6c}};
    const uint64_t pi_answer[] = {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6};
    word = philox4x64(pi, pi_key);
    CU_ASSERT(memcmp(word.v, pi_answer, sizeof pi_answer) == 0);
}

/* Each element against libm's logarithm, sine and cosine of the same words. */
static void test_transform(void)
{
    enum { ROWS = 300, COLUMNS = 64 };
    static double z[ROWS * COLUMNS];
    const uint64_t seed = 0xfedcba9876543210, row = 1ull << 40, column = 4ull << 33;
    double worst = 0;
    random_normals(seed, 7, row, ROWS, column, COLUMNS, z, COLUMNS, 1);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLUMNS; j += 2) {
            philox4x64_ctr_t counter = {{(column + j) / 4, row + i, 0, 0}};
            philox4x64_key_t key = {{seed, 7}};
            philox4x64_ctr_t word = philox4x64(counter, key);
            double u = 1 - ldexp((double)(word.v[j % 4] >> 12), -52);
            double v = ldexp((double)(word.v[j % 4 + 1] >> 12), -52) - 0.5;
            double radius = sqrt(-2 * log(u));
            worst = fmax(worst, fabs(z[i * COLUMNS + j] - radius * cos(2 * M_PI * v)));
            worst = fmax(worst, fabs(z[i * COLUMNS + j + 1] - radius * sin(2 * M_PI * v)));
        }
    }
    CU_ASSERT(worst < 4e-15);
}

/* Any piece, in either storage order, has the same bits as the whole. */
static void test_partition(void)
{
    enum { ROWS = 301, COLUMNS = 613 };
    double *whole = malloc(2 * ROWS * COLUMNS * sizeof *whole), *piece = whole + ROWS * COLUMNS;
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    random_normals(3, 5, 0, ROWS, 0, COLUMNS, whole, COLUMNS, 1);
    size_t differing = 0, compared = 0;
    for (size_t k = 0; k < 60; k++) {
        size_t row = k * 37 % ROWS, column = k * 101 % COLUMNS;
        size_t rows = 1 + k * 53 % (ROWS - row), columns = 1 + k * 29 % (COLUMNS - column);
        bool by_rows = k % 2 == 0;
        size_t row_stride = by_rows ? columns : 1, column_stride = by_rows ? 1 : rows;
        random_normals(3, 5, row, rows, column, columns, piece, row_stride, column_stride);
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < columns; j++) {
                differing += memcmp(&piece[i * row_stride + j * column_stride],
                                    &whole[(row + i) * COLUMNS + column + j], sizeof(double)) != 0;
                compared++;
            }
        }
    }
    CU_ASSERT(differing == 0);
    CU_ASSERT(compared > 100000);
    free(whole);
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Largest distance between the empirical distribution and the normal one, times sqrt(n) (Kolmogorov). */
static double kolmogorov(double *z, size_t n)
{
    double worst = 0;
    qsort(z, n, sizeof *z, ascending);
    for (size_t i = 0; i < n; i++) {
        double expected = 0.5 * erfc(-z[i] * M_SQRT1_2);
        worst = fmax(worst, fmax(expected - (double)i / (double)n, (double)(i + 1) / (double)n - expected));
    }
    return worst * sqrt((double)n);
}

/* Mean of x y over n pairs, times sqrt(n): a standard normal when they are independent. */
static double correlation(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i] * y[i];
    }
    return sum / sqrt((double)n);
}

/* Moments, the distribution's shape, and independence of neighbours, trials and seeds, at 4.5 standard errors. */
static void test_distribution(void)
{
    enum { ROWS = 1000, COLUMNS = 1000, N = ROWS * COLUMNS };
    double *z = malloc(3 * N * sizeof *z), *trial = z + N, *seed = trial + N;
    CU_ASSERT_PTR_NOT_NULL_FATAL(z);
    random_normals(1, 0, 0, ROWS, 0, COLUMNS, z, COLUMNS, 1);
    random_normals(1, 1, 0, ROWS, 0, COLUMNS, trial, COLUMNS, 1);
    random_normals(2, 0, 0, ROWS, 0, COLUMNS, seed, COLUMNS, 1);
    const double mean[] = {0, 1, 0, 3, 0, 15}, variance[] = {1, 2, 15, 96, 945, 10170}; /* of z^k, k = 1..6 */
    for (int k = 0; k < 6; k++) {
        double sum = 0;
        for (size_t i = 0; i < N; i++) {
            sum += pow(z[i], k + 1);
        }
        CU_ASSERT(fabs(sum / (double)N - mean[k]) < 4.5 * sqrt(variance[k] / (double)N));
    }
    CU_ASSERT(fabs(correlation(z, z + 1, N - 1)) < 4.5);
    CU_ASSERT(fabs(correlation(z, z + 2, N - 2)) < 4.5);
    CU_ASSERT(fabs(correlation(z, z + COLUMNS, N - COLUMNS)) < 4.5);
    CU_ASSERT(fabs(correlation(z, trial, N)) < 4.5);
    CU_ASSERT(fabs(correlation(z, seed, N)) < 4.5);
    CU_ASSERT(kolmogorov(z, N) < 1.95); /* exceeded once in a thousand */
    free(z);
}

int main(void)
{
    CU_TestInfo tests[] = {{"known words of Philox", test_philox},
                           {"transform against libm", test_transform},
                           {"the same bits for every partition", test_partition},
                           {"distribution and independence", test_distribution},
                           CU_TEST_INFO_NULL};
    return suite_run("random", tests);
}
