/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The quadratic of MODEL.md section 2 in quadruple precision, with dense searches and bisections. */
#include "brute_gap.h"

#include <float.h>
#include <math.h>

#if LDBL_MANT_DIG >= 113
typedef long double quad;
#else
typedef __float128 quad;
#endif

enum { BISECTIONS = 112, CELLS = 10, ZOOMS = 9 };

static quad square_root(quad value)
{
    quad root = sqrtl((long double)value);
    for (int step = 0; value > 0 && step < 2; step++) {
        root = (root + value / root) / 2;
    }
    return root;
}

/* The share of safety in an entrant's labels, and both losses, at one ln kappa. */
struct point {
    const struct brute_model *model;
    quad Q, tau;
    quad A1, A2, D;
};

/* L1 at a = 1 - alpha; L2 is its value at alpha. */
static quad loss(const struct point *at, quad a)
{
    quad c1 = 2 * at->Q * (at->A2 - at->A1 + at->D), c2 = 2 * at->Q * (at->model->a0 - 2 * at->A2 + at->A1 - at->D);
    return at->A1 + c1 * a + c2 * a * a;
}

/* The least a in [0, 1/2] with L2 <= tau; 1 when there is none. */
static quad least_share(const struct point *at)
{
    quad low = 0, high = (quad)1 / 2;
    if (loss(at, 1 - low) <= at->tau || loss(at, 1 - high) > at->tau) {
        return loss(at, 1 - low) <= at->tau ? low : 1;
    }
    for (int step = 0; step < BISECTIONS; step++) {
        quad middle = (low + high) / 2;
        *(loss(at, 1 - middle) <= at->tau ? &high : &low) = middle;
    }
    return high;
}

/* The share that training_mixture gives: a = 1 - sqrt(tau / L_star). */
static quad given_share(const struct point *at)
{
    quad ratio = at->tau / (2 * at->Q * at->model->a0);
    return ratio < 1 ? 1 - square_root(ratio) : 0;
}

/* The best L1 at ln kappa; a number above every loss where no share is feasible. */
static quad best_loss(const struct brute_model *model, double Q, quad tau, double N, long double log_kappa)
{
    struct brute_sums sums = brute_sums(model, log_kappa);
    quad free2 = 1 - (quad)sums.df2 / N, A0 = model->a0, L_star = 2 * (quad)Q * A0;
    struct point at = {.model = model, .Q = Q, .tau = tau};
    at.A1 = sums.a2 / free2;
    at.A2 = sums.a1;
    at.D = A0 * (sums.df2 / N) / free2;
    quad a = model->mixture ? given_share(&at) : least_share(&at);
    return a > (quad)1 / 2 ? 1e6 * L_star : loss(&at, a);
}

/* The least L1 over lambda in (0, 1): a dense grid of ln kappa, then zooming into its best cell. */
static quad company_loss(const struct brute_model *model, double Q, quad tau, double N)
{
    long double low = brute_log_kappa(model, N, 0), high = brute_log_kappa(model, N, 1), at = low;
    quad least = best_loss(model, Q, tau, N, low);
    for (int zoom = 0; zoom < ZOOMS; zoom++) {
        int cells = zoom == 0 ? 12 * CELLS : CELLS;
        long double width = (high - low) / cells, first = low;
        for (int i = 0; i <= cells; i++) {
            quad here = best_loss(model, Q, tau, N, first + width * i);
            at = here < least ? first + width * i : at;
            least = here < least ? here : least;
        }
        low = fmaxl(low, at - width);
        high = fminl(high, at + width);
    }
    return least;
}

double brute_gap_threshold(struct brute_model *model, double Q, double tau_I, double tau_E, bool in_L_star)
{
    quad L_star = 2 * (quad)Q * model->a0, unit = in_L_star ? L_star : 1, strict = unit * tau_I;
    quad distance = square_root(L_star) - square_root(strict < L_star ? strict : L_star);
    double low = 0, high = log(1e30);
    while (high - low > 1e-10) {
        double middle = (low + high) / 2;
        bool enough = company_loss(model, Q, unit * tau_E, exp(middle)) <= distance * distance;
        *(enough ? &high : &low) = middle;
    }
    return high;
}
