/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What several keys of a config must agree on: one place for the incumbent's threshold, a ladder that can be solved, a
 * grid of bounded size, thresholds that some company could meet.
 */
#include "sweep/config_internal.h"

#include <math.h>
#include <stdio.h>

#include <gsl/gsl_sf_zeta.h>

#include "moat/empirical.h"

#define GRID_POINTS_MAX 1e10

/* LAPACK's eigensolver indexes its workspace with 32 bits: the largest order it can solve. */
#define ORDER_MAX 32766

struct axis *config_axis(struct config *config, int axis)
{
    return axis == AXIS_LADDER ? &config->ridge.N : &config->grid.axis[axis];
}

/* The incumbent's threshold stands in one place. */
static enum moat_status check_incumbent(const struct reading *reading)
{
    const struct node *incumbent = tree_find(reading->root, "incumbent");
    bool scalar = reading->config->grid.axis[GRID_TAU_I].scalar;
    if (reading->config->sweep != SWEEP_MARKET_ENTRY || (incumbent != NULL) == scalar) {
        return MOAT_OK;
    }
    return incumbent ? node_refuse(incumbent, NULL, "none beside grid.tau_I, or no grid.tau_I")
                     : node_refuse_missing(reading->root, "incumbent", "{tau: ..}, or an axis grid.tau_I");
}

/* Refuses a grid of too many points. */
static enum moat_status check_size(const struct reading *reading)
{
    double points = 1;
    char found[256];
    size_t used = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (reading->request[a].node) {
            points *= (double)reading->request[a].size;
            used += (size_t)snprintf(found + used, sizeof found - used, "%s%s %zu", used > 0 ? " x " : "",
                                     axis_table[reading->config->sweep][a].name, reading->request[a].size);
        }
    }
    if (points <= GRID_POINTS_MAX) {
        return MOAT_OK;
    }
    snprintf(found + used, sizeof found - used, " = %.3g points", points);
    return node_refuse(tree_find(reading->root, "grid"), found, "at most 1e10: take fewer values, or split the sweep");
}

static enum moat_status fill_axes(struct reading *reading)
{
    enum moat_status status = MOAT_OK;
    for (int a = 0; a < CONFIG_AXES && status == MOAT_OK; a++) {
        struct axis *axis = config_axis(reading->config, a);
        if (!axis->values && (a != AXIS_LADDER || reading->request[a].node)) {
            status = config_axis_fill(&reading->request[a], axis);
        }
    }
    return status;
}

/* The ladder: whole numbers, enough of them, not too large. */
static enum moat_status check_ladder(const struct reading *reading)
{
    const struct node *node = reading->request[AXIS_LADDER].node;
    struct axis *N = &reading->config->ridge.N;
    char found[64];
    for (size_t k = 0; k < N->size; k++) {
        N->values[k] = round(N->values[k]);
        if (k > 0 && N->values[k] == N->values[k - 1]) {
            return node_refuse(node_entry(node, "points"), NULL,
                               "fewer: neighbouring rungs round to the same whole number");
        }
    }
    if (N->size < MOAT_EMPIRICAL_RUNGS_MIN) {
        snprintf(found, sizeof found, "%zu rungs", N->size);
        return node_refuse(node, found, "at least %d, to interpolate between", MOAT_EMPIRICAL_RUNGS_MIN);
    }
    double P = reading->config->measured ? 1 : reading->config->P; /* not known yet: ridge_solve refuses the order */
    double order = fmin(N->values[N->size - 1], P);
    snprintf(found, sizeof found, "%.0f", order);
    return order > ORDER_MAX ? node_refuse(node, found, "the smaller of the largest N and P at most %d", ORDER_MAX)
                             : MOAT_OK;
}

/* The data sets of `solver: ridge`. */
static enum moat_status check_ridge(const struct reading *reading)
{
    struct config *config = reading->config;
    double P = (double)config->ridge.P;
    if (config->solver != SOLVER_RIDGE) {
        return MOAT_OK;
    }
    if (config->measured) {
        return check_ladder(reading);
    }
    if (isfinite(config->P) && config->P != P) {
        return node_refuse(tree_find(reading->root, "ridge.P"), NULL, "model.P, or model.P .inf");
    }
    config->P = P;
    return check_ladder(reading);
}

/* L_star = 2 Q sum over i <= P of i^-(1+nu). Source: MODEL.md section 1. */
static double L_star(double Q, double nu, double P)
{
    return 2 * Q * (gsl_sf_zeta(1 + nu) - (isinf(P) ? 0 : gsl_sf_hzeta(1 + nu, P + 1)));
}

/* No company meets a safety loss below L_star/4, with any amount of data: refuses a sweep in which every point asks for
   that. On a measured spectrum some may. Source: MODEL.md sections 1 and 15. */
static enum moat_status check_thresholds(const struct reading *reading)
{
    const struct config *config = reading->config;
    if (config->measured) {
        return MOAT_OK;
    }
    const struct axis *Q = &config->grid.axis[GRID_Q], *nu = &config->grid.axis[GRID_NU];
    double least = 0.25;
    char expected[160] = "at least 0.25: no company can meet less than L_star/4";
    if (config->tau_unit == MOAT_TAU_ABSOLUTE) { /* L_star rises with Q and falls with nu */
        least *= L_star(Q->values[0], nu->values[nu->size - 1], config->P);
        snprintf(expected, sizeof expected,
                 "at least %.6g: no company can meet less than L_star/4, at any (Q, nu) of this grid", least);
    }
    for (int a = 0; a < GRID_AXES; a++) {
        const struct axis *tau = &config->grid.axis[a];
        double largest = tau->values[tau->size - 1];
        char found[64];
        if (!axis_table[config->sweep][a].threshold || !(largest < least)) {
            continue;
        }
        snprintf(found, sizeof found, "%.6g as the largest value", largest);
        return tau->scalar ? node_refuse(tree_find(reading->root, axis_table[config->sweep][a].scalar_key), NULL, "%s",
                                         expected)
                           : node_refuse(reading->request[a].node, found, "%s", expected);
    }
    return MOAT_OK;
}

enum moat_status config_check(struct reading *reading)
{
    enum moat_status status = check_incumbent(reading);
    if (status == MOAT_OK) {
        status = check_size(reading);
    }
    if (status == MOAT_OK) {
        status = fill_axes(reading);
    }
    if (status == MOAT_OK) {
        status = check_ridge(reading);
    }
    return status == MOAT_OK ? check_thresholds(reading) : status;
}
