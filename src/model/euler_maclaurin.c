/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The derivative terms of the Euler-Maclaurin formula, by arithmetic on Taylor series. */
#include "model/euler_maclaurin.h"

#include <math.h>

/* B_2k / (2k), k = 1.. */
static const double bernoulli_ratio[TAYLOR / 2] = {1.0 / 12,   -1.0 / 120, 1.0 / 252,
                                                   -1.0 / 240, 1.0 / 132,  -691.0 / 32760};

/* Taylor coefficients of (1+h)^power. */
static void binomial_series(double power, double out[TAYLOR])
{
    out[0] = 1;
    for (int n = 1; n < TAYLOR; n++) {
        out[n] = out[n - 1] * (power - n + 1) / n;
    }
}

static void series_product(const double left[TAYLOR], const double right[TAYLOR], double out[TAYLOR])
{
    for (int n = 0; n < TAYLOR; n++) {
        double sum = 0;
        for (int k = 0; k <= n; k++) {
            sum += left[k] * right[n - k];
        }
        out[n] = sum;
    }
}

static void series_reciprocal(const double in[TAYLOR], double out[TAYLOR])
{
    out[0] = 1 / in[0];
    for (int n = 1; n < TAYLOR; n++) {
        double sum = 0;
        for (int k = 1; k <= n; k++) {
            sum += in[k] * out[n - k];
        }
        out[n] = -sum * out[0];
    }
}

/* The derivative terms of Euler-Maclaurin for a function with these Taylor coefficients in h = i/end - 1. */
static double euler_maclaurin(const double series[TAYLOR], double end)
{
    double sum = 0;
    for (int k = TAYLOR / 2; k >= 1; k--) { /* smallest first */
        sum += bernoulli_ratio[k - 1] * series[2 * k - 1] * pow(end, 1 - 2 * k);
    }
    return sum;
}

void moat_endpoint_init(double i, double sign, double exponent, double nu, struct endpoint *out)
{
    out->i = i;
    out->sign = sign;
    out->scale = pow(i, exponent);
    out->alignment = pow(i, -1 - nu);
    binomial_series(exponent, out->power_scale);
    binomial_series(-1 - nu, out->power_alignment);
}

void moat_endpoint_add(const struct endpoint *end, double kappa, struct moat_spectrum_sums *sums)
{
    double u = kappa * end->scale;
    double denominator[TAYLOR], t[TAYLOR], t2[TAYLOR], rest[TAYLOR], aligned[TAYLOR], aligned2[TAYLOR];
    for (int n = 0; n < TAYLOR; n++) {
        denominator[n] = u * end->power_scale[n] + (n == 0);
    }
    series_reciprocal(denominator, t);
    series_product(t, t, t2);
    double scaled[TAYLOR]; /* 1 - t = u (1+h)^(1+gamma) t, without cancellation */
    for (int n = 0; n < TAYLOR; n++) {
        scaled[n] = u * end->power_scale[n];
    }
    series_product(scaled, t, rest);
    series_product(end->power_alignment, rest, aligned);
    series_product(aligned, rest, aligned2);
    double rest_t[TAYLOR];
    series_product(rest, t, rest_t);

    sums->df1 += end->sign * euler_maclaurin(t, end->i);
    sums->df2 += end->sign * euler_maclaurin(t2, end->i);
    sums->a1 += end->sign * end->alignment * euler_maclaurin(aligned, end->i);
    sums->a2 += end->sign * end->alignment * euler_maclaurin(aligned2, end->i);
    sums->rest1 += end->sign * euler_maclaurin(rest, end->i);
    sums->rest2 += end->sign * (euler_maclaurin(rest, end->i) + euler_maclaurin(rest_t, end->i));
}

double moat_endpoint_power(const struct endpoint *end, double power)
{
    double series[TAYLOR];
    binomial_series(-power, series);
    return end->sign * pow(end->i, -power) * euler_maclaurin(series, end->i);
}
