/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spectral sums in a time that does not depend on P.
 *
 * The first FIRST - 1 terms are summed one by one. From i = FIRST on, the Euler-Maclaurin formula turns the sum into an
 * integral, half of each end's term and derivatives at the ends. The integrand is analytic in y = ln i for
 * |Im y| < pi / (1 + gamma), so Gauss-Legendre panels of unit width converge to rounding. Their nodes and the direct
 * terms make one array of (i^(1+gamma), weights), and every sum is one pass over it. With P = inf the integral beyond
 * the last panel, where kappa i^(1+gamma) >= e^3, is a series in 1 / (kappa i^(1+gamma)). Source: MODEL.md sections 3.1
 * and 3.3.
 */
#include "moat/spectrum.h"

#include <float.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/euler_maclaurin.h"

enum {
    FIRST = 32,       /* where Euler-Maclaurin begins: its error is below 1e-15 of the term there */
    PANEL_NODES = 16, /* error 1e-18 on a panel of unit width at gamma = 2, the hardest */
    TAIL_TERMS = 16   /* e^(-3 * 16) = 1e-21 */
};
#define TAIL_START 3.0 /* ln(kappa i^(1+gamma)) beyond which the tail is a series */

struct moat_spectrum {
    double exponent; /* 1 + gamma */
    double nu, P;
    double a0, trace;
    double log_kappa_min;
    double tail_start; /* P = inf: the i where the panels end */
    int endpoints;
    struct endpoint endpoint[2];
    size_t nodes;
    double *scale;     /* i^(1+gamma) at each node */
    double *weight;    /* quadrature weight in i; 1 for a direct term */
    double *alignment; /* weight * i^-(1+nu) */
};

/* The integral from tail_start to infinity, a series in 1 / (kappa i^(1+gamma)). */
static void tail_add(const struct moat_spectrum *spectrum, double kappa, struct moat_spectrum_sums *sums)
{
    double s = spectrum->exponent, start = spectrum->tail_start;
    double w = pow(start, -s) / kappa, aligned = pow(start, -spectrum->nu), power = 1;
    for (int k = 0; k < TAIL_TERMS; k++) {
        double sign = k % 2 ? -1 : 1;
        sums->df1 += sign * start * power * w / (s * (k + 1) - 1);
        sums->df2 += sign * start * power * w * w * (k + 1) / (s * (k + 2) - 1);
        sums->a1 += sign * aligned * power / (spectrum->nu + s * k);
        sums->a2 += sign * aligned * power * (k + 1) / (spectrum->nu + s * k);
        power *= w;
    }
}

void moat_spectrum_sums(const struct moat_spectrum *spectrum, double log_kappa, struct moat_spectrum_sums *out)
{
    double kappa = exp(log_kappa);
    double df1 = 0, df2 = 0, a1 = 0, a2 = 0, rest1 = 0, rest2 = 0;
#pragma omp simd reduction(+ : df1, df2, a1, a2, rest1, rest2)
    for (size_t j = 0; j < spectrum->nodes; j++) {
        double u = kappa * spectrum->scale[j];
        double t = 1 / (1 + u);
        double rest = u * t;
        df1 += spectrum->weight[j] * t;
        df2 += spectrum->weight[j] * t * t;
        a1 += spectrum->alignment[j] * rest;
        a2 += spectrum->alignment[j] * rest * rest;
        rest1 += spectrum->weight[j] * rest;
        rest2 += spectrum->weight[j] * rest * (1 + t);
    }
    *out = (struct moat_spectrum_sums){df1, df2, a1, a2, rest1, rest2};
    for (int e = 0; e < spectrum->endpoints; e++) {
        moat_endpoint_add(&spectrum->endpoint[e], kappa, out);
    }
    if (isinf(spectrum->P)) {
        tail_add(spectrum, kappa, out);
        out->rest1 = out->rest2 = INFINITY;
    }
}

/* The sum of i^-power over the whole spectrum, on the same nodes: a node's term is weight * scale^(-power/exponent). */
static double power_sum(const struct moat_spectrum *spectrum, double power)
{
    double sum = 0;
    for (size_t j = spectrum->nodes; j-- > 0;) {
        sum += spectrum->weight[j] * pow(spectrum->scale[j], -power / spectrum->exponent);
    }
    for (int e = 0; e < spectrum->endpoints; e++) {
        sum += moat_endpoint_power(&spectrum->endpoint[e], power);
    }
    return isinf(spectrum->P) ? sum + pow(spectrum->tail_start, 1 - power) / (power - 1) : sum;
}

static void node_add(struct moat_spectrum *spectrum, double i, double weight)
{
    size_t j = spectrum->nodes++;
    spectrum->scale[j] = pow(i, spectrum->exponent);
    spectrum->weight[j] = weight;
    spectrum->alignment[j] = weight * pow(i, -1 - spectrum->nu);
}

/* The smallest ln kappa of the range. At P = inf it follows from df1 = kappa^(-1/s) (pi/s) / sin(pi/s) - 1/2 +
   .., the integral of t, with a margin. */
