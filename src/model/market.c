/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The market entry threshold.
 *
 * The entrant may have an excess over G(tau_E) of L1*(N_I, tau_I) - G(tau_E) = D + excess of the incumbent, where D is
 * factored (limit.h), so that an excess of any size keeps its digits. For a solver with a table N_E* is a minimum over
 * x (least_data.h). Where that is not certain, and for other solvers, N_E* is the root in ln N of ln(excess of the
 * entrant at N) - ln(allowed excess), for L1*(N, tau_E) falls with N; both logarithms are close to piecewise linear in
 * ln N. Source: MODEL.md sections 6.1 and 6.3.
 */
#include "moat/market.h"

#include <float.h>
#include <math.h>

#include "moat/limit.h"
#include "model/least_data.h"
#include "model/root.h"

const char *const moat_market_status_name[MOAT_MARKET_STATUSES] = {
    "pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed",
};

double moat_market_L_star(const struct moat_market *market)
{
    return 2 * market->Q * market->solver->A0;
}

double moat_market_tau(const struct moat_market *market, double tau)
{
    return market->unit == MOAT_TAU_L_STAR ? tau * moat_market_L_star(market) : tau;
}

double moat_market_share(const struct moat_market *market, double tau)
{
    struct moat_limit limit = moat_company_problem(market, INFINITY, tau).limit;
    return limit.z >= 0 ? limit.distance / 2 : NAN;
}

/* Taken in the market's unit, in which the thresholds are exact: a tiny gap keeps its digits. */
double moat_market_gap(const struct moat_market *market)
{
    double L_star = moat_market_L_star(market), unit = market->unit == MOAT_TAU_L_STAR ? L_star : 1;
    return unit * moat_limit_gap(L_star / unit, market->tau_I, market->tau_E);
}

void moat_market_incumbent(const struct moat_market *market, double N_I, struct moat_company *out)
{
    moat_company_solve(market, N_I, market->tau_I, out);
}

/* The entrant's side of a market. */
struct entry {
    const struct moat_market *market;
    struct company_problem entrant; /* at any N */
    double allowed;                 /* excess over G(tau_E) */
    double log_allowed;
    double N_high; /* the search ends there */
    bool enough;   /* whether N_high points certainly are, but for rounding */
};

/* The excess over G(tau_E) below which a company that meets tau_E always stays, not positive where none meets it:
   tau_E - G(tau_E), because L1 <= L2 <= tau_E. Where alpha is given, L1 has no such bound. */
static double feasible_excess(const struct company_problem *entrant)
{
    const struct moat_limit *limit = &entrant->limit;
    return entrant->given && limit->z >= 0 ? INFINITY : 4 * limit->m * limit->z + limit->headroom;
}

static void solve_entrant(const struct entry *entry, double N, struct moat_company *out)
{
    moat_company_solve(entry->market, N, entry->market->tau_E, out);
}

static double log_excess_over_allowed(double log_N, void *context)
{
    const struct entry *entry = context;
    struct moat_company entrant;
    solve_entrant(entry, fmin(fmax(exp(log_N), entry->market->solver->N_low), entry->N_high),
                  &entrant); /* despite rounding */
    double value = log(entrant.excess) - entry->log_allowed;
    return entrant.feasible ? value : fmax(value, DBL_MIN); /* positive at the edge of feasibility, despite rounding */
}

