/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a grid point failed. The results file keeps the status alone, so the point is solved again. */
#include "run/failure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "sweep/model.h"

static double coordinate(const struct config *config, int axis, const size_t at[GRID_AXES])
{
    return config->grid.axis[axis].values[at[axis]];
}

/* The shortest text that tells a value of an axis from its neighbours, of six digits at least. */
static const char *format_value(const struct axis *axis, size_t at, char text[NUMBER_SIZE])
{
    char other[NUMBER_SIZE];
    int digits = 6;
    bool alike = true;
    while (alike && digits <= 15) {
        number_short(axis->values[at], digits, text);
        alike = (at > 0 && strcmp(text, number_short(axis->values[at - 1], digits, other)) == 0) ||
                (at + 1 < axis->size && strcmp(text, number_short(axis->values[at + 1], digits, other)) == 0);
        digits++;
    }
    return text;
}

void failure_locate(const struct config *config, const size_t at[GRID_AXES], char *text, size_t size)
{
    char number[NUMBER_SIZE];
    size_t length = 0;
    text[0] = '\0';
    for (int a = 0; a < GRID_AXES; a++) {
        const char *name = axis_table[config->sweep][a].name;
        if (name && !config->grid.axis[a].scalar) {
            snprintf(text + length, size - length, "%s%s = %s", length > 0 ? ", " : "(", name,
                     format_value(&config->grid.axis[a], at[a], number));
            length = strlen(text);
        }
    }
    snprintf(text + length, size - length, ")");
}

/* Whether N, the number of data points of an axis, is one that the solver has no data for; says so if it is. */
static bool is_off_ladder(const struct config *config, const struct moat_solver *solver, double N, char *text,
                          size_t size)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    bool off = isfinite(N) && !(N >= solver->N_low && N <= solver->N_high);
    if (off) {
        snprintf(text, size, "%s is not on the ladder of data sets, %s to %s data points",
                 axis_table[config->sweep][GRID_N_I].name, number_of_data(solver->N_low, low),
                 number_of_data(solver->N_high, high));
    }
    return off;
}

/* The market at `at`, whose incumbent is on the ladder. */
static void explain_market(const struct config *config, struct model *model, const size_t at[GRID_AXES], char *text,
                           size_t size)
{
    const struct moat_solver *solver = model_solver(model);
    struct moat_market market = {.solver = solver,
                                 .Q = coordinate(config, GRID_Q, at),
                                 .tau_I = coordinate(config, GRID_TAU_I, at),
                                 .tau_E = coordinate(config, GRID_TAU_E, at),
                                 .unit = config->tau_unit,
                                 .scrutiny = config->scrutiny};
    struct model_incumbent incumbent;
    struct model_threshold solved;
    char low[NUMBER_SIZE], high[NUMBER_SIZE], theory[NUMBER_SIZE];
    model_solve_incumbent(model, &market, coordinate(config, GRID_N_I, at), &incumbent);
    model_solve_threshold(model, &market, &incumbent, &solved);
    bool known = config->solver == SOLVER_RIDGE && solved.N_E_star_deterministic > 0;
    if (config->solver == SOLVER_RIDGE) {
        snprintf(text, size, "N_E* is not on the ladder of data sets, %s to %s data points%s%s%s",
                 number_of_data(solver->N_low, low), number_of_data(solver->N_high, high),
                 known ? " (in theory it is " : "", known ? number_of_data(solved.N_E_star_deterministic, theory) : "",
                 known ? ")" : "");
    } else {
        snprintf(text, size, "N_E* is beyond the solver's tables, at 1e15 data points or more");
    }
}

void failure_explain(const struct config *config, const struct ladder *ladder, const size_t at[GRID_AXES], char *text,
                     size_t size)
{
    struct model *model = NULL;
    if (model_create(config, ladder, at[GRID_NU], &model) != MOAT_OK) {
        snprintf(text, size, "%s", moat_error_message());
        return;
    }
    if (!is_off_ladder(config, model_solver(model), coordinate(config, GRID_N_I, at), text, size)) {
        if (config->sweep == SWEEP_SCALING_LAW) {
            snprintf(text, size, "its best ridge level is beyond the solver's tables");
        } else {
            explain_market(config, model, at, text, size);
        }
    }
    model_destroy(&model);
}
