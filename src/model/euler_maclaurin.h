/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_EULER_MACLAURIN_H
#define MOAT_EULER_MACLAURIN_H

#include "moat/spectrum.h"

/* The derivative terms of the Euler-Maclaurin formula, at the ends of the integral that replaces a sum over i. The
   derivatives come from Taylor series in h = i/end - 1. Source: MODEL.md section 3.3. */
enum { TAYLOR = 12 }; /* derivatives 1, 3, .., 11 */

/* One end of the integral. */
struct endpoint {
    double i, scale;                /* scale = i^(1+gamma) */
    double alignment;               /* i^-(1+nu) */
    double power_scale[TAYLOR];     /* Taylor coefficients of (1+h)^(1+gamma) */
    double power_alignment[TAYLOR]; /* and of (1+h)^-(1+nu) */
    double sign;                    /* -1 at the lower end, +1 at the upper end */
};

/* Prepares the end i, with exponent = 1 + gamma. Local. */
void moat_endpoint_init(double i, double sign, double exponent, double nu, struct endpoint *out);

/* Adds the end's terms of the spectral sums at kappa. Local. */
void moat_endpoint_add(const struct endpoint *end, double kappa, struct moat_spectrum_sums *sums);

/* The end's terms of the sum of i^-power. Local. */
double moat_endpoint_power(const struct endpoint *end, double power);

#endif