/* N_E* up to N_high by bracketing, which any solver allows. */
static enum moat_market_status search(struct entry *entry, struct moat_threshold *out)
{
    const struct moat_solver *solver = entry->market->solver;
    double N_high = entry->N_high;
    struct bracket bracket = {.a = log(solver->N_low), .b = INFINITY};
    entry->log_allowed = log(entry->allowed);
    bracket.fb = log_excess_over_allowed(bracket.b, entry);
    if (entry->enough && bracket.fb <= 1e-8) {
        bracket.fb = fmin(bracket.fb, 0);
    }
    if (!(bracket.fb <= 0)) {
        return MOAT_MARKET_FAILED;
    }
    bool all = bracket.fb == 0 && N_high > solver->N_low; /* it takes all of them */
    bracket.fa = all ? 1 : N_high > 1 ? log_excess_over_allowed(bracket.a, entry) : bracket.fb;
    if (bracket.fa <= 0 && solver->N_low > 1) {
        return MOAT_MARKET_FAILED; /* N_E* is below the solver's range */
    }
    if (bracket.fa <= 0) {
        solve_entrant(entry, 1, &out->entrant);
        out->N_E_star = 1;
        return MOAT_MARKET_ENTRANT_ALWAYS;
    }
    bracket.b = log(N_high);
    moat_root_shrink(log_excess_over_allowed, entry, 1e-12, &bracket);
    double log_N = bracket.fa <= 0 ? bracket.a : bracket.b;
    out->N_E_star = all ? N_high : fmin(exp(log_N), N_high);

    solve_entrant(entry, out->N_E_star, &out->entrant);
    bool beyond_table = out->N_E_star > solver->N_covered && out->entrant.end < 0;
    return beyond_table || !isfinite(out->entrant.excess) ? MOAT_MARKET_FAILED : MOAT_MARKET_OK;
}

static enum moat_market_status solve(struct entry *entry, const struct moat_company *incumbent,
                                     struct moat_threshold *out)
{
    const struct moat_market *market = entry->market;
    const struct moat_solver *solver = market->solver;
    const struct moat_limit *limit = &entry->entrant.limit;
    if (isfinite(incumbent->N) && !(incumbent->N >= solver->N_low && incumbent->N <= solver->N_high)) {
        return MOAT_MARKET_FAILED;
    }
    if (!incumbent->feasible) {
        return MOAT_MARKET_INCUMBENT_INFEASIBLE;
    }
    double feasible = feasible_excess(&entry->entrant);
    if (!(feasible > 0)) {
        return MOAT_MARKET_ENTRANT_INFEASIBLE;
    }
    entry->allowed =
        fmin(moat_market_gap(market) + incumbent->excess, feasible); /* as good as the incumbent, feasible */
    if (entry->allowed == 0 && limit->distance == 0 && solver->N_interpolating <= solver->N_high) {
        solve_entrant(entry, solver->N_interpolating, &out->entrant); /* P finite: both losses vanish */
        out->N_E_star = solver->N_interpolating;
        return out->N_E_star > 1 ? MOAT_MARKET_OK : MOAT_MARKET_ENTRANT_ALWAYS;
    }
    if (!(entry->allowed > 0)) {
        return MOAT_MARKET_NO_ENTRY;
    }

    /* A laxer threshold makes the incumbent's data enough. But a laxer alpha that is given may cost sampled data loss.
     */
    entry->enough =
        market->tau_E >= market->tau_I && incumbent->N <= solver->N_high && (solver->table || !entry->entrant.given);
    entry->N_high = entry->enough ? incumbent->N : solver->N_high;
    if (solver->table && moat_least_data(&entry->entrant, entry->allowed, &out->entrant) &&
        out->entrant.N <= entry->N_high) {
        out->N_E_star = out->entrant.N;
        return MOAT_MARKET_OK;
    }
    return search(entry, out);
}

void moat_market_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                           struct moat_threshold *out)
{
    if (market->solver->methods) {
        market->solver->methods->threshold(market, incumbent, out);
    } else {
        struct entry entry = {.market = market, .entrant = moat_company_problem(market, NAN, market->tau_E)};
        out->status = solve(&entry, incumbent, out);
    }
    if (!(out->status == MOAT_MARKET_OK || out->status == MOAT_MARKET_ENTRANT_ALWAYS)) {
        out->N_E_star = NAN;
        out->entrant = moat_company_unsolved(NAN);
    }
}
