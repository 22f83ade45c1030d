/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of MODEL.md sections 1 and 2, written from its text alone: sums, dense searches and bisections. */
#include "brute_force.h"

#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_zeta.h>
#include <math.h>

#define LATTICE_LOW (-118.0L)
#define LATTICE_STEP 0.25L
enum { PANEL_NODES = 10, SERIES_TERMS = 12, ALPHA_GRID = 401, ALPHA_ZOOM = 21, KAPPA_ZOOM = 11, ZOOMS = 13 };
static const long double panel_width = 0.5L;

/* One term of the sums, at x^(1+gamma) = power and x^-(1+nu) = weight, added with multiplicity. */
static void term_add(struct brute_sums *sums, long double kappa, long double power, long double weight,
                     long double multiplicity)
{
    long double w = kappa * power, t = 1 / (1 + w), rest = w * t;
    sums->df1 += multiplicity * t;
    sums->df2 += multiplicity * t * t;
    sums->a1 += multiplicity * weight * rest;
    sums->a2 += multiplicity * weight * rest * rest;
    sums->rest1 += multiplicity * rest;
    sums->rest2 += multiplicity * rest * (1 + t);
}

struct brute_sums brute_sums_direct(double gamma, double nu, double P, double log_kappa)
{
    struct brute_sums sums = {0, 0, 0, 0, 0, 0};
    long double kappa = expl((long double)log_kappa);
    for (double i = P; i >= 1; i--) {
        term_add(&sums, kappa, powl(i, 1 + (long double)gamma), powl(i, -1 - (long double)nu), 1);
    }
    return sums;
}

void brute_model_init(struct brute_model *model, double gamma, double nu, double P)
{
    *model = (struct brute_model){.gamma = gamma, .nu = nu, .P = P};
    for (int i = 1; i <= BRUTE_DIRECT; i++) {
        model->power[i] = powl(i, 1 + (long double)gamma);
        model->weight[i] = powl(i, -1 - (long double)nu);
    }
    for (int i = P < (double)BRUTE_DIRECT ? (int)P : BRUTE_DIRECT; i >= 1; i--) {
        model->a0 += model->weight[i];
        model->trace += 1 / model->power[i];
    }
    if (P > (double)BRUTE_DIRECT) {
        model->a0 += gsl_sf_hzeta(1 + nu, BRUTE_DIRECT + 1) - (isinf(P) ? 0 : gsl_sf_hzeta(1 + nu, P + 1));
        model->trace += gsl_sf_hzeta(1 + gamma, BRUTE_DIRECT + 1) - (isinf(P) ? 0 : gsl_sf_hzeta(1 + gamma, P + 1));
    }
}

/* Adds the integral over u = ln x from low to high. The exponentials are products of a panel's and a node's: fewer. */
static void quadrature_add(const struct brute_model *model, long double kappa, long double low, long double high,
                           struct brute_sums *sums)
{
    if (high <= low) {
        return;
    }
    const long double s = 1 + (long double)model->gamma, q = -1 - (long double)model->nu;
    long double power[PANEL_NODES], weight[PANEL_NODES], measure[PANEL_NODES];
    long double panels = ceill((high - low) / panel_width), width = (high - low) / panels;
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(PANEL_NODES);
    for (size_t node = 0; node < PANEL_NODES; node++) {
        double position, share;
        gsl_integration_glfixed_point(0, 1, node, &position, &share, table);
        power[node] = expl(s * width * position);
        weight[node] = expl(q * width * position);
        measure[node] = width * share * expl(width * position);
    }
    gsl_integration_glfixed_table_free(table);
    for (int panel = 0; panel < panels; panel++) {
        long double u = low + width * panel, u_power = expl(s * u), u_weight = expl(q * u), u_x = expl(u);
        for (size_t node = 0; node < PANEL_NODES; node++) {
            term_add(sums, kappa, u_power * power[node], u_weight * weight[node], u_x * measure[node]);
        }
    }
}

/* Adds the integral from e^u to infinity, where w = kappa x^(1+gamma) is large, by the series in 1/w. */
static void series_add(const struct brute_model *model, long double log_kappa, long double u, struct brute_sums *sums)
{
    long double s = 1 + (long double)model->gamma, nu = model->nu;
    long double inverse = expl(-log_kappa - s * u), x = expl(u), x_nu = expl(-nu * u);
    long double power = 1; /* (-1/w)^k */
    for (int k = 0; k < SERIES_TERMS; k++) {
        sums->df1 += x * power * inverse / (s * (k + 1) - 1);
        sums->df2 += x * power * inverse * inverse * (k + 1) / (s * (k + 2) - 1);
        sums->a1 += x_nu * power / (nu + s * k);
        sums->a2 += x_nu * power * (k + 1) / (nu + s * k);
        power *= -inverse;
    }
}

