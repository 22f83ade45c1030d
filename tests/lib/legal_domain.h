/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LEGAL_DOMAIN_H
#define LEGAL_DOMAIN_H

#include <gsl/gsl_rng.h>

/* Random markets over everything a config may ask for, denser where the problem is hard: next to N = P, tau = L_star/4,
   tau = L_star and tau_E = tau_I, and at the ends of the ranges. Every function is Local. */
struct legal_spectrum {
    double gamma, nu, P; /* P may be INFINITY */
};

struct legal_market {
    double N_I, Q;       /* N_I may be INFINITY */
    double tau_I, tau_E; /* in L_star; may be INFINITY */
};

struct legal_spectrum legal_spectrum(gsl_rng *rng);

struct legal_market legal_market(gsl_rng *rng, double P);

#endif
