/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The markets of a block: each incumbent (tau_I, N_I) is solved once, then the threshold for each tau_E. */
#include "moat/elasticity.h"
#include "moat/regime.h"
#include "run/worker_internal.h"

/* The elasticities and exponent_D follow each other in the table of fields. */
enum { ELASTICITIES = FIELD_EXPONENT_D - FIELD_ELASTICITY_N_I + 1 };

static void store_company(const struct record *record, enum field_id alpha, const size_t at[GRID_AXES],
                          const struct moat_company *company)
{
    const double value[] = {company->alpha, company->lambda, company->loss_performance, company->loss_safety};
    for (int i = 0; i < 4; i++) { /* the four fields follow each other in the table */
        record_store(record, (enum field_id)((int)alpha + i), at, value[i]);
    }
}

static void store_elasticities(const struct record *record, const size_t at[GRID_AXES],
                               const struct moat_market *market, const struct moat_company *incumbent,
                               const struct moat_threshold *threshold)
{
    struct moat_elasticity elasticity;
    if (!record_has(record, FIELD_ELASTICITY_N_I, ELASTICITIES) && !record_has(record, FIELD_REGIME, 1)) {
        return;
    }
    moat_elasticity_threshold(market, incumbent, threshold, &elasticity);
    record_store(record, FIELD_ELASTICITY_N_I, at, elasticity.N_I);
    record_store(record, FIELD_ELASTICITY_TAU_E, at, elasticity.tau_E);
    record_store(record, FIELD_ELASTICITY_TAU_I, at, elasticity.tau_I);
    record_store(record, FIELD_ELASTICITY_Q, at, elasticity.Q);
    record_store(record, FIELD_EXPONENT_D, at, elasticity.D);

    enum moat_regime regime = moat_regime_market(record->config->gamma, record_coordinate(record, GRID_NU, at),
                                                 incumbent->N, elasticity.N_I, elasticity.D);
    record_store_flag(record, FIELD_REGIME, at, (int)regime);
}

static void solve_entrant(const struct model *model, const struct record *record, const size_t at[GRID_AXES],
                          const struct moat_market *market, const struct model_incumbent *incumbent)
{
    struct model_threshold solved;
    model_solve_threshold(model, market, incumbent, &solved);
    record_store(record, FIELD_TAU_E_ABSOLUTE, at, moat_market_tau(market, market->tau_E));
    record_store(record, FIELD_GAP, at, moat_market_gap(market));
    record_store(record, FIELD_N_E_STAR_DETERMINISTIC, at, solved.N_E_star_deterministic);
    record_store(record, FIELD_N_E_STAR_STDERR, at, solved.standard_error);
    record_store_flag(record, FIELD_STATUS, at, (int)solved.threshold.status);
    record_store(record, FIELD_N_E_STAR, at, solved.threshold.N_E_star);
    store_company(record, FIELD_ENTRANT_ALPHA, at, &solved.threshold.entrant);
    store_elasticities(record, at, market, &incumbent->company, &solved.threshold);
}

/* One incumbent against every entrant: all of `at` but at[GRID_TAU_E] is set. */
static void solve_incumbent(struct model *model, const struct record *record, size_t at[GRID_AXES],
                            struct moat_market market)
{
    struct model_incumbent incumbent;
    model_solve_incumbent(model, &market, record_coordinate(record, GRID_N_I, at), &incumbent);
    store_company(record, FIELD_INCUMBENT_ALPHA, at, &incumbent.company);
    for (at[GRID_TAU_E] = 0; at[GRID_TAU_E] < record->block.count[GRID_TAU_E]; at[GRID_TAU_E]++) {
        market.tau_E = record_coordinate(record, GRID_TAU_E, at);
        solve_entrant(model, record, at, &market, &incumbent);
    }
}

void worker_solve_markets(struct model *model, const struct record *record, size_t at[GRID_AXES])
{
    const size_t *count = record->block.count;
    struct moat_market market = {
        .solver = model_solver(model),
        .Q = record_coordinate(record, GRID_Q, at),
        .unit = record->config->tau_unit,
        .scrutiny = record->config->scrutiny,
    };
    record_store(record, FIELD_L_STAR, at, moat_market_L_star(&market));
    for (at[GRID_TAU_I] = 0; at[GRID_TAU_I] < count[GRID_TAU_I]; at[GRID_TAU_I]++) {
        market.tau_I = record_coordinate(record, GRID_TAU_I, at);
        record_store(record, FIELD_TAU_I, at, moat_market_tau(&market, market.tau_I));
        record_store(record, FIELD_TAU_I_ABSOLUTE, at, moat_market_tau(&market, market.tau_I));
        for (at[GRID_N_I] = 0; at[GRID_N_I] < count[GRID_N_I]; at[GRID_N_I]++) {
            solve_incumbent(model, record, at, market);
        }
    }
}
