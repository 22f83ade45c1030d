/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closed forms of infinite data. */
#include "moat/limit.h"

#include <math.h>

double moat_limit_loss(double L_star, double tau)
{
    double root = tau < L_star ? (L_star - tau) / (sqrt(L_star) + sqrt(tau)) : 0;
    return tau < L_star / 4 ? NAN : root * root;
}

double moat_limit_gap(double L_star, double tau_I, double tau_E)
{
    double I = fmin(tau_I, L_star), E = fmin(tau_E, L_star);
    double root = sqrt(L_star), root_I = sqrt(I), root_E = sqrt(E);
    double gap = (E - I) / (root_E + root_I) * ((L_star - I) / (root + root_I) + (L_star - E) / (root + root_E));
    return fmin(I, E) < L_star / 4 ? NAN : gap;
}
