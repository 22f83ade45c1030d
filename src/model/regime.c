/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exponents of the theory and the ranges in which they are met. Source: MODEL.md section 11. */
#include "moat/regime.h"

#include <math.h>
#include <stdbool.h>

const char *const moat_regime_name[MOAT_REGIMES] = {"none",  "first",        "second",
                                                    "third", "transitional", "over_regularised"};

/* Power laws begin to show at this many data points or 1/D. Local exponents take about this factor to pass from one
   regime to the next, so that a shorter range shows nothing. And by this factor break points may be too low. */
static const double decade = 10;

double moat_regime_nu_prime(double gamma, double nu)
{
    return fmin(1 + gamma, nu);
}

/* Appends a regime, which is not met where it would end before it begins. */
static void append(struct moat_regimes *regimes, enum moat_regime regime, double exponent, double end)
{
    int k = regimes->count++;
    double begin = k > 0 ? regimes->end[k - 1] : 1;
    regimes->regime[k] = regime;
    regimes->exponent[k] = exponent;
    regimes->end[k] = end < begin ? begin : end; /* NaN stays */
}

/* An end a^p Q^q: INFINITY where a = 0 and p < 0. */
static double power_of(double a, double p, double Q, double q)
{
    return pow(a, p) * pow(Q, q);
}

void moat_regime_result_1(enum moat_scrutiny scrutiny, double gamma, double nu, double Q, double a,
                          struct moat_regimes *out)
{
    double nu_prime = moat_regime_nu_prime(gamma, nu), first = power_of(a, -1 / nu, Q, -1 / nu);
    *out = (struct moat_regimes){0};
    if (scrutiny == MOAT_SCRUTINY_TRAINED_MODEL && nu_prime < nu) {
        append(out, MOAT_REGIME_FIRST, 1, fmax(first, pow(a, -1 / nu_prime)));
        append(out, MOAT_REGIME_OVER_REGULARISED, 0, power_of(a, 1 - (nu + 1) / nu_prime, Q, 1));
    } else {
        append(out, MOAT_REGIME_FIRST, 1, first);
    }
    append(out, MOAT_REGIME_SECOND, 1 / (nu + 1), power_of(a, -1 - 2 / nu, Q, -1 / nu));
    append(out, MOAT_REGIME_THIRD, 0, INFINITY);
}

void moat_regime_result_2(enum moat_scrutiny scrutiny, double gamma, double nu, double Q, double a,
                          struct moat_regimes *out)
{
    double nu_prime = moat_regime_nu_prime(gamma, nu), first = power_of(a, -1, Q, -1), second = (nu + 1) / nu;
    bool third = scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE && nu_prime < nu;
    if (scrutiny == MOAT_SCRUTINY_TRAINED_MODEL) {
        first = fmax(first, pow(a, -nu / nu_prime));
    }
    *out = (struct moat_regimes){0};
    append(out, MOAT_REGIME_FIRST, 1 / nu, first);
    append(out, MOAT_REGIME_SECOND, second, third ? pow(a * Q, -nu / (nu - nu_prime)) : INFINITY);
    append(out, MOAT_REGIME_THIRD, third ? (nu_prime + 1) / nu_prime : second, INFINITY);
}

void moat_regime_scaling_law(double nu, double Q, double a, struct moat_regimes *out)
{
    *out = (struct moat_regimes){0};
    append(out, MOAT_REGIME_FIRST, nu, power_of(a, -1 / nu, Q, -1 / nu));
    append(out, MOAT_REGIME_SECOND, nu / (nu + 1), power_of(a, -1 - 2 / nu, Q, -1 / nu));
    append(out, MOAT_REGIME_THIRD, 0, INFINITY);
}

void moat_regime_excess_loss(double gamma, double nu, double Q, double a, struct moat_regimes *out)
{
    double nu_prime = moat_regime_nu_prime(gamma, nu);
    *out = (struct moat_regimes){0};
    append(out, MOAT_REGIME_FIRST, nu, power_of(a, -1 / nu, Q, -1 / nu));
    append(out, MOAT_REGIME_SECOND, nu / (nu + 1),
           nu_prime < nu ? pow(a * Q, -(nu_prime + 1) / (nu - nu_prime)) : INFINITY);
    append(out, MOAT_REGIME_THIRD, nu_prime / (nu_prime + 1), INFINITY);
}

double moat_regime_exponent(const struct moat_regimes *regimes, enum moat_regime regime)
{
    for (int k = 0; k < regimes->count; k++) {
        if (regimes->regime[k] == regime) {
            return regimes->exponent[k];
        }
    }
    return NAN;
}

double moat_regime_end(const struct moat_regimes *regimes, enum moat_regime regime)
{
    for (int k = 0; k < regimes->count; k++) {
        if (regimes->regime[k] == regime) {
            return regimes->end[k];
        }
    }
    return NAN;
}

/* Distance from the exponent of regime k to the next one towards `exponent`, or else to the next one away from it. */
static double room(const struct moat_regimes *regimes, double exponent, int k)
{
    double towards = INFINITY, away = INFINITY;
    for (int i = 0; i < regimes->count; i++) {
        double step = (regimes->exponent[i] - regimes->exponent[k]) * (exponent > regimes->exponent[k] ? 1 : -1);
        towards = step > 0 ? fmin(towards, step) : towards;
        away = step < 0 ? fmin(away, -step) : away;
    }
    return isfinite(towards) ? towards : away;
}

/* Whether theory has regime k at `variable`. The next term is as large at the end of a range, so the local exponent
   passes into the next regime after it, not before. */
static bool possible(const struct moat_regimes *regimes, double variable, int k)
{
    double begin = k > 0 ? regimes->end[k - 1] : 1, end = regimes->end[k];
    return end >= decade * begin && variable >= fmax(begin, decade) && variable < decade * end;
}

enum moat_regime moat_regime_at(const struct moat_regimes *regimes, double variable, double exponent)
{
    enum moat_regime found = MOAT_REGIME_TRANSITIONAL;
    if (isnan(exponent) || isnan(variable)) {
        return MOAT_REGIME_NONE;
    }
    for (int k = 0; k < regimes->count; k++) {
        bool near = fabs(exponent - regimes->exponent[k]) <= room(regimes, exponent, k) / 4;
        found = near && possible(regimes, variable, k) ? regimes->regime[k] : found;
    }
    return found;
}
