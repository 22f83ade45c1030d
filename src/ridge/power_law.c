/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nearest power law. Every octave of directions, i from 2^k up to 2^(k+1), counts alike, as the law has it: a fit
 * to all directions alike would be one to the last octaves alone.
 *
 * gamma: a line through the octaves' means of ln sigma against ln i. Its standard error comes from their distances to
 * it, which are misfit more than chance.
 *
 * delta: a single target's b is the square of one number, of which ln b says little and which noise makes negative. So
 * b = C i^-delta is fitted by the estimating equations sum (dmu/dtheta) (b - mu)/V = 0, where mu is the law and V the
 * variance of b about it: that of noise, and that of the square of a Gaussian of variance mu. Both targets count with
 * their share of their own signal. Source: MODEL.md section 16.
 */
#include "ridge/power_law.h"

#include <math.h>

#include "ridge/power_law_market.h"

enum { OCTAVES_MAX = 64 };

/* The directions' means in an octave, with weights 1/i. */
struct octave {
    double weight, x, y; /* sum of 1/i; means of ln i and ln sigma */
};

/* A straight line. */
struct line {
    double slope, slope_stderr, level;
    double deviation; /* rms */
};

static size_t octave_of(size_t k)
{
    size_t octave = 0;
    for (size_t i = k + 1; i > 1; i /= 2) {
        octave++;
    }
    return octave;
}

/* Sums up the spectrum in octaves; returns their number. */
static size_t gather(const struct measure_fit *fit, struct octave octave[OCTAVES_MAX])
{
    size_t last = 0;
    for (size_t k = 0; k < fit->directions; k++) {
        struct octave *at = &octave[octave_of(k)];
        double i = (double)(k + 1);
        last = octave_of(k);
        at->weight += 1 / i;
        at->x += log(i) / i;
        at->y += log(fit->eigenvalue[k]) / i;
    }
    for (size_t o = 0; o <= last; o++) {
        octave[o].x /= octave[o].weight;
        octave[o].y /= octave[o].weight;
    }
    return last + 1;
}

static struct line fit_line(const struct octave *octave, size_t count)
{
    double weight = 0, x = 0, y = 0, xx = 0, xy = 0, square = 0;
    for (size_t o = 0; o < count; o++) {
        weight += octave[o].weight;
        x += octave[o].weight * octave[o].x;
        y += octave[o].weight * octave[o].y;
    }
    x /= weight;
    y /= weight;
    for (size_t o = 0; o < count; o++) {
        xx += octave[o].weight * (octave[o].x - x) * (octave[o].x - x);
        xy += octave[o].weight * (octave[o].x - x) * (octave[o].y - y);
    }
    struct line line = {.slope = xy / xx, .level = y - xy / xx * x};
    for (size_t o = 0; o < count; o++) {
        double off = octave[o].y - line.level - line.slope * octave[o].x;
        square += octave[o].weight * off * off;
    }
    line.deviation = sqrt(square / weight);
    line.slope_stderr = count > 2 ? sqrt(square / (double)(count - 2) / xx) : NAN;
    return line;
}

/* Both targets' b as shares of their signals. */
static double share(const struct measure_estimate *estimate, size_t k)
{
    return estimate->unbiased[0][k] / estimate->signal[0] / 2 + estimate->unbiased[1][k] / estimate->signal[1] / 2;
}

/* The variance of such a share whose mean is mu: the fits are Gaussian, with second moments of targets and noise. */
static double share_variance(const struct measure_fit *fit, const struct measure_estimate *estimate, size_t k,
                             double mu)
{
    static const double count[MEASURE_PAIRS] = {1, 1, 2};
    double r = fmax(-1, fmin(1, estimate->correlation)), sum = 0;
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        double square = pair == PAIR_JOINT ? estimate->signal[0] * estimate->signal[1]
                                           : estimate->signal[pair] * estimate->signal[pair];
        double moment = (pair == PAIR_JOINT ? r : 1) * mu + fit->variance[pair][k] / sqrt(square);
        sum += count[pair] * moment * moment / 2;
    }
    return sum;
}

/* The sums of one step of the estimating equations at C e^(-delta x). */
struct equations {
    double score[2], information[2][2];
    double dispersion; /* sum of (b - mu)^2/V */
};

