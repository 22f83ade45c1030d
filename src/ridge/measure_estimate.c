/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Second moments of the targets from fits with noise. In direction k the fits are Gaussian about the targets' with the
 * covariance V of fit->variance, so f_a f_b - V_ab is unbiased. measure_pool.c makes second moments of these. Source:
 * MODEL.md section 16.
 */
#include "ridge/measure_estimate.h"

#include <math.h>
#include <stdlib.h>

#include "ridge/measure_pool.h"

static const double TRUST = 3; /* standard errors */

static enum measure_pair pair_from(int a, int b)
{
    return a != b ? PAIR_JOINT : a == 0 ? PAIR_PERFORMANCE : PAIR_SAFETY;
}

/* Covariance of the products of two pairs of Gaussians with second moments M about zero mean and covariance V. */
static double product_covariance(const double M[MEASURE_PAIRS], const double V[MEASURE_PAIRS],
                                 const enum measure_pair pair[2])
{
    int a = measure_pair_of[pair[0]][0], b = measure_pair_of[pair[0]][1], c = measure_pair_of[pair[1]][0],
        d = measure_pair_of[pair[1]][1];
    enum measure_pair ac = pair_from(a, c), ad = pair_from(a, d), bc = pair_from(b, c), bd = pair_from(b, d);
    return M[ac] * V[bd] + M[ad] * V[bc] + M[bc] * V[ad] + M[bd] * V[ac] + V[ac] * V[bd] + V[ad] * V[bc];
}

/* The nearest that the targets' moments in a direction can be to their unbiased estimates, for standard errors alone.
 */
static void admissible_moments(const struct measure_estimate *estimate, size_t k, double M[MEASURE_PAIRS])
{
    for (int pair = 0; pair < 2; pair++) {
        M[pair] = fmax(estimate->unbiased[pair][k], 0);
    }
    double bound = sqrt(M[PAIR_PERFORMANCE] * M[PAIR_SAFETY]);
    M[PAIR_JOINT] = fmax(-bound, fmin(bound, estimate->unbiased[PAIR_JOINT][k]));
}

/* The part that so many directions share: the noise that is subtracted has an error itself. */
static double shared_covariance(const struct measure_fit *fit, size_t directions, const enum measure_pair pair[2])
{
    const double none[MEASURE_PAIRS] = {0};
    double freedom = (double)fit->n - 1 - (double)fit->directions, share = (double)directions / (double)fit->n;
    return fit->exact ? 0 : share * share * product_covariance(none, fit->noise, pair) / freedom;
}

/* The part of direction k. */
static double own_covariance(const struct measure_fit *fit, const struct measure_estimate *estimate, size_t k,
                             const enum measure_pair pair[2])
{
    double M[MEASURE_PAIRS], V[MEASURE_PAIRS], sigma = fit->eigenvalue[k];
    admissible_moments(estimate, k, M);
    for (int p = 0; p < MEASURE_PAIRS; p++) {
        V[p] = fit->variance[p][k];
    }
    return sigma * sigma * product_covariance(M, V, pair);
}

double measure_covariance(const struct measure_fit *fit, const struct measure_estimate *estimate, size_t first,
                          size_t end, const enum measure_pair pair[2])
{
    double sum = shared_covariance(fit, end - first, pair);
    for (size_t k = first; k < end; k++) {
        sum += own_covariance(fit, estimate, k, pair);
    }
    return sum;
}

static enum moat_status allocate(struct measure_estimate *out)
{
    size_t count = out->directions;
    out->storage = calloc((3 * MEASURE_PAIRS + 1) * count, sizeof *out->storage);
    if (!out->storage) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu directions", count);
    }
    double *at = out->storage;
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        out->unbiased[pair] = at;
        out->alignment[pair] = at + count;
        out->stderr_of[pair] = at + 2 * count;
        at += 3 * count;
    }
    out->pool = at;
    return MOAT_OK;
}

/* The largest K whose last half of directions shows a signal of label j, or else the least K whose directions all
   together do; 0: none. tail[] is space for two lists. */
static size_t count_trusted(const struct measure_fit *fit, const struct measure_estimate *estimate, int j, double *tail)
{
    const enum measure_pair both[] = {(enum measure_pair)j, (enum measure_pair)j};
    size_t count = estimate->directions, trusted = 0, together = 0;
    double *signal = tail, *variance = tail + count + 1; /* of directions k and after */
    signal[count] = variance[count] = 0;
    for (size_t k = count; k-- > 0;) {
        signal[k] = signal[k + 1] + fit->eigenvalue[k] * estimate->unbiased[j][k];
        variance[k] = variance[k + 1] + own_covariance(fit, estimate, k, both);
    }
    for (size_t K = 1; K <= count; K++) {
        double shared = shared_covariance(fit, K - K / 2, both), own = fmax(variance[K / 2] - variance[K], 0);
        trusted = signal[K / 2] - signal[K] > TRUST * sqrt(own + shared) ? K : trusted;
        shared = shared_covariance(fit, K, both);
        own = fmax(variance[0] - variance[K], 0);
        together = together == 0 && signal[0] - signal[K] > TRUST * sqrt(own + shared) ? K : together;
    }
    return trusted ? trusted : together;
}

