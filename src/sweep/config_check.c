/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conditions that a config's values must meet, and thresholds that no company could meet.
 */
#include "sweep/config_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_sf_zeta.h>

static const struct range gamma_range = {0.01, 2, false, false, false, "0.01 <= gamma <= 2"};
static const struct range P_range = {1, 1e9, false, true, true, "an integer from 1 to 1e9, or .inf"};

enum moat_status config_choice(const struct config_source *source, const char *path, const char *text,
                               const char *const names[], int count, int *out)
{
    for (int i = 0; i < count; i++) {
        if (!text || strcmp(text, names[i]) == 0) {
            *out = i;
            return MOAT_OK;
        }
    }
    char expected[128];
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s", i > 0 ? " or " : "", names[i]);
    }
    return config_refuse(source, path, NULL, "%s", expected);
}

enum moat_status config_sweep(const struct config_source *source, enum sweep_kind *out)
{
    char found[CONFIG_FOUND_SIZE];
    int sweep = 0;
    config_text_find(source, "sweep", found);
    bool missing = strcmp(found, "nothing") == 0; /* the schema refuses that later */
    enum moat_status status = config_choice(source, "sweep", missing ? NULL : found, sweep_name, SWEEPS, &sweep);
    *out = (enum sweep_kind)sweep;
    return status;
}

static enum moat_status check_text(const struct config_source *source, const char *path, const char *text, char **out)
{
    if (text[strspn(text, " \t\n")] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0) {
        return config_refuse(source, path, NULL, "text");
    }
    *out = strdup(text);
    return *out ? MOAT_OK : moat_error_set(MOAT_MEMORY, "%s: out of memory", source->file_name);
}

/* Everything before the grid. */
static enum moat_status check_head(const struct config_source *source, const struct config_document *document,
                                   struct config *config)
{
    int sweep = 0, solver = 0, unit = 0;
    enum moat_status status = check_text(source, "name", document->name, &config->name);
    if (status == MOAT_OK) {
        status = check_text(source, "output", document->output, &config->output);
    }
    if (status == MOAT_OK) {
        status = config_choice(source, "sweep", document->sweep, sweep_name, SWEEPS, &sweep);
    }
    if (status == MOAT_OK) {
        status = config_choice(source, "solver", document->solver, solver_name, SOLVERS, &solver);
    }
    if (status == MOAT_OK) {
        status = config_choice(source, "tau_unit", document->tau_unit, tau_unit_name, TAU_UNITS, &unit);
    }
    if (status == MOAT_OK) {
        status = config_number(source, "model.gamma", document->model.gamma, &gamma_range, &config->gamma);
    }
    if (status == MOAT_OK) {
        status = config_number(source, "model.P", document->model.P, &P_range, &config->P);
    }
    config->solver = (enum solver_kind)solver;
    config->tau_unit = (enum moat_tau_unit)unit;
    return status;
}

/* The incumbent's threshold where it is no axis of the grid. */
static enum moat_status check_incumbent(const struct config_source *source, const struct config_document *document,
                                        struct config *config)
{
    const struct axis_entry *entry = &axis_table[config->sweep][GRID_TAU_I];
    struct axis *tau_I = &config->grid.axis[GRID_TAU_I];
    struct range range = entry->range;
    snprintf(range.expected, sizeof range.expected, "0 < tau <= 1e100, or .inf"); /* the key is `tau`, not `tau_I` */
    if (document->incumbent && !tau_I->scalar) {
        return config_refuse(source, "incumbent", NULL, "none beside grid.tau_I, or no grid.tau_I");
    }
    if (!document->incumbent && tau_I->scalar) {
        return config_refuse(source, "", "no key incumbent", "incumbent: {tau: ..}, or an axis grid.tau_I");
    }
    return document->incumbent
               ? config_number(source, entry->scalar_key, document->incumbent->tau, &range, &tau_I->values[0])
               : MOAT_OK;
}

static enum moat_status check_grid(const struct config_source *source, const struct config_document *document,
                                   struct config *config)
{
    enum moat_status status = config_axes(source, document->grid.axis, config);
    if (status == MOAT_OK && config->sweep == SWEEP_MARKET_ENTRY) {
        status = check_incumbent(source, document, config);
    }
    return status;
}

/* L_star = 2 Q sum over i <= P of i^-(1+nu). Source: MODEL.md section 1. */
static double L_star(double Q, double nu, double P)
{
    return 2 * Q * (gsl_sf_zeta(1 + nu) - (isinf(P) ? 0 : gsl_sf_hzeta(1 + nu, P + 1)));
}

/* No company meets a safety loss below L_star/4, with any amount of data: refuses a sweep in which every point asks for
   that. Source: MODEL.md section 1. */
static enum moat_status check_thresholds(const struct config_source *source, const struct config *config)
{
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
        if (!axis_table[config->sweep][a].threshold || !(largest < least)) {
            continue;
        }
        char found[64], key[CONFIG_KEY_SIZE];
        snprintf(found, sizeof found, "%.6g as the largest value", largest);
        config_axis_key(config->sweep, a, key);
        return config_refuse(source, tau->scalar ? axis_table[config->sweep][a].scalar_key : key,
                             tau->scalar ? NULL : found, "%s", expected);
    }
    return MOAT_OK;
}

enum moat_status config_check(const struct config_source *source, const struct config_document *document,
                              struct config *config)
{
    enum moat_status status = check_head(source, document, config);
    if (status == MOAT_OK) {
        status = config_ridge(source, document, config);
    }
    if (status == MOAT_OK) {
        status = check_grid(source, document, config);
    }
    return status == MOAT_OK ? check_thresholds(source, config) : status;
}