static struct equations form_equations(const struct measure_fit *fit, const struct measure_estimate *estimate,
                                       const double theta[2])
{
    struct equations out = {0};
    for (size_t k = 0; k < fit->directions; k++) {
        double b = share(estimate, k), x[] = {1, -log((double)(k + 1))};
        double mu = exp(theta[0] * x[0] + theta[1] * x[1]), V = share_variance(fit, estimate, k, mu);
        out.dispersion += (b - mu) * (b - mu) / V;
        for (int i = 0; i < 2; i++) {
            out.score[i] += x[i] * mu * (b - mu) / V;
            for (int j = 0; j < 2; j++) {
                out.information[i][j] += x[i] * x[j] * mu * mu / V;
            }
        }
    }
    return out;
}

/* Solves the equations by Fisher's scoring for theta = (ln C, delta). */
static void fit_alignments(const struct measure_fit *fit, const struct measure_estimate *estimate, double theta[2],
                           double *delta_stderr)
{
    enum { STEPS = 200 };
    double largest = 1, trace = 0;
    for (size_t k = 0; k < fit->directions; k++) {
        trace += fit->eigenvalue[k];
    }
    theta[0] = -log(trace);
    theta[1] = 0;
    for (int step = 0; step < STEPS && largest > 1e-10; step++) {
        struct equations at = form_equations(fit, estimate, theta);
        double(*information)[2] = at.information;
        double determinant = information[0][0] * information[1][1] - information[0][1] * information[1][0];
        double change[] = {(information[1][1] * at.score[0] - information[0][1] * at.score[1]) / determinant,
                           (information[0][0] * at.score[1] - information[1][0] * at.score[0]) / determinant};
        largest = fmax(fabs(change[0]), fabs(change[1]));
        double part = largest > 1 ? 1 / largest : 1;
        theta[0] += part * change[0];
        theta[1] += part * change[1];
        double freedom = (double)fit->directions - 2;
        double dispersion = freedom > 0 ? fmax(1, at.dispersion / freedom) : NAN;
        *delta_stderr = sqrt(dispersion * information[0][0] / determinant);
    }
    if (!(largest <= 1e-10)) {
        theta[0] = theta[1] = *delta_stderr = NAN;
    }
}

/* How far the sums of sigma b in the octaves are from those of the law: rms of their logarithms, of octaves whose sum
   is more than three of its standard errors. */
static double alignment_deviation(const struct measure_fit *fit, const struct measure_estimate *estimate,
                                  const double theta[2], const struct octave *octave, size_t count)
{
    double weight = 0, square = 0;
    for (size_t o = 0; o < count; o++) {
        size_t first = ((size_t)1 << o) - 1, end = 2 * first + 1;
        double found = 0, law = 0, variance = 0;
        end = end < fit->directions ? end : fit->directions;
        for (size_t k = first; k < end; k++) {
            found += fit->eigenvalue[k] * share(estimate, k);
            law += fit->eigenvalue[k] * exp(theta[0] - theta[1] * log((double)(k + 1)));
        }
        for (int j = 0; j < 2; j++) {
            const enum measure_pair both[] = {(enum measure_pair)j, (enum measure_pair)j};
            variance += measure_covariance(fit, estimate, first, end, both) / pow(2 * estimate->signal[j], 2);
        }
        if (found > 3 * sqrt(fmax(variance, 0))) {
            double off = log(found / law);
            weight += octave[o].weight;
            square += octave[o].weight * off * off;
        }
    }
    return weight > 0 ? sqrt(square / weight) : NAN;
}

static struct exponent sum_of(double value, double left_stderr, double right_stderr)
{
    return (struct exponent){value, hypot(left_stderr, right_stderr)};
}

enum moat_status power_law_fit(const struct measure_fit *fit, const struct measure_estimate *estimate,
                               struct power_law *out)
{
    struct octave octave[OCTAVES_MAX] = {0};
    size_t octaves = gather(fit, octave);
    struct line line = fit_line(octave, octaves);
    double theta[2], delta_stderr;
    fit_alignments(fit, estimate, theta, &delta_stderr);
    double gamma = -line.slope - 1;
    *out = (struct power_law){
        .gamma = {gamma, line.slope_stderr},
        .delta = {theta[1], delta_stderr},
        .nu = sum_of(gamma + theta[1], line.slope_stderr, delta_stderr),
        .nu_prime = theta[1] < 1 ? sum_of(gamma + theta[1], line.slope_stderr, delta_stderr)
                                 : (struct exponent){1 + gamma, line.slope_stderr},
        .Q = {1 - estimate->correlation, estimate->correlation_stderr},
        .eigenvalue_deviation = octaves > 2 ? line.deviation : NAN,
        .alignment_deviation = alignment_deviation(fit, estimate, theta, octave, octaves),
    };
    return power_law_compare(fit, estimate, line.level, out);
}
