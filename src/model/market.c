/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The market entry threshold.
 *
 * The entrant may have an excess over G(tau_E) of gap = L1*(N_I, tau_I) - G(tau_E) = D + excess of the incumbent, where
 * D = G(tau_I) - G(tau_E) is factored, so that a gap of any size keeps its digits. For a solver with nodes N_E* is a
 * minimum over x (least_data.h). Where that is not certain, and for other solvers, it is the root of
 * ln(excess of the entrant at N) - ln(gap) in ln N, for L1*(N, tau_E) falls with N; both logarithms are close to
 * piecewise linear in ln N.
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

/* The excess over G(tau_E) that the entrant may have: what makes it as good as the incumbent, and no more than makes it
   feasible, for a company that is not feasible has a loss above tau_E. */
static double allowed_excess(double A0, double Q, const struct moat_company *incumbent, double tau_I, double tau_E)
{
    struct moat_limit limit = moat_limit(A0, Q, tau_E);
    double feasible = 4 * limit.m * limit.z + limit.headroom; /* tau_E - G(tau_E) */
    return fmin(moat_limit_gap(2 * Q * A0, tau_I, tau_E) + incumbent->excess, feasible);
}

struct entry {
    const struct moat_solver *solver;
    double Q, tau_E, log_gap;
    double N_high;
};

static double log_excess_over_gap(double log_N, void *context)
{
    const struct entry *entry = context;
    struct moat_company entrant;
    double N = fmin(fmax(exp(log_N), entry->solver->N_low), entry->N_high); /* not outside by rounding */
    moat_company_solve(entry->solver, N, entry->Q, entry->tau_E, &entrant);
    double value = log(entrant.excess) - entry->log_gap;
    return entrant.feasible ? value : fmax(value, DBL_MIN); /* not by rounding at the edge of what is feasible */
}

/* N_E* up to N_high, whatever the solver, by bracketing; `enough` says that N_high is, but for rounding. */
static enum moat_market_status search(const struct moat_solver *solver, double Q, double tau_E, double gap,
                                      double N_high, bool enough, struct moat_threshold *out)
{
    struct entry entry = {solver, Q, tau_E, log(gap), N_high};
    struct bracket bracket = {.a = log(solver->N_low), .b = INFINITY};
    bracket.fb = log_excess_over_gap(bracket.b, &entry);
    if (enough && bracket.fb <= 1e-8) {
        bracket.fb = fmin(bracket.fb, 0);
    }
    if (!(bracket.fb <= 0)) {
        return MOAT_MARKET_FAILED;
    }
    bool all = bracket.fb == 0 && N_high > solver->N_low; /* no fewer will do */
    bracket.fa = all ? 1 : N_high > 1 ? log_excess_over_gap(bracket.a, &entry) : bracket.fb;
    if (bracket.fa <= 0 && solver->N_low > 1) {
        return MOAT_MARKET_FAILED; /* below the data */
    }
    if (bracket.fa <= 0) {
        moat_company_solve(solver, 1, Q, tau_E, &out->entrant);
        out->N_E_star = 1;
        return MOAT_MARKET_ENTRANT_ALWAYS;
    }
    bracket.b = log(N_high);
    moat_root_shrink(log_excess_over_gap, &entry, 1e-12, &bracket);
    double log_N = bracket.fa <= 0 ? bracket.a : bracket.b;
    out->N_E_star = all ? N_high : fmin(exp(log_N), N_high);

    moat_company_solve(solver, out->N_E_star, Q, tau_E, &out->entrant);
    bool beyond_table = out->N_E_star > solver->N_covered && out->entrant.end < 0;
    return beyond_table || !isfinite(out->entrant.excess) ? MOAT_MARKET_FAILED : MOAT_MARKET_OK;
}

static enum moat_market_status solve(const struct moat_solver *solver, double Q, const struct moat_company *incumbent,
                                     double tau_I, double tau_E, struct moat_threshold *out)
{
    double L_star = 2 * Q * solver->A0;
    if (isfinite(incumbent->N) && !(incumbent->N >= solver->N_low && incumbent->N <= solver->N_high)) {
        return MOAT_MARKET_FAILED;
    }
    if (!incumbent->feasible) {
        return MOAT_MARKET_INCUMBENT_INFEASIBLE;
    }
    if (!(tau_E > L_star / 4)) {
        return MOAT_MARKET_ENTRANT_INFEASIBLE;
    }
    double gap = allowed_excess(solver->A0, Q, incumbent, tau_I, tau_E);
    if (gap == 0 && tau_E >= L_star && solver->N_interpolating <= solver->N_high) {
        moat_company_solve(solver, solver->N_interpolating, Q, tau_E, &out->entrant); /* P finite: both losses vanish */
        out->N_E_star = solver->N_interpolating;
        return out->N_E_star > 1 ? MOAT_MARKET_OK : MOAT_MARKET_ENTRANT_ALWAYS;
    }
    if (!(gap > 0)) {
        return MOAT_MARKET_NO_ENTRY;
    }

    bool laxer = tau_E >= tau_I && incumbent->N <= solver->N_high; /* then the incumbent's data are enough */
    double N_high = laxer ? incumbent->N : solver->N_high;
    if (solver->table && moat_least_data(solver, Q, tau_E, gap, &out->entrant) && out->entrant.N <= N_high) {
        out->N_E_star = out->entrant.N;
        return MOAT_MARKET_OK;
    }
    return search(solver, Q, tau_E, gap, N_high, laxer, out);
}

void moat_market_threshold(const struct moat_solver *solver, double Q, const struct moat_company *incumbent,
                           double tau_I, double tau_E, struct moat_threshold *out)
{
    const struct moat_company none = {
        .N = NAN, .alpha = NAN, .lambda = NAN, .loss_performance = NAN, .loss_safety = NAN, .excess = NAN, .x = NAN};
    out->status = solve(solver, Q, incumbent, tau_I, tau_E, out);
    if (!(out->status == MOAT_MARKET_OK || out->status == MOAT_MARKET_ENTRANT_ALWAYS)) {
        out->N_E_star = NAN;
        out->entrant = none;
    }
}