static double log_kappa_min(double exponent, double P)
{
    if (isfinite(P)) {
        return -exponent * log(P) - 60;
    }
    double angle = M_PI / exponent;
    return -exponent * log(MOAT_SPECTRUM_DF1_MAX * sin(angle) / angle) - 0.1;
}

static enum moat_status nodes_fill(struct moat_spectrum *spectrum, bool direct, double y_end)
{
    enum moat_status status = MOAT_OK;
    double last = direct ? spectrum->P : (double)FIRST;
    double y_first = log(FIRST);
    size_t panels = direct ? 0 : (size_t)ceil(y_end - y_first);
    size_t capacity = (size_t)last + panels * PANEL_NODES + 1;
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* GSL's own ends the process when memory is short */
    gsl_integration_glfixed_table *gauss = gsl_integration_glfixed_table_alloc(PANEL_NODES);
    gsl_set_error_handler(handler);

    spectrum->scale = malloc(capacity * sizeof(double));
    spectrum->weight = malloc(capacity * sizeof(double));
    spectrum->alignment = malloc(capacity * sizeof(double));
    if (!gauss || !spectrum->scale || !spectrum->weight || !spectrum->alignment) {
        status = moat_error_set(MOAT_MEMORY, "out of memory for a spectrum of %zu nodes", capacity);
        goto cleanup;
    }

    for (size_t i = 1; i < (size_t)last; i++) {
        node_add(spectrum, (double)i, 1);
    }
    node_add(spectrum, last, direct ? 1 : 0.5);
    double width = panels ? (y_end - y_first) / (double)panels : 0;
    for (size_t p = 0; p < panels; p++) {
        for (size_t n = 0; n < PANEL_NODES; n++) {
            double y, weight;
            gsl_integration_glfixed_point(y_first + width * (double)p, y_first + width * (double)(p + 1), n, &y,
                                          &weight, gauss);
            node_add(spectrum, exp(y), weight * exp(y));
        }
    }
    if (!direct && isfinite(spectrum->P)) {
        node_add(spectrum, spectrum->P, 0.5);
    }

cleanup:
    if (gauss) {
        gsl_integration_glfixed_table_free(gauss);
    }
    return status;
}

enum moat_status moat_spectrum_create(double gamma, double nu, double P, struct moat_spectrum **out)
{
    *out = NULL;
    if (!(gamma >= 0.01 && gamma <= 2)) {
        return moat_error_set(MOAT_USAGE, "gamma: found %g, expected 0.01 <= gamma <= 2", gamma);
    }
    if (!(nu > gamma && nu <= 2 * (1 + gamma) * (1 + 4 * DBL_EPSILON))) { /* 2.02 with gamma = 0.01 is in */
        return moat_error_set(MOAT_USAGE, "nu: found %g, expected gamma < nu <= 2 (1 + gamma) = %g", nu,
                              2 * (1 + gamma));
    }
    if (!(P >= 1 && (isinf(P) || (P <= 1e9 && P == floor(P))))) {
        return moat_error_set(MOAT_USAGE, "P: found %g, expected a whole number in [1, 1e9] or .inf", P);
    }

    struct moat_spectrum *spectrum = calloc(1, sizeof *spectrum);
    if (!spectrum) {
        return moat_error_set(MOAT_MEMORY, "out of memory for a spectrum");
    }
    spectrum->exponent = 1 + gamma;
    spectrum->nu = nu;
    spectrum->P = P;
    spectrum->log_kappa_min = log_kappa_min(spectrum->exponent, P);

    bool direct = P <= 2 * FIRST;
    double y_end = isinf(P) ? (TAIL_START - spectrum->log_kappa_min) / spectrum->exponent : log(P);
    spectrum->tail_start = isinf(P) ? exp(y_end) : 0;
    if (!direct) {
        moat_endpoint_init(FIRST, -1, spectrum->exponent, nu, &spectrum->endpoint[spectrum->endpoints++]);
        if (isfinite(P)) {
            moat_endpoint_init(P, 1, spectrum->exponent, nu, &spectrum->endpoint[spectrum->endpoints++]);
        }
    }
    enum moat_status status = nodes_fill(spectrum, direct, y_end);
    if (status != MOAT_OK) {
        moat_spectrum_destroy(&spectrum);
        return status;
    }
    spectrum->a0 = power_sum(spectrum, 1 + nu);
    spectrum->trace = power_sum(spectrum, 1 + gamma);
    *out = spectrum;
    return MOAT_OK;
}

void moat_spectrum_destroy(struct moat_spectrum **spectrum)
{
    if (*spectrum) {
        free((*spectrum)->scale);
        free((*spectrum)->weight);
        free((*spectrum)->alignment);
        free(*spectrum);
        *spectrum = NULL;
    }
}

double moat_spectrum_log_kappa_min(const struct moat_spectrum *spectrum)
{
    return spectrum->log_kappa_min;
}

double moat_spectrum_a0(const struct moat_spectrum *spectrum)
{
    return spectrum->a0;
}

double moat_spectrum_trace(const struct moat_spectrum *spectrum)
{
    return spectrum->trace;
}
