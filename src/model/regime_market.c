/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The regime of a market. Apart from regime.c, which needs nothing of a market but numbers. */
#include <math.h>

#include "moat/regime.h"

enum moat_regime moat_regime_market(const struct moat_market *market, double N_I, const struct moat_regimes *regimes,
                                    const struct moat_elasticity *elasticity)
{
    if (isinf(N_I)) {
        return moat_regime_at(regimes, 1 / moat_market_gap(market), elasticity->D);
    }
    bool free = moat_market_share(market, market->tau_E) == 0;
    return free ? moat_regime_at(regimes, N_I, elasticity->N_I) : MOAT_REGIME_NONE;
}
