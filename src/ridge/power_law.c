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
 * variance of b about it: that of noise, and that of the square of a Gaussian of variance mu. Each target has a C of
 * its own. Source: MODEL.md section 16.
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

/* theta = (ln C of performance, ln C of safety, delta). */
enum { PARAMETERS = 3 };

/* The sums of one step of the estimating equations at theta. */
struct equations {
    double score[PARAMETERS], information[PARAMETERS][PARAMETERS];
    double spread[PARAMETERS][PARAMETERS]; /* the covariance of the score */
    double dispersion;                     /* sum of (b - mu)^2/V */
};

/* The law's b of target j in direction k, and what it changes by: its derivative by ln C_j and, in units of it, by
   delta. */
static double law_of(const double theta[PARAMETERS], int j, size_t k, double slope[PARAMETERS])
{
    double x = log((double)(k + 1));
    for (int i = 0; i < 2; i++) {
        slope[i] = i == j;
    }
    slope[2] = -x;
    return exp(theta[j] - theta[2] * x);
}

/* Adds direction k. Its fits are Gaussian with the second moments m of targets and noise together, so that the
   covariance of two of their squares is 2 m^2. */
static void add_direction(const struct measure_fit *fit, const struct measure_estimate *estimate, size_t k,
                          const double theta[PARAMETERS], struct equations *sum)
{
    double slope[2][PARAMETERS], mu[2], V[2], score[2];
    for (int j = 0; j < 2; j++) {
        mu[j] = law_of(theta, j, k, slope[j]);
        V[j] = 2 * (mu[j] + fit->variance[j][k]) * (mu[j] + fit->variance[j][k]);
        score[j] = mu[j] * (estimate->unbiased[j][k] - mu[j]) / V[j];
        sum->dispersion += (estimate->unbiased[j][k] - mu[j]) * (estimate->unbiased[j][k] - mu[j]) / V[j];
    }
    double r = fmax(-1, fmin(1, estimate->correlation));
    double joint = r * sqrt(mu[0] * mu[1]) + fit->variance[PAIR_JOINT][k], across = 2 * joint * joint;
    double cross = mu[0] * mu[1] * across / (V[0] * V[1]);
    for (int a = 0; a < PARAMETERS; a++) {
        sum->score[a] += slope[0][a] * score[0] + slope[1][a] * score[1];
        for (int b = 0; b < PARAMETERS; b++) {
            double own = 0;
            for (int j = 0; j < 2; j++) {
                own += slope[j][a] * slope[j][b] * mu[j] * mu[j] / V[j];
            }
            sum->information[a][b] += own;
            sum->spread[a][b] += own + cross * (slope[0][a] * slope[1][b] + slope[1][a] * slope[0][b]);
        }
    }
}

/* The inverse of a symmetric 3 x 3 matrix, by cofactors. */
static void invert(double matrix[PARAMETERS][PARAMETERS], double out[PARAMETERS][PARAMETERS])
{
    double determinant = 0;
    for (int i = 0; i < PARAMETERS; i++) {
        for (int j = 0; j < PARAMETERS; j++) {
            int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
            out[j][i] = matrix[i1][j1] * matrix[i2][j2] - matrix[i1][j2] * matrix[i2][j1];
        }
    }
    for (int j = 0; j < PARAMETERS; j++) {
        determinant += matrix[0][j] * out[j][0];
    }
    for (int i = 0; i < PARAMETERS * PARAMETERS; i++) {
        out[i / PARAMETERS][i % PARAMETERS] /= determinant;
    }
}

/* The standard error of delta: the score's covariance between two inverses of the information, and more where b is
   farther from the law than a Gaussian's square. */
static double delta_error(const struct equations *at, double inverse[PARAMETERS][PARAMETERS], size_t directions)
{
    double variance = 0, freedom = 2 * (double)directions - PARAMETERS;
    for (int a = 0; a < PARAMETERS; a++) {
        for (int b = 0; b < PARAMETERS; b++) {
            variance += inverse[2][a] * at->spread[a][b] * inverse[b][2];
        }
    }
    return freedom > 0 ? sqrt(variance * fmax(1, at->dispersion / freedom)) : NAN;
}

