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
 * A solver is whatever yields the four coefficients A0, A1, A2, D of the losses (DESIGN.md section 2) at N data points
 * and a regularisation level. The level is given by a coordinate x, increasing with lambda; the deterministic solver
 * takes x = ln kappa. company and market see this interface only.
 *
 *     A0 = E |beta|^2_Sigma, the loss of predicting zero
 *     A1 = the loss of ridge regression on its own target
 *     A2 = E <beta - beta_hat, beta>_Sigma on its own target
 *     D  = what the label noise of a unit mixture adds
 */
struct moat_coefficients {
    double A1, A2, D;
    double A1_x, A2_x, D_x; /* derivatives in x at fixed N, or in ln N at fixed lambda: see coefficients_log_N */
};

/* N_E* is looked for up to this many data points. */
#define MOAT_N_MAX 1e30

struct moat_solver {
    bool single_minimum; /* whether every company's loss has one minimum in x */
    double A0;
    double N_low, N_high;   /* the finite N it is for; N_low > 1 or N_high < MOAT_N_MAX where data end */
    double N_covered;       /* largest finite N whose whole range of lambda in (0, 1) the coordinate covers */
    double N_interpolating; /* from this N on L1 -> 0 as lambda -> 0 at alpha = 1 (P finite), else INFINITY */
    const void *state;
    /* The range of x that lambda in (0, 1) makes at N points; 1 <= N < INFINITY. */
    void (*domain)(const void *state, double N, double *x_low, double *x_high);
    void (*coefficients)(const void *state, double N, double x, struct moat_coefficients *out);
    /* The coefficients with, in place of the derivatives in x, those in ln N at fixed lambda. */
    void (*coefficients_log_N)(const void *state, double N, double x, struct moat_coefficients *out);
    double (*lambda)(const void *state, double N, double x);
    /* The coordinate of a lambda in [0, 1]; x_low for lambda = 0. */
    double (*x_of_lambda)(const void *state, double N, double lambda);
    /* Where the coefficients are those of the deterministic equivalent, with x = ln kappa: the sums at any x and,
       tabulated at rising x over the whole range, at nodes. Minima are then found among the nodes first, and N_E* from
       N as a closed form at fixed x. Else nodes = 0. */
    void (*equivalent)(const void *state, double x, struct moat_spectral_sums *out);
    const struct moat_spectral_sums *node; /* [nodes] */
    size_t nodes;
};

#ifdef __cplusplus
}
#endif

#endif
