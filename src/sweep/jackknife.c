/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leave-one-out thresholds. */
#include "sweep/jackknife.h"

#include <math.h>
#include <stdlib.h>

struct jackknife {
    size_t trials;
    struct moat_empirical **empirical; /* [trials + 1]: without each trial (NULL: not enough are left), then with all */
    struct moat_company *incumbent;    /* [trials + 1], likewise */
    double *value;                     /* [trials], leave-one-out */
};

enum moat_status jackknife_create(const struct moat_deterministic *deterministic, const struct ladder *ladder,
                                  size_t nu, struct jackknife **out)
{
    size_t trials = ladder->trials, values = ladder->rungs * ladder->lambdas;
    struct jackknife *jackknife = *out = calloc(1, sizeof *jackknife);
    double *mean = malloc(3 * values * sizeof(double));
    enum moat_status status = MOAT_MEMORY;
    if (jackknife) {
        jackknife->trials = trials;
        jackknife->empirical = calloc(trials + 1, sizeof(struct moat_empirical *));
        jackknife->incumbent = calloc(trials + 1, sizeof(struct moat_company));
        jackknife->value = calloc(trials, sizeof(double));
    }
    if (!jackknife || !mean || !jackknife->empirical || !jackknife->incumbent || !jackknife->value) {
        moat_error_set(MOAT_MEMORY, "out of memory for the jackknife");
        goto cleanup;
    }
    status = MOAT_OK;
    for (size_t i = 0; i <= trials && status == MOAT_OK; i++) {
        struct moat_empirical_tables tables;
        status = ladder_mean(ladder, nu, i < trials ? i : LADDER_ALL, mean, mean + values, mean + 2 * values, &tables);
        if (status == MOAT_OK) {
            status = moat_empirical_create(deterministic, &tables, &jackknife->empirical[i]);
        }
        if (status == MOAT_NUMERICAL && i < trials) {
            status = MOAT_OK; /* the threshold itself needs all trials only */
        }
    }

cleanup:
    free(mean);
    if (status != MOAT_OK) {
        jackknife_destroy(out);
    }
    return status;
}

void jackknife_destroy(struct jackknife **jackknife)
{
    if (*jackknife) {
        for (size_t i = 0; (*jackknife)->empirical && i <= (*jackknife)->trials; i++) {
            moat_empirical_destroy(&(*jackknife)->empirical[i]);
        }
        free((*jackknife)->empirical);
        free((*jackknife)->incumbent);
        free((*jackknife)->value);
        free(*jackknife);
        *jackknife = NULL;
    }
}

void jackknife_incumbent(struct jackknife *jackknife, double N, double Q, double tau, struct moat_company *out)
{
    for (size_t i = 0; i <= jackknife->trials; i++) {
        if (!jackknife->empirical[i]) {
            continue;
        }
        struct moat_solver solver = moat_empirical_solver(jackknife->empirical[i]);
        moat_company_solve(&solver, N, Q, tau, &jackknife->incumbent[i]);
    }
    *out = jackknife->incumbent[jackknife->trials];
}

struct moat_solver jackknife_solver(const struct jackknife *jackknife)
{
    return moat_empirical_solver(jackknife->empirical[jackknife->trials]);
}

/* Of the leave-one-out values; NaN where one of them is. */
static double standard_error_of(const double *value, size_t trials)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < trials; i++) {
        mean += value[i] / (double)trials;
    }
    for (size_t i = 0; i < trials; i++) {
        squares += (value[i] - mean) * (value[i] - mean);
    }
    return sqrt(squares * (double)(trials - 1) / (double)trials);
}

void jackknife_threshold(struct jackknife *jackknife, double Q, double tau_I, double tau_E, struct moat_threshold *out,
                         double *standard_error)
{
    size_t trials = jackknife->trials;
    struct moat_solver solver = jackknife_solver(jackknife);
    moat_market_threshold(&solver, Q, &jackknife->incumbent[trials], tau_I, tau_E, out);
    *standard_error = NAN;
    if (isnan(out->N_E_star)) {
        return;
    }
    for (size_t i = 0; i < trials; i++) {
        struct moat_threshold without;
        if (!jackknife->empirical[i]) {
            return;
        }
        solver = moat_empirical_solver(jackknife->empirical[i]);
        moat_market_threshold(&solver, Q, &jackknife->incumbent[i], tau_I, tau_E, &without);
        jackknife->value[i] = without.N_E_star;
    }
    *standard_error = standard_error_of(jackknife->value, trials);
}

void jackknife_scaling_law(struct jackknife *jackknife, double N, double Q, double alpha, double lambda,
                           struct moat_scaling_law *out, double *standard_error)
{
    struct moat_solver solver = jackknife_solver(jackknife);
    moat_scaling_law_solve(&solver, N, Q, alpha, lambda, out);
    *standard_error = NAN;
    for (size_t i = 0; i < jackknife->trials; i++) {
        struct moat_scaling_law without;
        if (!jackknife->empirical[i]) {
            return;
        }
        solver = moat_empirical_solver(jackknife->empirical[i]);
        moat_scaling_law_solve(&solver, N, Q, alpha, lambda, &without);
        jackknife->value[i] = without.loss;
    }
    *standard_error = standard_error_of(jackknife->value, jackknife->trials);
}
