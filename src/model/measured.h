/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MODEL_MEASURED_H
#define MOAT_MODEL_MEASURED_H

#include "moat/elasticity.h"
#include "moat/measured.h"
#include "moat/scaling_law.h"
#include "model/alignment_loss.h"
#include "model/valley.h"

struct moat_measured {
    struct alignment_table table;
    double L_star, noise1, noise2;
    double trace; /* sum sigma */
    double n;     /* directions */
};

/* A company without scrutiny, whose losses are counted from 0. Local. */
struct stance moat_measured_stance(const struct moat_measured *measured);

/* Sets feasible, x and end of a company of out->N data points at the least over `valley`, and returns whether the rest
 *of out is to be filled: not where no x is feasible, nor where it has no loss at all and *out is complete. Local. */
bool moat_measured_best_x(const struct moat_solver *solver, const struct stance *stance, const struct valley *valley,
                          struct moat_company *out);

/* A company's solution, and the threshold's, on the solver's measured spectrum: struct moat_solver_methods. Local. */
void moat_measured_company(const struct moat_market *market, double N, double tau, struct moat_company *out);
void moat_measured_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                             struct moat_threshold *out);
void moat_measured_elasticity(const struct moat_market *market, const struct moat_company *incumbent,
                              const struct moat_threshold *threshold, struct moat_elasticity *out);

/* The slopes of both losses at a company's choice, with its s. `state` is that of a solver. Local. */
typedef struct alignment_slopes slopes_function(const void *state, const struct stance *stance,
                                                const struct moat_company *company, double s);

struct slopes_of {
    slopes_function *at;
    const void *state;
    const struct moat_measured *measured; /* which the stances are taken on */
};

struct alignment_slopes moat_measured_slopes(const void *state, const struct stance *stance,
                                             const struct moat_company *company, double s);

/* moat_elasticity_threshold from the slopes of both losses. Local. */
void moat_elasticity_by_slopes(const struct moat_market *market, const struct slopes_of *slopes,
                               const struct moat_company *incumbent, const struct moat_threshold *threshold,
                               struct moat_elasticity *out);

void moat_measured_scaling_law(const struct moat_solver *solver, double N, double alpha, double lambda,
                               struct moat_scaling_law *out);

/* The x of lambda = 0 and of lambda = 1 at N data points; with N = INFINITY the table's lower end and 0. Local. */
void moat_measured_domain(const struct moat_measured *measured, double N, double *x_low, double *x_high);

/* The x of a lambda in [0, 1] at N data points. Local. */
double moat_measured_x(const struct moat_measured *measured, double N, double lambda);

#endif
