/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exponents of the theory, and the nearest of them. */
#include "moat/regime.h"

#include <math.h>

const char *const moat_regime_name[MOAT_REGIMES] = {"none", "first", "second", "third", "transitional"};

double moat_regime_nu_prime(double gamma, double nu)
{
    return fmin(1 + gamma, nu);
}

void moat_regime_result_1(double nu, double exponent[MOAT_REGIME_EXPONENTS])
{
    exponent[0] = 1;
    exponent[1] = 1 / (nu + 1);
    exponent[2] = 0;
}

void moat_regime_result_2(double gamma, double nu, double exponent[MOAT_REGIME_EXPONENTS])
{
    double nu_prime = moat_regime_nu_prime(gamma, nu);
    exponent[0] = 1 / nu;
    exponent[1] = (nu + 1) / nu;
    exponent[2] = (nu_prime + 1) / nu_prime;
}

void moat_regime_scaling_law(double nu, double exponent[MOAT_REGIME_EXPONENTS])
{
    exponent[0] = nu;
    exponent[1] = nu / (nu + 1);
    exponent[2] = 0;
}

void moat_regime_excess_loss(double gamma, double nu, double exponent[MOAT_REGIME_EXPONENTS])
{
    double nu_prime = moat_regime_nu_prime(gamma, nu);
    exponent[0] = nu;
    exponent[1] = nu / (nu + 1);
    exponent[2] = nu_prime / (nu_prime + 1);
}

/* Distance from theory[nearest] to the next exponent towards `exponent`, or else to the next one away from it. */
static double room(double exponent, const double theory[MOAT_REGIME_EXPONENTS], int nearest)
{
    double towards = INFINITY, away = INFINITY;
    for (int i = 0; i < MOAT_REGIME_EXPONENTS; i++) {
        double step = (theory[i] - theory[nearest]) * (exponent > theory[nearest] ? 1 : -1);
        towards = step > 0 ? fmin(towards, step) : towards;
        away = step < 0 ? fmin(away, -step) : away;
    }
    return isfinite(towards) ? towards : away;
}

enum moat_regime moat_regime_nearest(double exponent, const double theory[MOAT_REGIME_EXPONENTS])
{
    int nearest = 0;
    if (isnan(exponent)) {
        return MOAT_REGIME_NONE;
    }
    for (int i = 1; i < MOAT_REGIME_EXPONENTS; i++) {
        nearest = fabs(exponent - theory[i]) < fabs(exponent - theory[nearest]) ? i : nearest;
    }
    double quarter = room(exponent, theory, nearest) / 4;
    return fabs(exponent - theory[nearest]) <= quarter ? (enum moat_regime)(MOAT_REGIME_FIRST + nearest)
                                                       : MOAT_REGIME_TRANSITIONAL;
}

enum moat_regime moat_regime_market(double gamma, double nu, double N_I, double exponent_N_I, double exponent_D)
{
    double theory[MOAT_REGIME_EXPONENTS];
    if (isfinite(N_I)) {
        moat_regime_result_1(nu, theory);
        return moat_regime_nearest(exponent_N_I, theory);
    }
    moat_regime_result_2(gamma, nu, theory);
    return moat_regime_nearest(exponent_D, theory);
}