/* Adds `sign` f'(i - 1/2)/24 as a difference of terms. */
static void correction_add(const struct brute_model *model, long double kappa, long double i, long double sign,
                           struct brute_sums *sums)
{
    long double s = 1 + (long double)model->gamma, q = -1 - (long double)model->nu;
    term_add(sums, kappa, powl(i, s), powl(i, q), sign / 24);
    term_add(sums, kappa, powl(i - 1, s), powl(i - 1, q), -sign / 24);
}

struct brute_sums brute_sums(const struct brute_model *model, long double log_kappa)
{
    struct brute_sums sums = {0, 0, 0, 0, 0, 0};
    long double kappa = expl(log_kappa);
    if (model->P > (double)BRUTE_DIRECT) {
        long double low = logl((long double)BRUTE_DIRECT + 0.5L), high = logl(model->P + 0.5L);
        if (isinf(model->P)) {
            high = fmaxl(low, (10 - log_kappa) / (1 + (long double)model->gamma));
            series_add(model, log_kappa, high, &sums);
        } else {
            correction_add(model, kappa, (long double)model->P + 1, -1, &sums);
        }
        quadrature_add(model, kappa, low, high, &sums);
        correction_add(model, kappa, BRUTE_DIRECT + 1, 1, &sums);
    }
    for (int i = model->P < (double)BRUTE_DIRECT ? (int)model->P : BRUTE_DIRECT; i >= 1; i--) {
        term_add(&sums, kappa, model->power[i], model->weight[i], 1);
    }
    if (isinf(model->P)) {
        sums.rest1 = sums.rest2 = INFINITY;
    }
    return sums;
}

/* 1 - df/N, by whichever of df and P - df is the smaller. */
static long double free_share(const struct brute_model *model, long double df, long double rest, double N)
{
    return rest < df ? (((long double)N - model->P) + rest) / N : 1 - df / N;
}

long double brute_free1(const struct brute_model *model, const struct brute_sums *sums, double N)
{
    return free_share(model, sums->df1, sums->rest1, N);
}

long double brute_free2(const struct brute_model *model, const struct brute_sums *sums, double N)
{
    return free_share(model, sums->df2, sums->rest2, N);
}

