/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scaling laws of a block: one per (lambda, N, alpha). */
#include <math.h>
#include <stdbool.h>

#include "moat/market.h"
#include "moat/regime.h"
#include "run/worker_internal.h"

/* Theory's regimes at one alpha, of the loss and of its excess; none on a measured spectrum. */
struct law_regimes {
    struct moat_regimes loss, excess;
};

static struct law_regimes store_breaks(const struct record *record, const size_t at[GRID_AXES])
{
    struct law_regimes regimes = {{0}, {0}};
    double nu = record_coordinate(record, GRID_NU, at), Q = record_coordinate(record, GRID_Q, at);
    double a = 1 - record_coordinate(record, GRID_ALPHA, at);
    if (record->config->measured) {
        return regimes;
    }
    moat_regime_scaling_law(nu, Q, a, &regimes.loss);
    moat_regime_excess_loss(record->config->gamma, nu, Q, a, &regimes.excess);
    record_store(record, FIELD_BREAK_LOSS_FIRST, at, moat_regime_end(&regimes.loss, MOAT_REGIME_FIRST));
    record_store(record, FIELD_BREAK_LOSS_SECOND, at, moat_regime_end(&regimes.loss, MOAT_REGIME_SECOND));
    record_store(record, FIELD_BREAK_EXCESS_FIRST, at, moat_regime_end(&regimes.excess, MOAT_REGIME_FIRST));
    record_store(record, FIELD_BREAK_EXCESS_SECOND, at, moat_regime_end(&regimes.excess, MOAT_REGIME_SECOND));
    return regimes;
}

static void store_law(const struct record *record, const size_t at[GRID_AXES], const struct law_regimes *regimes,
                      const struct moat_scaling_law *law)
{
    double N = record_coordinate(record, GRID_N, at);
    bool best = isnan(record_coordinate(record, GRID_LAMBDA, at)); /* theory's is the best level */
    enum moat_regime regime = moat_regime_at(&regimes->loss, N, best ? law->exponent_loss : NAN);
    enum moat_regime excess = moat_regime_at(&regimes->excess, N, best ? law->exponent_excess : NAN);
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
    record_store_flag(record, FIELD_REGIME, at, (int)regime);
    record_store_flag(record, FIELD_REGIME_EXCESS, at, (int)excess);
}

static void solve_law(struct model *model, const struct record *record, const size_t at[GRID_AXES],
                      const struct law_regimes *regimes)
{
    double lambda = record_coordinate(record, GRID_LAMBDA, at), N = record_coordinate(record, GRID_N, at);
    double alpha = record_coordinate(record, GRID_ALPHA, at), Q = record_coordinate(record, GRID_Q, at);
    struct model_scaling_law solved;
    model_solve_scaling_law(model, N, Q, alpha, lambda, &solved);
    record_store(record, FIELD_LOSS_DETERMINISTIC, at, solved.loss_deterministic);
    record_store(record, FIELD_EXCESS_LOSS_DETERMINISTIC, at, solved.excess_deterministic);
    record_store(record, FIELD_LOSS_STDERR, at, solved.standard_error);
    store_law(record, at, regimes, &solved.law);
}

void worker_solve_scaling_laws(struct model *model, const struct record *record, size_t at[GRID_AXES])
{
    const size_t *count = record->block.count;
    record_store(record, FIELD_L_STAR, at, 2 * record_coordinate(record, GRID_Q, at) * model_solver(model)->A0);
    for (at[GRID_ALPHA] = 0; at[GRID_ALPHA] < count[GRID_ALPHA]; at[GRID_ALPHA]++) {
        struct law_regimes regimes = store_breaks(record, at);
        for (at[GRID_LAMBDA] = 0; at[GRID_LAMBDA] < count[GRID_LAMBDA]; at[GRID_LAMBDA]++) {
            for (at[GRID_N] = 0; at[GRID_N] < count[GRID_N]; at[GRID_N]++) {
                solve_law(model, record, at, &regimes);
            }
        }
    }
}
