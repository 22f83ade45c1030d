/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SOLVER_H
#define MOAT_SOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "moat/spectral_sums.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A solver yields the four coefficients A0, A1, A2, D of the losses at N data points and a ridge level. A coordinate x
 * that increases with lambda stands for the level; the deterministic solver takes x = ln kappa. Companies, markets and
 * scaling laws know a solver by this interface alone. Source: MODEL.md section 2.
 *
 *     A0 = E |beta|^2_Sigma, the loss of predicting zero
 *     A1 = the loss of ridge regression on its own target
 *     A2 = E <beta - beta_hat, beta>_Sigma, the part of its own target that it leaves unexplained, times A0
 *     D  = the loss that label noise adds, if the noise of point x has variance x^T diag(b) x
 */

/* The coefficients and their derivatives in x at fixed N. */
struct moat_coefficients {
    double A1, A2, D;
    double A1_x, A2_x, D_x;
};

/* The coefficients and their derivatives in ln N at fixed lambda. */
struct moat_coefficients_log_N {
    double A1, A2, D;
    double A1_log_N, A2_log_N, D_log_N;
};

/* The spectral sums of a solver whose coefficients are those of the deterministic equivalent, with x = ln kappa. Minima
   over x are then enclosed by table nodes first, and N_E* is a closed form at fixed x. */
struct moat_sums_table {
    const void *state;
    void (*sums)(const void *state, double x, struct moat_spectral_sums *out);
    const struct moat_spectral_sums *node; /* [nodes], at rising x over the whole range */
    size_t nodes;
};

struct moat_solver;
struct moat_market;
struct moat_company;
struct moat_threshold;
struct moat_elasticity;
struct moat_scaling_law;

/* The functions of market.h, company.h, elasticity.h and scaling_law.h for a solver whose losses four coefficients do
   not hold. They take and fill what those functions do; `threshold` need not set what is NaN where there is none. */
struct moat_solver_methods {
    void (*company)(const struct moat_market *market, double N, double tau, struct moat_company *out);
    void (*threshold)(const struct moat_market *market, const struct moat_company *incumbent,
                      struct moat_threshold *out);
    void (*elasticity)(const struct moat_market *market, const struct moat_company *incumbent,
                       const struct moat_threshold *threshold, struct moat_elasticity *out);
    void (*scaling_law)(const struct moat_solver *solver, double N, double alpha, double lambda,
                        struct moat_scaling_law *out);
};

/* N_E* is looked for up to this many data points. */
#define MOAT_N_MAX 1e30

struct moat_solver {
    bool single_minimum; /* whether every company's loss has one minimum in x */
    double A0;
    double N_low, N_high;   /* the finite N it is for; N_low > 1 or N_high < MOAT_N_MAX where data end */
    double N_covered;       /* largest finite N whose whole range of lambda in (0, 1) the coordinate covers */
    double N_interpolating; /* from this N on L1 -> 0 as lambda -> 0 at alpha = 1 (P finite), else INFINITY */
    const void *state;      /* the first argument of each function below */
    /* The range of x for lambda in (0, 1) at N points, 1 <= N < INFINITY. */
    void (*domain)(const void *state, double N, double *x_low, double *x_high);
    void (*coefficients)(const void *state, double N, double x, struct moat_coefficients *out);
    void (*coefficients_log_N)(const void *state, double N, double x, struct moat_coefficients_log_N *out);
    double (*lambda)(const void *state, double N, double x);
    /* The x of a lambda in [0, 1]; x_low for lambda = 0. */
    double (*x_of_lambda)(const void *state, double N, double lambda);
    const struct moat_sums_table *table; /* NULL for a solver without spectral sums */
    /* NULL for a solver with coefficients. Where it is set, A0 = L_star / 2, Q = 1, and there are no functions above.
     */
    const struct moat_solver_methods *methods;
};

#ifdef __cplusplus
}
#endif

#endif
