/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The markets of a block: each incumbent (tau_I, N_I) is solved once, then the threshold for each tau_E. */
#include <math.h>

#include "moat/company.h"
#include "moat/elasticity.h"
#include "moat/limit.h"
#include "moat/market.h"
#include "moat/regime.h"
#include "run/worker_internal.h"

/* A market but for the entrant's rule. */
struct incumbency {
    struct moat_solver solver; /* of the deterministic equivalent, or of all data when there are measured tables */
    double Q, tau_I;
    struct moat_company incumbent;
};

static void store_company(const struct record *record, enum field_id alpha, const size_t at[GRID_AXES],
                          const struct moat_company *company)
{
    const double value[] = {company->alpha, company->lambda, company->loss_performance, company->loss_safety};
    for (int i = 0; i < 4; i++) { /* the four fields follow each other in the table */
        record_store(record, (enum field_id)((int)alpha + i), at, value[i]);
    }
}

static void store_elasticities(const struct record *record, const size_t at[GRID_AXES],
                               const struct incumbency *incumbency, double tau_E,
                               const struct moat_threshold *threshold)
{
    bool in_L_star = record->config->tau_unit == TAU_L_STAR;
    double nu = record_coordinate(record, GRID_NU, at), theory[MOAT_REGIME_EXPONENTS];
    struct moat_elasticity elasticity;
    moat_elasticity_threshold(&incumbency->solver, incumbency->Q, &incumbency->incumbent, incumbency->tau_I, tau_E,
                              in_L_star, threshold, &elasticity);
    record_store(record, FIELD_ELASTICITY_N_I, at, elasticity.N_I);
    record_store(record, FIELD_ELASTICITY_TAU_E, at, elasticity.tau_E);
    record_store(record, FIELD_ELASTICITY_TAU_I, at, elasticity.tau_I);
    record_store(record, FIELD_ELASTICITY_Q, at, elasticity.Q);
    record_store(record, FIELD_EXPONENT_D, at, elasticity.D);

    bool finite_incumbent = isfinite(incumbency->incumbent.N);
    if (finite_incumbent) {
        moat_regime_result_1(nu, theory);
    } else {
        moat_regime_result_2(record->config->gamma, nu, theory);
    }
    double exponent = finite_incumbent ? elasticity.N_I : elasticity.D;
    record_store_flag(record, FIELD_REGIME, at, (int)moat_regime_nearest(exponent, theory));
}

static void solve_market(const struct model *model, const struct record *record, const size_t at[GRID_AXES],
                         const struct incumbency *expected, const struct incumbency *measured, double tau_E)
{
    struct moat_threshold threshold;
    moat_market_threshold(&expected->solver, expected->Q, &expected->incumbent, expected->tau_I, tau_E, &threshold);
    if (model->jackknife) {
        double standard_error;
        record_store(record, FIELD_N_E_STAR_DETERMINISTIC, at, threshold.N_E_star);
        jackknife_threshold(model->jackknife, measured->Q, measured->tau_I, tau_E, &threshold, &standard_error);
        record_store(record, FIELD_N_E_STAR_STDERR, at, standard_error);
    }
    record_store_flag(record, FIELD_STATUS, at, (int)threshold.status);
    record_store(record, FIELD_N_E_STAR, at, threshold.N_E_star);
    store_company(record, FIELD_ENTRANT_ALPHA, at, &threshold.entrant);
    store_elasticities(record, at, measured, tau_E, &threshold);
}

/* All entrants' rules against one incumbent: all of `at` but at[GRID_TAU_E] is set. */
static void solve_entrants(const struct model *model, const struct record *record, size_t at[GRID_AXES], double tau_I,
                           double tau_unit)
{
    double Q = record_coordinate(record, GRID_Q, at), N_I = record_coordinate(record, GRID_N_I, at);
    struct incumbency expected = {.solver = moat_deterministic_solver(model->deterministic), .Q = Q, .tau_I = tau_I};
    moat_company_solve(&expected.solver, N_I, Q, tau_I, &expected.incumbent);
    struct incumbency measured = expected;
    if (model->jackknife) {
        measured.solver = jackknife_solver(model->jackknife);
        jackknife_incumbent(model->jackknife, N_I, Q, tau_I, &measured.incumbent);
    }
    store_company(record, FIELD_INCUMBENT_ALPHA, at, &measured.incumbent);
    for (at[GRID_TAU_E] = 0; at[GRID_TAU_E] < record->block.count[GRID_TAU_E]; at[GRID_TAU_E]++) {
        double tau_E = record_coordinate(record, GRID_TAU_E, at) * tau_unit;
        record_store(record, FIELD_TAU_E_ABSOLUTE, at, tau_E);
        record_store(record, FIELD_GAP, at, moat_limit_gap(2 * Q * expected.solver.A0, tau_I, tau_E));
        solve_market(model, record, at, &expected, &measured, tau_E);
    }
}

void worker_solve_markets(const struct model *model, const struct record *record, size_t at[GRID_AXES])
{
    const size_t *count = record->block.count;
    struct moat_solver solver = moat_deterministic_solver(model->deterministic);
    double L_star = 2 * record_coordinate(record, GRID_Q, at) * solver.A0;
    double tau_unit = record->config->tau_unit == TAU_L_STAR ? L_star : 1;
    record_store(record, FIELD_L_STAR, at, L_star);
    for (at[GRID_TAU_I] = 0; at[GRID_TAU_I] < count[GRID_TAU_I]; at[GRID_TAU_I]++) {
        double tau_I = record_coordinate(record, GRID_TAU_I, at) * tau_unit;
        record_store(record, FIELD_TAU_I, at, tau_I);
        record_store(record, FIELD_TAU_I_ABSOLUTE, at, tau_I);
        for (at[GRID_N_I] = 0; at[GRID_N_I] < count[GRID_N_I]; at[GRID_N_I]++) {
            solve_entrants(model, record, at, tau_I, tau_unit);
        }
    }
}
