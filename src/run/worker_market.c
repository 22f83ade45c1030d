/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The markets of a block: each incumbent (tau_I, N_I) is solved once, then the threshold for each tau_E. */
#include <math.h>

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
                               const struct moat_threshold *threshold, const struct moat_regimes *regimes)
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
    record_store_flag(record, FIELD_REGIME, at, (int)moat_regime_market(market, incumbent->N, regimes, &elasticity));
}

static void solve_entrant(const struct model *model, const struct record *record, const size_t at[GRID_AXES],
                          const struct moat_market *market, const struct model_incumbent *incumbent,
                          const struct moat_regimes *regimes)
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
    store_elasticities(record, at, market, &incumbent->company, &solved.threshold, regimes);
}

/* The regimes of result 1 against any entrant, and of result 2 for the market's entrant. Theory has none on a measured
   spectrum. */
static struct moat_regimes result_1(const struct record *record, const size_t at[GRID_AXES],
                                    const struct moat_market *market)
{
    struct moat_regimes regimes = {0};
    double nu = record_coordinate(record, GRID_NU, at), a = moat_market_share(market, market->tau_I);
    if (record->config->measured) {
        return regimes;
    }
    moat_regime_result_1(market->scrutiny, record->config->gamma, nu, market->Q, a, &regimes);
    return regimes;
}

static struct moat_regimes result_2(const struct record *record, const size_t at[GRID_AXES],
                                    const struct moat_market *market)
{
    struct moat_regimes regimes = {0};
    double nu = record_coordinate(record, GRID_NU, at), a = moat_market_share(market, market->tau_E);
    if (record->config->measured) {
        return regimes;
    }
    moat_regime_result_2(market->scrutiny, record->config->gamma, nu, market->Q, a, &regimes);
    return regimes;
}

/* One incumbent against every entrant: all of `at` but at[GRID_TAU_E] is set. `regimes` are those of result 1. */
static void solve_incumbent(struct model *model, const struct record *record, size_t at[GRID_AXES],
                            struct moat_market market, struct moat_regimes regimes)
{
    struct model_incumbent incumbent;
    double N_I = record_coordinate(record, GRID_N_I, at);
    model_solve_incumbent(model, &market, N_I, &incumbent);
    store_company(record, FIELD_INCUMBENT_ALPHA, at, &incumbent.company);
    for (at[GRID_TAU_E] = 0; at[GRID_TAU_E] < record->block.count[GRID_TAU_E]; at[GRID_TAU_E]++) {
        market.tau_E = record_coordinate(record, GRID_TAU_E, at);
        if (isinf(N_I)) {
            regimes = result_2(record, at, &market);
        }
        solve_entrant(model, record, at, &market, &incumbent, &regimes);
    }
}

/* Where theory's regimes of result 2 end, for each entrant. */
static void store_entrants_breaks(const struct record *record, size_t at[GRID_AXES], struct moat_market market)
{
    for (at[GRID_TAU_E] = 0; at[GRID_TAU_E] < record->block.count[GRID_TAU_E]; at[GRID_TAU_E]++) {
        market.tau_E = record_coordinate(record, GRID_TAU_E, at);
        struct moat_regimes regimes = result_2(record, at, &market);
        record_store(record, FIELD_BREAK_D_FIRST, at, moat_regime_end(&regimes, MOAT_REGIME_FIRST));
        record_store(record, FIELD_BREAK_D_SECOND, at, moat_regime_end(&regimes, MOAT_REGIME_SECOND));
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
    store_entrants_breaks(record, at, market);
    for (at[GRID_TAU_I] = 0; at[GRID_TAU_I] < count[GRID_TAU_I]; at[GRID_TAU_I]++) {
        market.tau_I = record_coordinate(record, GRID_TAU_I, at);
        record_store(record, FIELD_TAU_I, at, moat_market_tau(&market, market.tau_I));
        record_store(record, FIELD_TAU_I_ABSOLUTE, at, moat_market_tau(&market, market.tau_I));
        struct moat_regimes regimes = result_1(record, at, &market);
        record_store(record, FIELD_BREAK_N_I_FIRST, at, moat_regime_end(&regimes, MOAT_REGIME_FIRST));
        record_store(record, FIELD_BREAK_N_I_OVER_REGULARISED, at,
                     moat_regime_end(&regimes, MOAT_REGIME_OVER_REGULARISED));
        record_store(record, FIELD_BREAK_N_I_SECOND, at, moat_regime_end(&regimes, MOAT_REGIME_SECOND));
        for (at[GRID_N_I] = 0; at[GRID_N_I] < count[GRID_N_I]; at[GRID_N_I]++) {
            solve_incumbent(model, record, at, market, regimes);
        }
    }
}
