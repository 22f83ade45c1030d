/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "legal_domain.h"

#include <math.h>

static double uniform(gsl_rng *rng, double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

static double log_uniform(gsl_rng *rng, double low, double high)
{
    return exp(uniform(rng, log(low), log(high)));
}

static int below(gsl_rng *rng, int n)
{
    return (int)gsl_rng_uniform_int(rng, (unsigned long)n);
}

static double draw_P(gsl_rng *rng)
{
    switch (below(rng, 6)) {
    case 0:
        return 1 + below(rng, 10);
    case 1:
    case 2:
        return floor(log_uniform(rng, 1, 1e9));
    default:
        return INFINITY;
    }
}

static double draw_N_I(gsl_rng *rng, double P)
{
    if (isfinite(P) && below(rng, 3) == 0) {
        double near = exp(uniform(rng, -20, 0)), N[] = {P, P * (1 - near), P * (1 + near), P / 2, 2 * P};
        return fmin(fmax(1, N[below(rng, 5)]), 1e15);
    }
    switch (below(rng, 10)) {
    case 0:
        return INFINITY;
    case 1:
        return 1;
    case 2:
        return log_uniform(rng, 1, 100);
    default:
        return log_uniform(rng, 1, 1e15);
    }
}

/* In L_star: any threshold, denser next to L_star/4 and L_star. */
static double draw_tau(gsl_rng *rng)
{
    switch (below(rng, 8)) {
    case 0:
        return INFINITY;
    case 1:
        return 1 + (below(rng, 2) ? -0.7 : 1) * exp(uniform(rng, -30, 0));
    case 2:
        return 0.25 * (1 + exp(uniform(rng, -15, 0)));
    case 3:
        return below(rng, 2) ? 1 : 0.9;
    case 4:
        return exp(uniform(rng, -2, 8));
    default:
        return uniform(rng, 0.25, 1.3);
    }
}

static double draw_tau_E(gsl_rng *rng, double tau_I)
{
    switch (below(rng, 6)) {
    case 0:
        return tau_I * (below(rng, 2) ? 1 : 1 + exp(uniform(rng, -25, 0)));
    case 1:
        return INFINITY;
    default:
        return draw_tau(rng);
    }
}

struct legal_spectrum legal_spectrum(gsl_rng *rng)
{
    double gamma = below(rng, 10) ? uniform(rng, 0.01, 2) : below(rng, 2) ? 0.01 : 2, nu_max = 2 * (1 + gamma);
    double nu = below(rng, 10) ? fmin(nu_max, gamma + (2 + gamma) * gsl_rng_uniform_pos(rng)) : nu_max;
    return (struct legal_spectrum){gamma, nu, draw_P(rng)};
}

struct legal_market legal_market(gsl_rng *rng, double P)
{
    double tau_I = draw_tau(rng), tau_E = draw_tau_E(rng, tau_I);
    double Q = below(rng, 5) == 0 ? 1 : below(rng, 2) ? log_uniform(rng, 1e-6, 1) : gsl_rng_uniform_pos(rng);
    return (struct legal_market){draw_N_I(rng, P), Q, tau_I, tau_E};
}