/* The signals, and what follows from them. */
static void add_signals(const struct measure_fit *fit, struct measure_estimate *out)
{
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        out->signal[pair] = 0;
        for (size_t k = 0; k < out->directions; k++) {
            out->signal[pair] += fit->eigenvalue[k] * out->unbiased[pair][k];
        }
        for (int other = 0; other < MEASURE_PAIRS; other++) {
            const enum measure_pair both[] = {(enum measure_pair)pair, (enum measure_pair)other};
            out->signal_covariance[pair][other] = measure_covariance(fit, out, 0, out->directions, both);
        }
    }
}

/* The standard error of a function of the signals with this gradient. */
static double error_of(const struct measure_estimate *estimate, const double gradient[MEASURE_PAIRS])
{
    double variance = 0;
    for (int a = 0; a < MEASURE_PAIRS; a++) {
        for (int b = 0; b < MEASURE_PAIRS; b++) {
            variance += gradient[a] * gradient[b] * estimate->signal_covariance[a][b];
        }
    }
    return sqrt(fmax(variance, 0));
}

/* The targets' relation, once alignments are made: pools may have less of the joint signal than all directions together
   seem to have, where it is more than the squares allow. */
static void relate_targets(const struct measure_fit *fit, struct measure_estimate *out)
{
    const double *s = out->signal, difference[MEASURE_PAIRS] = {1, 1, -2};
    double joint = 0;
    for (size_t k = 0; k < out->directions; k++) {
        joint += fit->eigenvalue[k] * out->alignment[PAIR_JOINT][k];
    }
    double product = sqrt(s[PAIR_PERFORMANCE]) * sqrt(s[PAIR_SAFETY]), r = joint / product;
    const double gradient[MEASURE_PAIRS] = {-r / (2 * s[PAIR_PERFORMANCE]), -r / (2 * s[PAIR_SAFETY]), 1 / product};
    out->correlation = r;
    out->correlation_stderr = error_of(out, gradient);
    out->L_star = s[PAIR_PERFORMANCE] + s[PAIR_SAFETY] - 2 * joint;
    out->L_star_stderr = error_of(out, difference);
}

/* Whether each label says enough for a spectrum. */
static enum moat_status check_signals(const struct measure_fit *fit, const struct measure_estimate *estimate)
{
    for (int j = 0; j < 2; j++) {
        if (!(estimate->signal[j] > 0)) {
            return moat_error_set(MOAT_USAGE,
                                  "the features predict nothing of `%s` beyond chance: R^2 = %.3g with %zu directions "
                                  "and %zu rows leaves a signal of variance %.3g +- %.2g: use more rows or other "
                                  "features",
                                  measure_label[j], 1 - fit->unexplained[j], fit->directions, fit->n,
                                  estimate->signal[j], sqrt(estimate->signal_covariance[j][j]));
        }
    }
    return MOAT_OK;
}

static enum moat_status check_difference(const struct measure_estimate *estimate)
{
    const double rounding = 1e-12;
    if (estimate->L_star > rounding * (estimate->signal[PAIR_PERFORMANCE] + estimate->signal[PAIR_SAFETY])) {
        return MOAT_OK;
    }
    return moat_error_set(MOAT_USAGE,
                          "the features predict the same of `performance` and `safety`: L* = %.3g +- %.2g, expected "
                          "targets that differ",
                          estimate->L_star, estimate->L_star_stderr);
}

enum moat_status measure_estimate(const struct measure_fit *fit, struct measure_estimate *out)
{
    *out = (struct measure_estimate){.directions = fit->directions};
    enum moat_status status = allocate(out);
    double *tail = malloc(2 * (fit->directions + 1) * sizeof *tail);
    if (status == MOAT_OK && !tail) {
        status = moat_error_set(MOAT_MEMORY, "out of memory for %zu directions", fit->directions);
    }
    if (status == MOAT_OK) {
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            const double *left = fit->fit[measure_pair_of[pair][0]], *right = fit->fit[measure_pair_of[pair][1]];
            for (size_t k = 0; k < fit->directions; k++) {
                out->unbiased[pair][k] = left[k] * right[k] - fit->variance[pair][k];
            }
        }
        add_signals(fit, out);
        status = check_signals(fit, out);
    }
    for (int j = 0; j < 2 && status == MOAT_OK; j++) {
        out->trusted[j] = count_trusted(fit, out, j, tail);
    }
    if (status == MOAT_OK) {
        status = measure_pool(fit, out);
    }
    if (status == MOAT_OK) {
        relate_targets(fit, out);
        status = check_difference(out);
    }
    free(tail);
    return status;
}

void measure_estimate_free(struct measure_estimate *estimate)
{
    free(estimate->storage);
    *estimate = (struct measure_estimate){0};
}