long double brute_log_kappa(const struct brute_model *model, double N, double lambda)
{
    /* kappa df1 < trace, so lambda < kappa < lambda + trace/N */
    long double low = lambda > 0 ? logl(lambda) : LATTICE_LOW, high = logl(lambda + model->trace / N);
    for (int step = 0; step < 70; step++) {
        long double middle = (low + high) / 2;
        struct brute_sums sums = brute_sums(model, middle);
        if (expl(middle) * brute_free1(model, &sums, N) < lambda || brute_free1(model, &sums, N) < 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (low + high) / 2;
}

/* Of L1 in a = 1 - alpha and of L2 in alpha. The noise, 2 Q D a alpha in both, stands apart: D grows to 1e13 at N = P.
 */
struct quadratic {
    long double c0, c11, c22, noise;
};

static struct quadratic quadratic(const struct brute_model *model, const struct brute_sums *sums, double N, double Q)
{
    long double A0 = model->a0;
    if (isinf(N)) {
        return (struct quadratic){0, 0, 2 * Q * A0, 0};
    }
    long double free2 = brute_free2(model, sums, N);
    long double A1 = sums->a2 / free2, A2 = sums->a1, D = A0 * (sums->df2 / N) / free2;
    return (struct quadratic){A1, 2 * Q * (A2 - A1), 2 * Q * (A0 - 2 * A2 + A1), 2 * Q * D};
}

static struct brute_losses losses_at(const struct quadratic *c, long double alpha)
{
    long double a = 1 - alpha, noise = c->noise * a * alpha;
    return (struct brute_losses){c->c0 + c->c11 * a + c->c22 * a * a + noise,
                                 c->c0 + c->c11 * alpha + c->c22 * alpha * alpha + noise};
}

struct brute_losses brute_losses(const struct brute_model *model, const struct brute_sums *sums, double N, double Q,
                                 long double alpha)
{
    struct quadratic loss = quadratic(model, sums, N, Q);
    return losses_at(&loss, alpha);
}

/* Whether `left` is better: feasible before infeasible, then lower L1; among infeasible ones lower L2. */
static bool better(const struct brute_choice *left, const struct brute_choice *right)
{
    if (left->feasible != right->feasible) {
        return left->feasible;
    }
    return left->feasible ? left->losses.performance < right->losses.performance
                          : left->losses.safety < right->losses.safety;
}

struct brute_choice brute_alpha(const struct brute_model *model, const struct brute_sums *sums, double N, double Q,
                                double tau)
{
    struct brute_choice best = {.losses = {INFINITY, INFINITY}};
    const struct quadratic loss = quadratic(model, sums, N, Q);
    long double low = 0, high = 0.5L; /* in a = 1 - alpha */
    if (model->mixture) {
        long double ratio = tau / (2 * (long double)Q * model->a0);
        best.feasible = ratio >= 0.25L;
        best.alpha = best.feasible ? fminl(1, sqrtl(ratio)) : 0.5L;
        best.losses = losses_at(&loss, best.alpha);
        return best;
    }
    for (int zoom = 0; zoom < 16; zoom++) {
        int points = zoom == 0 ? ALPHA_GRID : ALPHA_ZOOM;
        long double step = (high - low) / (points - 1);
        for (int k = 0; k < points; k++) {
            struct brute_choice here = {.alpha = 1 - (low + step * k)};
            here.losses = losses_at(&loss, here.alpha);
            here.feasible = here.losses.safety <= tau;
            if (better(&here, &best)) {
                best = here;
            }
        }
        low = fmaxl(0, 1 - best.alpha - step);
        high = fminl(0.5L, 1 - best.alpha + step);
    }
    return best;
}

static struct brute_choice choice_at(struct brute_model *model, double N, double Q, double tau, long double log_kappa,
                                     const struct brute_sums *known)
{
    struct brute_sums sums = known ? *known : brute_sums(model, log_kappa);
    struct brute_choice choice = brute_alpha(model, &sums, N, Q, tau);
    choice.log_kappa = log_kappa;
    choice.lambda = expl(log_kappa) * brute_free1(model, &sums, N);
    return choice;
}

static const struct brute_sums *lattice_sums(struct brute_model *model, int index)
{
    if (!model->known[index]) {
        model->lattice[index] = brute_sums(model, LATTICE_LOW + index * LATTICE_STEP);
        model->known[index] = true;
    }
    return &model->lattice[index];
}

/* Makes `best` the best of itself and of `points` >= 2 equally spaced ln kappa. */
static void search(struct brute_model *model, double N, double Q, double tau, long double low, long double high,
                   int points, struct brute_choice *best)
{
    for (int k = 0; k < points; k++) {
        struct brute_choice here = choice_at(model, N, Q, tau, low + (high - low) * k / (points - 1), NULL);
        *best = better(&here, best) ? here : *best;
    }
}

struct brute_choice brute_company(struct brute_model *model, double N, double Q, double tau)
{
    if (isinf(N)) {
        return brute_alpha(model, NULL, N, Q, tau);
    }
    /* lambda = 1 down to lambda = 0, or, with N >= P, to where kappa is nothing against every eigenvalue */
    long double high = brute_log_kappa(model, N, 1);
    long double low = N < model->P ? brute_log_kappa(model, N, 0) : -55 - (1 + model->gamma) * log(model->P);
    struct brute_choice best = {.losses = {INFINITY, INFINITY}};
    search(model, N, Q, tau, low, high, 2, &best);
    for (int k = 0; k < BRUTE_LATTICE; k++) {
        long double log_kappa = LATTICE_LOW + k * LATTICE_STEP;
        if (log_kappa > low && log_kappa < high) {
            struct brute_choice here = choice_at(model, N, Q, tau, log_kappa, lattice_sums(model, k));
            best = better(&here, &best) ? here : best;
        }
    }
    long double step = LATTICE_STEP;
    for (int zoom = 0; zoom < ZOOMS; zoom++) {
        long double from = fmaxl(low, best.log_kappa - step), to = fminl(high, best.log_kappa + step);
        search(model, N, Q, tau, from, to, KAPPA_ZOOM, &best);
        step = (to - from) / (KAPPA_ZOOM - 1);
    }
    return best;
}

double brute_threshold(struct brute_model *model, double Q, double tau_E, long double incumbent_loss, double log_N_max)
{
    double low = 0, high = log_N_max;
    while (high - low > 1e-11 * (1 + low)) {
        double middle = (low + high) / 2;
        struct brute_choice entrant = brute_company(model, exp(middle), Q, tau_E);
        if (entrant.feasible && entrant.losses.performance <= incumbent_loss) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}