/* Solves the equations by Fisher's scoring. */
static void fit_alignments(const struct measure_fit *fit, const struct measure_estimate *estimate,
                           double theta[PARAMETERS], double *delta_stderr)
{
    enum { STEPS = 200 };
    double largest = 1, trace = 0;
    for (size_t k = 0; k < fit->directions; k++) {
        trace += fit->eigenvalue[k];
    }
    for (int j = 0; j < 2; j++) {
        theta[j] = log(estimate->signal[j] / trace);
    }
    theta[2] = 0;
    for (int step = 0; step < STEPS && largest > 1e-9; step++) {
        struct equations at = {0};
        double inverse[PARAMETERS][PARAMETERS], change[PARAMETERS] = {0};
        for (size_t k = 0; k < fit->directions; k++) {
            add_direction(fit, estimate, k, theta, &at);
        }
        invert(at.information, inverse);
        largest = 0;
        for (int a = 0; a < PARAMETERS; a++) {
            for (int b = 0; b < PARAMETERS; b++) {
                change[a] += inverse[a][b] * at.score[b];
            }
            largest = fabs(change[a]) <= largest ? largest : fabs(change[a]); /* a NaN wins */
        }
        for (int a = 0; a < PARAMETERS; a++) {
            theta[a] += largest > 1 ? change[a] / largest : change[a];
        }
        *delta_stderr = delta_error(&at, inverse, fit->directions);
    }
    if (!(largest <= 1e-9)) {
        theta[0] = theta[1] = theta[2] = *delta_stderr = NAN;
    }
}

/* How far the sums of sigma b in the octaves are from those of the law: rms of their logarithms, over both targets and
   the octaves whose sum is more than three of its standard errors. */
static double alignment_deviation(const struct measure_fit *fit, const struct measure_estimate *estimate,
                                  const double theta[PARAMETERS], const struct octave *octave, size_t count)
{
    double weight = 0, square = 0;
    for (size_t o = 0; o < 2 * count; o++) {
        int j = (int)(o % 2);
        const enum measure_pair both[] = {(enum measure_pair)j, (enum measure_pair)j};
        size_t first = ((size_t)1 << o / 2) - 1, end = 2 * first + 1;
        double found = 0, law = 0, slope[PARAMETERS];
        end = end < fit->directions ? end : fit->directions;
        for (size_t k = first; k < end; k++) {
            found += fit->eigenvalue[k] * estimate->unbiased[j][k];
            law += fit->eigenvalue[k] * law_of(theta, j, k, slope);
        }
        if (found > 3 * sqrt(fmax(measure_covariance(fit, estimate, first, end, both), 0))) {
            double off = log(found / law);
            weight += octave[o / 2].weight;
            square += octave[o / 2].weight * off * off;
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
    double theta[PARAMETERS], delta_stderr = NAN;
    fit_alignments(fit, estimate, theta, &delta_stderr);
    double gamma = -line.slope - 1;
    *out = (struct power_law){
        .gamma = {gamma, line.slope_stderr},
        .delta = {theta[2], delta_stderr},
        .nu = sum_of(gamma + theta[2], line.slope_stderr, delta_stderr),
        .nu_prime = theta[2] >= 1 ? (struct exponent){1 + gamma, line.slope_stderr}
                                  : sum_of(gamma + theta[2], line.slope_stderr, delta_stderr),
        .Q = {1 - estimate->correlation, estimate->correlation_stderr},
        .eigenvalue_deviation = octaves > 2 ? line.deviation : NAN,
        .alignment_deviation = alignment_deviation(fit, estimate, theta, octave, octaves),
    };
    return power_law_compare(fit, estimate, line.level, out);
}
