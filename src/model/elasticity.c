/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elasticities of the market entry threshold, by the implicit function theorem on L1*(N_E*, tau_E) = L1*(N_I, tau_I).
 *
 * In units of m = L_star / 4 (loss.h) a company minimises l1 = (1 - z)^2 + R/m subject to l2 = (1 + z)^2 + R/m <= t =
 * tau/m. By the envelope theorem its minimum l* moves with a parameter as l1 + mu l2 - mu t does at its choice held
 * fixed, mu >= 0 being the multiplier of the constraint. What is held fixed is lambda, not the solver's coordinate: so
 * the slope in ln N holds at the ends of lambda's range too. And alpha = 1, or else z, as in company.c: so nothing
 * cancels. Of m, r, R0/m and R1/m, the last two move with Q, by A1/m each and no more.
 */
#include "moat/elasticity.h"

#include <math.h>

#include "moat/loss.h"

/* Derivatives of a company's l*, or of what takes its place. */
struct response {
    double log_N, log_Q /* at fixed t */, log_tau;
};

/* The coefficients at a company's choice and the losses' forms, with derivatives in x and in ln N. */
struct place {
    struct moat_coefficients by_x, by_N;
    struct moat_loss_form form_x, form_N;
};

static struct place place_of(const struct moat_solver *solver, double Q, const struct moat_company *company)
{
    struct place at;
    solver->coefficients(solver->state, company->N, company->x, &at.by_x);
    solver->coefficients_log_N(solver->state, company->N, company->x, &at.by_N);
    at.form_x = moat_loss_form(solver->A0, Q, &at.by_x);
    at.form_N = moat_loss_form(solver->A0, Q, &at.by_N);
    return at;
}

/* d L2 / dx at alpha = 1. */
static double safety_x(const struct place *at)
{
    return at->by_x.A1_x + 4 * at->form_x.m * at->form_x.r_x;
}

/* Whether alpha = 1 meets the constraint just at the company's x, where neither condition alone makes the minimum. */
static bool at_kink(const struct place *at, const struct moat_company *company, double tau)
{
    double breach = at->by_x.A1 + 4 * at->form_x.m * at->form_x.r - tau;
    double resolution = 1e-11 * (1 + fabs(company->x)) * fabs(safety_x(at)) + 4e-15 * tau;
    return isfinite(tau) && company->end == 0 && fabs(breach) <= resolution;
}

static struct response respond(const struct moat_solver *solver, double Q, const struct moat_company *company,
                               double tau)
{
    double m = Q * solver->A0 / 2;
    if (isinf(company->N)) { /* l* = (2 - sqrt t)^2 */
        double root = sqrt(fmin(tau / m, 4));
        return (struct response){.log_tau = -root * (2 - root)};
    }
    struct place at = place_of(solver, Q, company);
    double mu = 0, log_N;
    bool kink = at_kink(&at, company, tau);
    if (kink || company->alpha == 1) {
        mu = kink ? fmax(0, -at.by_x.A1_x / safety_x(&at)) : 0; /* x is what the constraint makes it */
        log_N = (1 + mu) * at.by_N.A1_x / m + 4 * mu * at.form_N.r_x;
    } else {
        const struct moat_loss_form *form = &at.form_N;
        double z = form->r * (2 * company->alpha - 1), rho = form->R2 / (form->r * form->r);
        if (company->loss_safety >= tau) {
            mu = (1 - z - rho * z / m) / (1 + z + rho * z / m);
        }
        log_N = (1 + mu) * moat_loss_rest_x(form, 4 * company->alpha * (1 - company->alpha)) / m;
    }
    return (struct response){log_N, -(1 + mu) * at.by_x.A1 / m, mu > 0 ? -mu * tau / m : 0};
}

/* The same of the least l2 over lambda less t, at alpha = 1/2 or 1: where meeting tau_E is what sets N_E*. */
static struct response respond_safety(const struct moat_solver *solver, double Q, const struct moat_company *company,
                                      double tau)
{
    struct place at = place_of(solver, Q, company);
    double m = at.form_N.m;
    double safety_N = company->alpha < 0.75 ? at.form_N.R0_x : at.by_N.A1_x + 4 * m * at.form_N.r_x;
    return (struct response){safety_N / m, -at.by_x.A1 / m, -tau / m};
}

/* Whether meeting tau_E is what sets N_E*. That is all an entrant must do against a loss above tau_E, for L1 <= L2. And
   with alpha = 1, where label noise lets it in at some N only (company.c), L1* jumps there to below the incumbent's. */
static bool safety_decides(const struct moat_company *incumbent, const struct moat_company *entrant, double gap,
                           double tau_E)
{
    bool jump = entrant->alpha == 1 && entrant->loss_safety >= tau_E * (1 - 1e-8) && entrant->excess < gap * (1 - 1e-6);
    return jump || incumbent->loss_performance >= tau_E;
}

void moat_elasticity_threshold(const struct moat_solver *solver, double Q, const struct moat_company *incumbent,
                               double tau_I, double tau_E, bool tau_in_L_star, const struct moat_threshold *threshold,
                               struct moat_elasticity *out)
{
    const struct moat_company *entrant = &threshold->entrant;
    double L_star = 2 * Q * solver->A0, D = moat_market_gap(L_star, tau_I, tau_E);
    *out = (struct moat_elasticity){NAN, NAN, NAN, NAN, NAN};
    if (!(threshold->status == MOAT_MARKET_OK || threshold->status == MOAT_MARKET_ENTRANT_ALWAYS)) {
        return;
    }
    *out = (struct moat_elasticity){0};
    if (threshold->status == MOAT_MARKET_OK && entrant->excess > 0) { /* 0: both losses vanish, from N = P on */
        struct response I = {0}, E;
        if (safety_decides(incumbent, entrant, D + incumbent->excess, tau_E)) {
            E = respond_safety(solver, Q, entrant, tau_E);
        } else {
            I = respond(solver, Q, incumbent, tau_I);
            E = respond(solver, Q, entrant, tau_E);
        }
        double log_Q = I.log_Q - E.log_Q - (tau_in_L_star ? 0 : I.log_tau - E.log_tau);
        double root = sqrt(fmin(4 * tau_I / L_star, 4)), D_tau_I = -root * (2 - root); /* d (D/m) / d ln tau_I */
        *out = (struct moat_elasticity){
            .N_I = I.log_N / E.log_N + 0.0, /* not -0 */
            .tau_E = -E.log_tau / E.log_N + 0.0,
            .tau_I = I.log_tau / E.log_N + 0.0,
            .Q = log_Q / E.log_N,
        };
        out->D = -out->tau_I * (4 * D / L_star) / D_tau_I;
    }
    if (!(D > 0 && tau_I < L_star)) {
        out->D = NAN;
    }
}
