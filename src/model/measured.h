/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MODEL_MEASURED_H
#define MOAT_MODEL_MEASURED_H

#include "moat/elasticity.h"
#include "moat/measured.h"
#include "moat/scaling_law.h"
#include "model/alignment.h"

struct moat_measured {
    struct alignment_table table;
    double L_star, noise1, noise2;
    double trace; /* sum sigma */
    double n;     /* directions */
};

/* A company's solution, and the threshold's, on the solver's measured spectrum: struct moat_solver_methods. Local. */
void moat_measured_company(const struct moat_market *market, double N, double tau, struct moat_company *out);
void moat_measured_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                             struct moat_threshold *out);
void moat_measured_elasticity(const struct moat_market *market, const struct moat_company *incumbent,
                              const struct moat_threshold *threshold, struct moat_elasticity *out);

void moat_measured_scaling_law(const struct moat_solver *solver, double N, double alpha, double lambda,
                               struct moat_scaling_law *out);

/* The x of lambda = 0 and of lambda = 1 at N data points; with N = INFINITY the table's lower end and 0. Local. */
void moat_measured_domain(const struct moat_measured *measured, double N, double *x_low, double *x_high);

/* The x of a lambda in [0, 1] at N data points. Local. */
double moat_measured_x(const struct moat_measured *measured, double N, double lambda);

#endif
