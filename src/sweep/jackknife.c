/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leave-one-out thresholds and losses. */
#include "sweep/jackknife.h"

#include <math.h>
#include <stdlib.h>

/* The solver on one set of trials, and what it is made of; `there` is false where too few trials are left. */
struct trial_set {
    bool there;
    struct moat_empirical *empirical; /* of power laws */
    struct moat_sampled *sampled;     /* on a measured spectrum */
    struct moat_solver solver;
};

struct jackknife {
    size_t trials;         /* to leave out, 0 without errors */
    struct trial_set *set; /* [trials + 1]: without each trial, then with all */
    double *value;         /* [trials], room for the leave-one-out values of one call */
};

static enum moat_status make_set(const struct jackknife_basis *basis, const struct ladder *ladder, const double *means,
                                 struct trial_set *set)
{
    enum moat_status status;
    if (basis->measured) {
        struct moat_sampled_tables tables = ladder_sampled_tables(ladder, means);
        status = moat_sampled_create(basis->measured, &tables, &set->sampled);
    } else {
        struct moat_empirical_tables tables = ladder_empirical_tables(ladder, means);
        status = moat_empirical_create(basis->deterministic, &tables, &set->empirical);
    }
    if (status == MOAT_OK) {
        set->there = true;
        set->solver = basis->measured ? moat_sampled_solver(set->sampled) : moat_empirical_solver(set->empirical);
    }
    return status;
}

enum moat_status jackknife_create(const struct jackknife_basis *basis, const struct ladder *ladder, size_t nu,
                                  bool errors, struct jackknife **out)
{
    size_t trials = errors ? ladder->trials : 0, values = ladder->rungs * ladder_slice(ladder);
    struct jackknife *jackknife = *out = calloc(1, sizeof *jackknife);
    double *mean = malloc(LADDER_TABLES_MOST * values * sizeof(double));
    enum moat_status status = MOAT_MEMORY;
    if (jackknife) {
        jackknife->trials = trials;
        jackknife->set = calloc(trials + 1, sizeof *jackknife->set);
        jackknife->value = calloc(trials + 1, sizeof(double));
    }
    if (!jackknife || !mean || !jackknife->set || !jackknife->value) {
        moat_error_set(MOAT_MEMORY, "out of memory for the jackknife");
        goto cleanup;
    }
    status = MOAT_OK;
    for (size_t i = 0; i <= trials && status == MOAT_OK; i++) {
        status = ladder_mean(ladder, nu, i < trials ? i : LADDER_ALL, mean);
        if (status == MOAT_OK) {
            status = make_set(basis, ladder, mean, &jackknife->set[i]);
        }
        if (status == MOAT_NUMERICAL && i < trials) {
            status = MOAT_OK; /* the threshold itself only needs the mean of all trials */
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
        for (size_t i = 0; (*jackknife)->set && i <= (*jackknife)->trials; i++) {
            moat_empirical_destroy(&(*jackknife)->set[i].empirical);
            moat_sampled_destroy(&(*jackknife)->set[i].sampled);
        }
        free((*jackknife)->set);
        free((*jackknife)->value);
        free(*jackknife);
        *jackknife = NULL;
    }
}

const struct moat_solver *jackknife_solver(const struct jackknife *jackknife)
{
    return &jackknife->set[jackknife->trials].solver;
}

size_t jackknife_sets(const struct jackknife *jackknife)
{
    return jackknife->trials + 1;
}

void jackknife_incumbents(const struct jackknife *jackknife, const struct moat_market *market, double N_I,
                          struct moat_company *incumbent)
{
    for (size_t i = 0; i <= jackknife->trials; i++) {
        struct moat_market on_set = *market;
        on_set.solver = &jackknife->set[i].solver;
        if (jackknife->set[i].there) {
            moat_market_incumbent(&on_set, N_I, &incumbent[i]);
        }
    }
}

/* The standard error from the leave-one-out values; NaN where one of them is NaN, and without any. */
static double standard_error_of(const double *value, size_t trials)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < trials; i++) {
        mean += value[i] / (double)trials;
    }
    for (size_t i = 0; i < trials; i++) {
        squares += (value[i] - mean) * (value[i] - mean);
    }
    return trials > 0 ? sqrt(squares * (double)(trials - 1) / (double)trials) : NAN;
}

double jackknife_threshold(const struct jackknife *jackknife, const struct moat_market *market,
                           const struct moat_company *incumbent, struct moat_threshold *out)
{
    size_t trials = jackknife->trials;
    struct moat_market on_set = *market;
    on_set.solver = jackknife_solver(jackknife);
    moat_market_threshold(&on_set, &incumbent[trials], out);
    if (isnan(out->N_E_star)) {
        return NAN;
    }
    for (size_t i = 0; i < trials; i++) {
        struct moat_threshold without;
        if (!jackknife->set[i].there) {
            return NAN;
        }
        on_set.solver = &jackknife->set[i].solver;
        moat_market_threshold(&on_set, &incumbent[i], &without);
        jackknife->value[i] = without.N_E_star;
    }
    return standard_error_of(jackknife->value, trials);
}

double jackknife_scaling_law(const struct jackknife *jackknife, double N, double Q, double alpha, double lambda,
                             struct moat_scaling_law *out)
{
    moat_scaling_law_solve(jackknife_solver(jackknife), N, Q, alpha, lambda, out);
    for (size_t i = 0; i < jackknife->trials; i++) {
        struct moat_scaling_law without;
        if (!jackknife->set[i].there) {
            return NAN;
        }
        moat_scaling_law_solve(&jackknife->set[i].solver, N, Q, alpha, lambda, &without);
        jackknife->value[i] = without.loss;
    }
    return standard_error_of(jackknife->value, jackknife->trials);
}
