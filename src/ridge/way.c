/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which way to the tables a task takes. */
#include "ridge/way.h"

#include <float.h>
#include <math.h>

#include "ridge/population.h"

double ridge_way_bound(const struct ridge_task *task, const double *square, size_t r)
{
    double least = square[0], most = square[0], lambda = task->lambda[0], mean = 0;
    for (size_t k = 1; k < r; k++) {
        least = fmin(least, square[k]);
        most = fmax(most, square[k]);
    }
    for (size_t l = 1; l < task->lambdas; l++) {
        lambda = fmin(lambda, task->lambda[l]);
    }
    for (size_t k = 0; k < r; k++) {
        double ratio = most / (square[k] + lambda);
        mean += ratio * ratio / (double)r;
    }
    return least + lambda > 0 ? DBL_EPSILON * fmax(most / (least + lambda), mean / (double)r) : INFINITY;
}

/* A spectrum, as directions that stand for `count` each. */
enum { LEVELS = 1024, EXACT = 64 };

struct levels {
    const double *sigma; /* [n], each direction once; NULL: the levels below */
    size_t n;
    double level[LEVELS], count[LEVELS];
};

/* Directions 1 .. EXACT one by one, the others in ranges that each grow by a fiftieth. */
static void fill_levels(double gamma, size_t P, const struct ridge_population *population, struct levels *levels)
{
    levels->sigma = population ? population->spectrum.sigma : NULL;
    levels->n = population ? P : 0;
    for (size_t j = 1; !population && j <= P && levels->n < LEVELS;) {
        size_t next = j < EXACT ? j + 1 : j + j / 50 + 1;
        next = next > P || levels->n + 1 == LEVELS ? P + 1 : next;
        levels->level[levels->n] = pow(((double)j + (double)(next - 1)) / 2, -(1 + gamma));
        levels->count[levels->n++] = (double)(next - j);
        j = next;
    }
}

/* df1 and df2 at kappa. */
static void sums(const struct levels *levels, double kappa, double *df1, double *df2)
{
    *df1 = *df2 = 0;
    for (size_t i = 0; i < levels->n; i++) {
        double sigma = levels->sigma ? levels->sigma[i] : levels->level[i];
        double t = sigma / (sigma + kappa), count = levels->sigma ? 1 : levels->count[i];
        *df1 += count * t;
        *df2 += count * t * t;
    }
}

/* The kappa at which df1 (order 1) or df2 (order 2) is N. */
static double find_kappa(const struct levels *levels, double N, int order, double high)
{
    double low = 1e-300;
    while (high > low * (1 + 1e-6)) {
        double kappa = sqrt(low) * sqrt(high), df[2];
        sums(levels, kappa, &df[0], &df[1]);
        *(df[order - 1] > N ? &low : &high) = kappa;
    }
    return high;
}

double ridge_way_expected(double gamma, size_t P, const struct ridge_population *population, size_t N)
{
    struct levels levels = {.n = 0};
    double largest = 0, trace = 0, points = (double)N, df1, df2;
    if (N >= P) {
        return INFINITY;
    }
    fill_levels(gamma, P, population, &levels);
    for (size_t i = 0; i < levels.n; i++) {
        double sigma = levels.sigma ? levels.sigma[i] : levels.level[i];
        largest = fmax(largest, sigma);
        trace += levels.sigma ? sigma : levels.count[i] * sigma;
    }
    double most = largest * (1 + sqrt(2 / points)) + trace / points; /* the largest direction, and the others on it */

    /* lambda = kappa (1 - df1/N) is least where df2 = N: the lower edge is at minus that */
    double kappa = find_kappa(&levels, points, 2, trace);
    sums(&levels, kappa, &df1, &df2);
    double least = kappa * (df1 / points - 1);

    /* mean_k 1/s_k^4 = 1/(kappa^2 (1 - df2/N)) where lambda = 0 */
    kappa = find_kappa(&levels, points, 1, trace);
    sums(&levels, kappa, &df1, &df2);
    double ratio = most / kappa, mean = ratio * ratio / (1 - df2 / points);
    return least > 0 && df2 < points ? DBL_EPSILON * fmax(most / least, mean / points) : INFINITY;
}
