/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Second moments from unbiased estimates, which need not be any. Where a square is negative its direction is pooled
 * with the weaker ones after it until their sum is not, and the last ones with the stronger ones before them. The
 * directions of a pool share its signal so that b is the same in all of them. A joint moment beyond what the squares
 * allow is cut, and what is cut goes on to the next pool. Neither changes sums over the spectrum. Source: MODEL.md
 * section 16.
 */
#include "ridge/measure_pool.h"

#include <math.h>
#include <stdlib.h>

/* A stretch of directions and its signal. */
struct pool {
    size_t first, end;
    double signal[MEASURE_PAIRS];
};

static bool is_positive(const struct pool *pool)
{
    return pool->signal[PAIR_PERFORMANCE] >= 0 && pool->signal[PAIR_SAFETY] >= 0;
}

static void merge(struct pool *pool, const struct pool *next)
{
    pool->end = next->end;
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        pool->signal[pair] += next->signal[pair];
    }
}

/* Makes pools of the directions, in order, until no square is negative; returns their number. */
static size_t gather(const struct measure_fit *fit, const struct measure_estimate *estimate, struct pool *pool)
{
    size_t count = 0;
    for (size_t k = 0; k < estimate->directions; k++) {
        struct pool next = {.first = k, .end = k + 1};
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            next.signal[pair] = fit->eigenvalue[k] * estimate->unbiased[pair][k];
        }
        if (count > 0 && !is_positive(&pool[count - 1])) {
            merge(&pool[count - 1], &next);
        } else {
            pool[count++] = next;
        }
    }
    while (count > 1 && !is_positive(&pool[count - 1])) {
        merge(&pool[count - 2], &pool[count - 1]);
        count--;
    }
    return count;
}

/* Cuts what the joint signal of a pool, and what others have left, is beyond the bound; returns what is cut. */
static double cut_joint(struct pool *pool, double left)
{
    double bound = sqrt(pool->signal[PAIR_PERFORMANCE]) * sqrt(pool->signal[PAIR_SAFETY]);
    double wanted = pool->signal[PAIR_JOINT] + left, kept = fmax(-bound, fmin(bound, wanted));
    pool->signal[PAIR_JOINT] = kept;
    return wanted - kept;
}

static void bound_joint(struct pool *pool, size_t pools)
{
    double left = 0;
    for (size_t i = 0; i < pools; i++) {
        left = cut_joint(&pool[i], left);
    }
    for (size_t i = pools; left != 0 && i-- > 0;) { /* what is left at the weak end goes back, as far as it can */
        left = cut_joint(&pool[i], left);
    }
}

/* Gives each direction its part of its pool's signal, and the standard error of that. */
static void spread_pools(const struct measure_fit *fit, const struct pool *pool, struct measure_estimate *out)
{
    for (size_t i = 0; i < out->pools; i++) {
        double trace = 0;
        for (size_t k = pool[i].first; k < pool[i].end; k++) {
            trace += fit->eigenvalue[k];
        }
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            const enum measure_pair both[] = {(enum measure_pair)pair, (enum measure_pair)pair};
            double variance = measure_covariance(fit, out, pool[i].first, pool[i].end, both);
            for (size_t k = pool[i].first; k < pool[i].end; k++) {
                out->alignment[pair][k] = pool[i].signal[pair] / trace;
                out->stderr_of[pair][k] = sqrt(fmax(variance, 0)) / trace;
                out->pool[k] = (double)i;
            }
        }
        for (size_t k = pool[i].first; k < pool[i].end; k++) { /* rounding must not break b12^2 <= b11 b22 */
            double *b = &out->alignment[PAIR_JOINT][k];
            double largest = out->alignment[PAIR_PERFORMANCE][k] * out->alignment[PAIR_SAFETY][k];
            *b = *b * *b > largest ? copysign(sqrt(largest) * (1 - 1e-15), *b) : *b;
        }
    }
}

enum moat_status measure_pool(const struct measure_fit *fit, struct measure_estimate *estimate)
{
    struct pool *pool = malloc(estimate->directions * sizeof *pool);
    if (!pool) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu directions", estimate->directions);
    }
    estimate->pools = gather(fit, estimate, pool);
    bound_joint(pool, estimate->pools);
    spread_pools(fit, pool, estimate);
    free(pool);
    return MOAT_OK;
}
