/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The market entry threshold on sampled data: the root in ln N of L1*(N, tau_E) = L1*(N_I, tau_I). The rungs of the
 * ladder are bisected first, since the loss falls with N, then the interval between two of them. Source: MODEL.md
 * section 17.
 */
#include <math.h>

#include "model/measured.h"
#include "model/root.h"
#include "model/sampled.h"

struct entry {
    const struct moat_market *market;
    const struct moat_sampled *sampled;
    double target; /* the incumbent's loss */
};

/* The entrant's loss less the target, in units of the target; positive where it cannot meet tau_E. */
static double shortfall(double log_N, void *context)
{
    const struct entry *entry = context;
    const struct moat_sampled *sampled = entry->sampled;
    struct moat_company entrant;
    moat_sampled_company(entry->market, fmin(fmax(exp(log_N), sampled->N_low), sampled->N_high), entry->market->tau_E,
                         &entrant);
    return entrant.feasible ? entrant.loss_performance / entry->target - 1 : 1;
}

static bool is_short(size_t rung, void *context)
{
    const struct entry *entry = context;
    return shortfall(entry->sampled->splines.grid.log_N[rung], context) > 0;
}

static enum moat_market_status search(struct entry *entry, struct moat_threshold *out)
{
    const struct moat_sampled *sampled = entry->sampled;
    const struct ratio_grid *grid = &sampled->splines.grid;
    if (!is_short(0, entry)) {
        out->N_E_star = 1;
        moat_sampled_company(entry->market, sampled->N_low, entry->market->tau_E, &out->entrant);
        return sampled->N_low <= 1 ? MOAT_MARKET_ENTRANT_ALWAYS : MOAT_MARKET_FAILED; /* below the ladder */
    }
    struct neighbours found = moat_root_bisect_nodes(grid->rungs, is_short, entry);
    struct bracket bracket = {.a = grid->log_N[found.below], .b = grid->log_N[found.above]};
    bracket.fa = shortfall(bracket.a, entry);
    bracket.fb = shortfall(bracket.b, entry);
    moat_root_shrink(shortfall, entry, 1e-12, &bracket);
    double log_N = bracket.fa <= 0 ? bracket.a : bracket.b;
    out->N_E_star = fmin(exp(log_N), sampled->N_high);
    moat_sampled_company(entry->market, out->N_E_star, entry->market->tau_E, &out->entrant);
    return out->entrant.feasible ? MOAT_MARKET_OK : MOAT_MARKET_FAILED;
}

/* Where the incumbent has no loss at all: only n data points without label noise leave none. */
static enum moat_market_status reach_no_loss(const struct moat_market *market, const struct stance *stance,
                                             struct moat_threshold *out)
{
    const struct moat_sampled *sampled = market->solver->state;
    double N = market->solver->N_interpolating;
    if (stance->limit.distance > 0 || isinf(N)) {
        return MOAT_MARKET_NO_ENTRY;
    }
    out->N_E_star = N;
    moat_sampled_company(market, N, market->tau_E, &out->entrant);
    return N >= sampled->N_low && N <= sampled->N_high ? MOAT_MARKET_OK : MOAT_MARKET_FAILED;
}

static enum moat_market_status solve(const struct moat_market *market, const struct moat_company *incumbent,
                                     struct moat_threshold *out)
{
    const struct moat_sampled *sampled = market->solver->state;
    struct stance stance = moat_stance_on(sampled->measured, market, market->tau_E);
    struct entry entry = {market, sampled, incumbent->loss_performance};
    if (isfinite(incumbent->N) && !(incumbent->N >= sampled->N_low && incumbent->N <= sampled->N_high)) {
        return MOAT_MARKET_FAILED;
    }
    if (!incumbent->feasible) {
        return MOAT_MARKET_INCUMBENT_INFEASIBLE;
    }
    if (stance.top < 0) {
        return MOAT_MARKET_ENTRANT_INFEASIBLE;
    }
    if (entry.target == 0) {
        return reach_no_loss(market, &stance, out);
    }
    if (!is_short(sampled->splines.grid.rungs - 1, &entry)) {
        return search(&entry, out);
    }
    struct moat_company endless; /* the entrant with infinite data */
    moat_sampled_company(market, INFINITY, market->tau_E, &endless);
    bool enough = endless.feasible && endless.loss_performance < entry.target;
    return enough                                     ? MOAT_MARKET_FAILED /* above the ladder */
           : stance.limit.z <= 0 && !endless.feasible ? MOAT_MARKET_ENTRANT_INFEASIBLE
                                                      : MOAT_MARKET_NO_ENTRY;
}

void moat_sampled_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                            struct moat_threshold *out)
{
    out->status = solve(market, incumbent, out);
}
