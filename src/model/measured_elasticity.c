/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elasticities on a measured spectrum, by the implicit function theorem on L1*(N_E*, tau_E) = L1*(N_I, tau_I). By the
 * envelope theorem L1* moves with a parameter as L1 + mu (L2 - tau) does at the company's s and lambda held fixed. The
 * multiplier mu follows from the direction in which the company is free to move: s, or where s is at an end of its
 * range and x decides, x. Under training_mixture a company at the greatest s moves with it instead. Source: MODEL.md
 * section 15.
 */
#include <math.h>

#include "moat/elasticity.h"
#include "model/alignment_loss.h"
#include "model/measured.h"

struct response {
    double log_N, log_tau;
};

/* d G(tau) / d ln tau. */
static double limit_log_tau(const struct stance *stance)
{
    return -stance->m * (1 + stance->limit.z) * stance->limit.distance;
}

static bool at_top(const struct stance *stance, double s)
{
    return s >= stance->top - 1e-9;
}

static bool near(double value, double want, double tolerance)
{
    return fabs(value - want) <= tolerance * fabs(want);
}

struct alignment_slopes moat_measured_slopes(const void *state, const struct stance *stance,
                                             const struct moat_company *company, double s)
{
    const struct moat_measured *measured = state;
    struct alignment_sums sums;
    moat_alignment_at(&measured->table, company->x, &sums);
    struct stand at = at_top(stance, s) ? stand_top(stance, sums.value) : stand_at_s(stance, sums.value, s);
    return moat_alignment_slopes(stance, &sums, company->N, &at);
}

static struct response respond(const struct moat_market *market, const struct slopes_of *of,
                               const struct moat_company *company, double tau)
{
    struct stance stance = moat_stance_on(of->measured, market, tau);
    if (isnan(company->x)) { /* infinite data, lambda -> 0 */
        return (struct response){0, limit_log_tau(&stance)};
    }
    double s = 2 * company->alpha - 1;
    bool top = at_top(&stance, s), at_end = top || s <= 1e-9;
    struct alignment_slopes slopes = of->at(of->state, &stance, company, s);
    if (!stance.bound) {
        bool follows = market->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE && top && stance.limit.distance > 0;
        return (struct response){slopes.L1_log_N, follows ? fmin(0, slopes.L1_s) * (1 + stance.limit.z) / 2 : 0};
    }
    double mu = 0;
    if (near(company->loss_safety, stance.tau, 1e-9)) {
        mu = at_end && company->end == 0 ? -slopes.L1_x / slopes.L2_x : -slopes.L1_s / slopes.L2_s;
        mu = mu > 0 ? mu : 0;
    }
    return (struct response){slopes.L1_log_N + mu * slopes.L2_log_N, -mu * stance.tau + 0.0};
}

/* The response of the least L2 less tau, where meeting tau_E alone decides N_E*: the entrant is then better than the
   incumbent. */
static struct response respond_safety(const struct moat_market *market, const struct slopes_of *of,
                                      const struct moat_company *company)
{
    struct stance stance = moat_stance_on(of->measured, market, market->tau_E);
    struct alignment_slopes slopes = of->at(of->state, &stance, company, 2 * company->alpha - 1);
    return (struct response){slopes.L2_log_N, -stance.tau};
}

void moat_elasticity_by_slopes(const struct moat_market *market, const struct slopes_of *slopes,
                               const struct moat_company *incumbent, const struct moat_threshold *threshold,
                               struct moat_elasticity *out)
{
    const struct moat_company *entrant = &threshold->entrant;
    struct stance stance_I = moat_stance_on(slopes->measured, market, market->tau_I);
    double D = moat_market_gap(market), D_tau_I = limit_log_tau(&stance_I);
    *out = (struct moat_elasticity){NAN, NAN, NAN, NAN, NAN};
    if (!(threshold->status == MOAT_MARKET_OK || threshold->status == MOAT_MARKET_ENTRANT_ALWAYS)) {
        return;
    }
    *out = (struct moat_elasticity){.Q = NAN};
    if (threshold->status == MOAT_MARKET_OK && entrant->loss_performance > 0) { /* 0: at N >= n */
        struct response I = {0, 0}, E;
        if (entrant->loss_performance < incumbent->loss_performance * (1 - 1e-9)) {
            E = respond_safety(market, slopes, entrant);
        } else {
            I = respond(market, slopes, incumbent, market->tau_I);
            E = respond(market, slopes, entrant, market->tau_E);
        }
        out->N_I = I.log_N / E.log_N + 0.0; /* not -0 */
        out->tau_E = -E.log_tau / E.log_N + 0.0;
        out->tau_I = I.log_tau / E.log_N + 0.0;
        out->D = -out->tau_I * D / D_tau_I;
    }
    if (!(D > 0 && stance_I.limit.distance > 0)) {
        out->D = NAN;
    }
}

void moat_measured_elasticity(const struct moat_market *market, const struct moat_company *incumbent,
                              const struct moat_threshold *threshold, struct moat_elasticity *out)
{
    const struct moat_measured *measured = market->solver->state;
    struct slopes_of slopes = {moat_measured_slopes, measured, measured};
    moat_elasticity_by_slopes(market, &slopes, incumbent, threshold, out);
}
