/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elasticities of the market entry threshold, by the implicit function theorem on L1*(N_E*, tau_E) = L1*(N_I, tau_I).
 *
 * In units of m = L_star / 4 (loss.h) a company minimises l1 = (1 - z)^2 + R/m subject to l2 = (1 + z)^2 + R/m <= t,
 * t = tau/m. By the envelope theorem its minimum l* moves with a parameter as l1 + mu (l2 - t) does at the company's
 * choice held fixed, where mu >= 0 is the multiplier of the constraint. The choice held fixed is lambda, not the
 * solver's coordinate, so the slope in ln N holds at the ends of lambda's range too; and alpha where alpha = 1, else z,
 * so that nothing cancels. Of m, r, R0/m and R1/m only the last two move with Q, each by -A1/m. Under training_mixture
 * alpha is given by tau, and l* moves with it. Source: MODEL.md sections 7 and 12.
 */
#include "moat/elasticity.h"

#include <math.h>
#include <stdbool.h>

#include "model/company_choice.h"

/* Derivatives of a company's l*, or of the number that takes its place. */
struct response {
    double log_N, log_Q /* at fixed t */, log_tau;
};

/* The losses at a company's choice, with derivatives in x and in ln N. */
struct losses {
    struct moat_coefficients c;
    struct moat_coefficients_log_N c_log_N;
    struct moat_loss_form form;
    struct moat_loss_form_log_N form_log_N;
};

static struct losses losses_at(const struct moat_solver *solver, double Q, const struct moat_company *company)
{
    struct losses at;
    solver->coefficients(solver->state, company->N, company->x, &at.c);
    solver->coefficients_log_N(solver->state, company->N, company->x, &at.c_log_N);
    at.form = moat_loss_form(solver->A0, Q, &at.c);
    at.form_log_N = moat_loss_form_log_N(solver->A0, Q, &at.c_log_N);
    return at;
}

/* dL2/dx at alpha = 1. */
static double safety_x(const struct losses *at)
{
    return at->c.A1_x + 4 * at->form.m * at->form.r_x;
}

/* dL2/d ln N at alpha = 1. */
static double safety_log_N(const struct losses *at)
{
    return at->c_log_N.A1_log_N + 4 * at->form.m * at->form_log_N.r_log_N;
}

/* Whether the company's x is the kink where alpha = 1 becomes feasible: the slope of neither side is zero there. */
static bool at_kink(const struct losses *at, const struct moat_company *company, double tau)
{
    double breach = at->c.A1 + 4 * at->form.m * at->form.r - tau;
    double resolution = 1e-11 * (1 + fabs(company->x)) * fabs(safety_x(at)) + 4e-15 * tau;
    return isfinite(tau) && company->end == 0 && fabs(breach) <= resolution;
}

/* dl* / d ln tau with infinite data, where l* = (2 - sqrt t)^2. */
static double limit_log_tau(const struct moat_limit *limit)
{
    return -(1 + limit->z) * limit->distance;
}

/* Where alpha is given: d alpha / d ln tau = alpha/2 below L_star, and dl1/da is linear in a. */
static struct response respond_given(const struct company_problem *problem, const struct losses *at)
{
    const struct moat_coefficients *c = &at->c;
    const struct moat_coefficients_log_N *n = &at->c_log_N;
    double A0 = problem->solver->A0, m = problem->limit.m, s = problem->limit.z, two_a = problem->limit.distance;
    double l1_a = 4 / A0 * (s * (c->A2 - c->A1 + c->D) + two_a * (A0 - c->A2));
    return (struct response){.log_N = mixture_sum(&problem->mixture, n->A1_log_N, n->A2_log_N, n->D_log_N) / m,
                             .log_Q = -c->A1 / m,
                             .log_tau = two_a > 0 ? -(1 + s) / 4 * l1_a : 0};
}

