/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scaling laws of a block: one per (lambda, N, alpha). */
#include "moat/market.h"
#include "moat/regime.h"
#include "run/worker_internal.h"

static void store_law(const struct record *record, const size_t at[GRID_AXES], const struct moat_scaling_law *law)
{
    double nu = record_coordinate(record, GRID_NU, at);
    double theory[MOAT_REGIME_EXPONENTS], theory_excess[MOAT_REGIME_EXPONENTS];
    moat_regime_scaling_law(nu, theory);
    moat_regime_excess_loss(record->config->gamma, nu, theory_excess);
    record_store_flag(record, FIELD_STATUS, at, law->solved ? MOAT_MARKET_OK : MOAT_MARKET_FAILED);
    record_store(record, FIELD_LOSS, at, law->loss);
    record_store(record, FIELD_EXCESS_LOSS, at, law->excess);
    record_store(record, FIELD_LAMBDA_LOSS, at, law->lambda);
    record_store(record, FIELD_LAMBDA_EXCESS, at, law->lambda);
    record_store(record, FIELD_FINITE_DATA_ERROR, at, law->term.finite_data);
    record_store(record, FIELD_OVERFITTING_ERROR, at, law->term.overfitting);
    record_store(record, FIELD_MIXTURE_ERROR, at, law->term.mixture);
    record_store(record, FIELD_MIXTURE_FINITE_DATA_ERROR, at, law->term.mixture_finite_data);
    record_store(record, FIELD_EXPONENT_LOSS, at, law->exponent_loss);
    record_store(record, FIELD_EXPONENT_EXCESS, at, law->exponent_excess);
    record_store_flag(record, FIELD_REGIME, at, (int)moat_regime_nearest(law->exponent_loss, theory));
    record_store_flag(record, FIELD_REGIME_EXCESS, at, (int)moat_regime_nearest(law->exponent_excess, theory_excess));
}

static void solve_law(struct model *model, const struct record *record, const size_t at[GRID_AXES])
{
    double lambda = record_coordinate(record, GRID_LAMBDA, at), N = record_coordinate(record, GRID_N, at);
    double alpha = record_coordinate(record, GRID_ALPHA, at), Q = record_coordinate(record, GRID_Q, at);
    struct model_scaling_law solved;
    model_solve_scaling_law(model, N, Q, alpha, lambda, &solved);
    record_store(record, FIELD_LOSS_DETERMINISTIC, at, solved.loss_deterministic);
    record_store(record, FIELD_EXCESS_LOSS_DETERMINISTIC, at, solved.excess_deterministic);
    record_store(record, FIELD_LOSS_STDERR, at, solved.standard_error);
    store_law(record, at, &solved.law);
}

void worker_solve_scaling_laws(struct model *model, const struct record *record, size_t at[GRID_AXES])
{
    const size_t *count = record->block.count;
    record_store(record, FIELD_L_STAR, at, 2 * record_coordinate(record, GRID_Q, at) * model_solver(model)->A0);
    for (at[GRID_LAMBDA] = 0; at[GRID_LAMBDA] < count[GRID_LAMBDA]; at[GRID_LAMBDA]++) {
        for (at[GRID_N] = 0; at[GRID_N] < count[GRID_N]; at[GRID_N]++) {
            for (at[GRID_ALPHA] = 0; at[GRID_ALPHA] < count[GRID_ALPHA]; at[GRID_ALPHA]++) {
                solve_law(model, record, at);
            }
        }
    }
}
