/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The market entry threshold.
 *
 * L1*(N, tau_E) falls with N, so N_E* is the root of ln(excess of the entrant at N) - ln(gap) in ln N, where
 * gap = L1*(N_I, tau_I) - G(tau_E) = D + excess of the incumbent and D = G(tau_I) - G(tau_E) is factored, so that a gap
 * of any size keeps its digits. Both logarithms are close to piecewise linear in ln N.
 */
#include "moat/market.h"

#include <float.h>
#include <math.h>

#include "moat/least_data.h"
#include "moat/root.h"

const char *const market_status_name[MARKET_STATUSES] = {
    "pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed",
};

struct entry {
    const struct solver *solver;
    double Q, tau_E, log_gap;
};

static double log_excess_over_gap(double log_N, void *context)
{
    const struct entry *entry = context;
    struct company entrant;
    double N = fmin(fmax(exp(log_N), entry->solver->N_low), entry->solver->N_high); /* not outside by rounding */
    company_solve(entry->solver, N, entry->Q, entry->tau_E, &entrant);
    double value = log(entrant.excess) - entry->log_gap;
    return entrant.feasible ? value : fmax(value, DBL_MIN); /* not by rounding at the edge of what is feasible */
}

double market_gap(double L_star, double tau_I, double tau_E)
{
    double root = sqrt(L_star), root_I = sqrt(fmin(tau_I, L_star)), root_E = sqrt(fmin(tau_E, L_star));
    return (root_E - root_I) * (2 * root - root_I - root_E);
}

/* The excess over G(tau_E) that the entrant may have: what makes it as good as the incumbent, and no more than makes it
   feasible, for a company that is not feasible has a loss above tau_E. */
static double allowed_excess(double L_star, const struct company *incumbent, double tau_I, double tau_E)
{
    double root = sqrt(L_star), root_E = sqrt(tau_E);
    double gap = market_gap(L_star, tau_I, tau_E) + incumbent->excess;
    if (tau_E < L_star) {
        gap = fmin(gap, root * (2 * root_E - root)); /* tau_E - G(tau_E) */
    }
    return gap;
}

static enum market_status solve(const struct solver *solver, double Q, const struct company *incumbent, double tau_I,
                                double tau_E, struct threshold *out)
{
    double L_star = 2 * Q * solver->A0;
    if (isfinite(incumbent->N) && !(incumbent->N >= solver->N_low && incumbent->N <= solver->N_high)) {
        return MARKET_FAILED;
    }
    if (!incumbent->feasible) {
        return MARKET_INCUMBENT_INFEASIBLE;
    }
    if (!(tau_E > L_star / 4)) {
        return MARKET_ENTRANT_INFEASIBLE;
    }
    double gap = allowed_excess(L_star, incumbent, tau_I, tau_E);
    if (gap == 0 && tau_E >= L_star && solver->N_interpolating <= solver->N_high) {
        company_solve(solver, solver->N_interpolating, Q, tau_E, &out->entrant); /* P finite: both losses vanish */
        out->N_E_star = solver->N_interpolating;
        return out->N_E_star > 1 ? MARKET_OK : MARKET_ENTRANT_ALWAYS;
    }
    if (!(gap > 0)) {
        return MARKET_NO_ENTRY;
    }

    bool laxer = tau_E >= tau_I;
    if (solver->knots > 0 && least_data(solver, Q, tau_E, gap, &out->entrant) &&
        !(laxer && out->entrant.N > incumbent->N * (1 + 1e-9))) {
        out->N_E_star = out->entrant.N;
        return MARKET_OK;
    }

    struct entry entry = {solver, Q, tau_E, log(gap)};
    /* With the laxer threshold the incumbent's own data are enough; a little more, for rounding. */
    double N_high = laxer ? fmin(incumbent->N * (1 + 1e-9), solver->N_high) : solver->N_high;
    struct bracket bracket = {.a = log(solver->N_low), .b = log(N_high)};
    bracket.fa = log_excess_over_gap(bracket.a, &entry);
    if (bracket.fa <= 0 && solver->N_low > 1) {
        return MARKET_FAILED; /* below the data */
    }
    if (bracket.fa <= 0) {
        company_solve(solver, 1, Q, tau_E, &out->entrant);
        out->N_E_star = 1;
        return MARKET_ENTRANT_ALWAYS;
    }
    bracket.fb = log_excess_over_gap(bracket.b, &entry);
    if (!(bracket.fb <= 0)) {
        return MARKET_FAILED;
    }
    root_shrink(log_excess_over_gap, &entry, 1e-12, &bracket);
    double N = fmin(exp(bracket.fa <= 0 ? bracket.a : bracket.b), N_high);

    company_solve(solver, N, Q, tau_E, &out->entrant);
    bool beyond_table = N > solver->N_covered && out->entrant.end < 0;
    if (beyond_table || !isfinite(out->entrant.excess)) {
        return MARKET_FAILED;
    }
    out->N_E_star = N;
    return MARKET_OK;
}

void market_threshold(const struct solver *solver, double Q, const struct company *incumbent, double tau_I,
                      double tau_E, struct threshold *out)
{
    const struct company none = {
        .N = NAN, .alpha = NAN, .lambda = NAN, .loss_performance = NAN, .loss_safety = NAN, .excess = NAN, .x = NAN};
    *out = (struct threshold){MARKET_FAILED, NAN, none};
    out->status = solve(solver, Q, incumbent, tau_I, tau_E, out);
    if (!(out->status == MARKET_OK || out->status == MARKET_ENTRANT_ALWAYS)) {
        out->entrant = none;
    }
}