static struct response respond(const struct company_problem *problem, const struct moat_company *company)
{
    double m = problem->limit.m, tau = problem->tau;
    if (isinf(company->N)) {
        return (struct response){.log_tau = limit_log_tau(&problem->limit)};
    }
    struct losses at = losses_at(problem->solver, problem->Q, company);
    if (problem->given) {
        return respond_given(problem, &at);
    }
    double mu = 0, log_N;
    bool kink = at_kink(&at, company, tau);
    if (kink || company->alpha == 1) {
        mu = kink ? fmax(0, -at.c.A1_x / safety_x(&at)) : 0; /* at the kink the constraint decides x */
        log_N = (1 + mu) * at.c_log_N.A1_log_N / m + 4 * mu * at.form_log_N.r_log_N;
    } else {
        const struct moat_loss_form *form = &at.form;
        double z = form->r * (2 * company->alpha - 1), rho = form->R2 / (form->r * form->r);
        if (company->loss_safety >= tau) {
            mu = (1 - z - rho * z / m) / (1 + z + rho * z / m);
        }
        log_N = (1 + mu) * moat_loss_rest_log_N(form, &at.form_log_N, 4 * company->alpha * (1 - company->alpha)) / m;
    }
    return (struct response){log_N, -(1 + mu) * at.c.A1 / m, mu > 0 ? -mu * tau / m : 0};
}

/* The response of the least l2 over lambda less t, at alpha = 1/2 or 1, where meeting tau_E alone decides N_E*. */
static struct response respond_safety(const struct company_problem *problem, const struct moat_company *company)
{
    struct losses at = losses_at(problem->solver, problem->Q, company);
    double m = at.form.m;
    double log_N = company->alpha < 0.75 ? at.form_log_N.R0_log_N : safety_log_N(&at);
    return (struct response){log_N / m, -at.c.A1 / m, -problem->tau / m};
}

/* Whether meeting tau_E alone decides N_E*. It does against an incumbent whose loss is at least tau_E, because
   L1 <= L2. It also does where the entrant enters through an isolated feasible range (company_isolated.h): L1* jumps
   there to below the incumbent's. */
static bool safety_decides(const struct moat_company *incumbent, const struct moat_company *entrant, double allowed,
                           double tau_E)
{
    bool jump =
        entrant->alpha == 1 && entrant->loss_safety >= tau_E * (1 - 1e-8) && entrant->excess < allowed * (1 - 1e-6);
    return jump || incumbent->loss_performance >= tau_E;
}

void moat_elasticity_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                               const struct moat_threshold *threshold, struct moat_elasticity *out)
{
    if (market->solver->methods) {
        market->solver->methods->elasticity(market, incumbent, threshold, out);
        return;
    }
    const struct moat_company *entrant = &threshold->entrant;
    const struct company_problem problem_I = moat_company_problem(market, NAN, market->tau_I);
    const struct company_problem problem_E = moat_company_problem(market, NAN, market->tau_E);
    double D = moat_market_gap(market), m = problem_I.limit.m, D_tau_I = limit_log_tau(&problem_I.limit) * m;
    *out = (struct moat_elasticity){NAN, NAN, NAN, NAN, NAN};
    if (!(threshold->status == MOAT_MARKET_OK || threshold->status == MOAT_MARKET_ENTRANT_ALWAYS)) {
        return;
    }
    *out = (struct moat_elasticity){0};
    if (threshold->status == MOAT_MARKET_OK && entrant->excess > 0) { /* 0: both losses vanish, at N >= P */
        struct response I = {0}, E;
        if (!problem_E.given && safety_decides(incumbent, entrant, D + incumbent->excess, problem_E.tau)) {
            E = respond_safety(&problem_E, entrant);
        } else {
            I = respond(&problem_I, incumbent);
            E = respond(&problem_E, entrant);
        }
        double log_Q = I.log_Q - E.log_Q - (market->unit == MOAT_TAU_L_STAR ? 0 : I.log_tau - E.log_tau);
        *out = (struct moat_elasticity){
            .N_I = I.log_N / E.log_N + 0.0, /* not -0 */
            .tau_E = -E.log_tau / E.log_N + 0.0,
            .tau_I = I.log_tau / E.log_N + 0.0,
            .Q = log_Q / E.log_N,
        };
        out->D = -out->tau_I * D / D_tau_I;
    }
    if (!(D > 0 && problem_I.limit.distance > 0)) {
        out->D = NAN;
    }
}
