/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A market on a measured spectrum by dense search. */
#include "brute_alignment.h"

#include <math.h>

enum { ALPHA_POINTS = 161, KAPPA_POINTS = 1001, ZOOM = 70 };

void brute_alignment_init(struct brute_alignment *brute, const struct moat_measured_spectrum *spectrum, bool mixture)
{
    *brute = (struct brute_alignment){.spectrum = spectrum, .mixture = mixture, .least = INFINITY};
    for (size_t i = 0; i < spectrum->n; i++) {
        long double sigma = spectrum->sigma[i];
        brute->L_star += sigma * ((long double)spectrum->b11[i] + spectrum->b22[i] - 2 * (long double)spectrum->b12[i]);
        brute->trace += sigma;
        brute->least = fminl(brute->least, sigma);
    }
}

struct brute_alignment_sums brute_alignment_sums(const struct brute_alignment *brute, long double log_kappa)
{
    const struct moat_measured_spectrum *spectrum = brute->spectrum;
    struct brute_alignment_sums out = {
        .kappa = expl(log_kappa),
    };
    for (size_t i = 0; i < spectrum->n; i++) {
        long double sigma = spectrum->sigma[i], r = out.kappa / (sigma + out.kappa), t = sigma / (sigma + out.kappa);
        long double b11 = spectrum->b11[i], b22 = spectrum->b22[i], b12 = spectrum->b12[i];
        out.df1 += t;
        out.df2 += t * t;
        /* beta_1 - t (alpha beta_1 + (1 - alpha) beta_2) = (beta_1 - t beta_2) - alpha t (beta_1 - beta_2), and
           likewise for beta_2 */
        long double difference = b11 + b22 - 2 * b12;
        out.L1[0] += sigma * (b11 - 2 * t * b12 + t * t * b22);
        out.L1[1] += -2 * sigma * t * (b11 - b12 - t * (b12 - b22));
        out.L1[2] += sigma * t * t * difference;
        out.L2[0] += sigma * r * r * b22;
        out.L2[1] += -2 * sigma * r * t * (b12 - b22);
        out.L2[2] += sigma * t * t * difference;
        out.own[0] += sigma * r * r * b11;
        out.own[1] += sigma * r * r * b22;
        out.own[2] += sigma * r * r * b12;
    }
    out.L_star = brute->L_star;
    out.noise1 = spectrum->noise1;
    out.noise2 = spectrum->noise2;
    return out;
}

/* What v multiplies: sum sigma r^2 E beta_bar^2 + alpha (1 - alpha) L_star and the labels' own noise. */
static long double noise_at(const struct brute_alignment_sums *sums, long double alpha)
{
    long double a = 1 - alpha, own = alpha * alpha * sums->own[0] + a * a * sums->own[1] + 2 * alpha * a * sums->own[2];
    return fmaxl(0, own) + alpha * a * sums->L_star + alpha * sums->noise1 + a * sums->noise2;
}

static long double polynomial(const long double c[3], long double alpha)
{
    return c[0] + alpha * (c[1] + alpha * c[2]);
}

struct brute_alignment_losses brute_alignment_losses(const struct brute_alignment_sums *sums, long double N,
                                                     long double alpha)
{
    long double v = isinf(N) ? 0 : sums->df2 / (N - sums->df2), noise = v * noise_at(sums, alpha);
    return (struct brute_alignment_losses){polynomial(sums->L1, alpha) + noise, polynomial(sums->L2, alpha) + noise};
}

/* A search: what a company or an entrant asks. */
struct search {
    const struct brute_alignment *brute;
    bool entrant;
    long double N, target, tau;
};

/* The objective at one (kappa, alpha): L1, or the least N; where not feasible, more than FAR, and the more the farther
   off, so that searches find thin feasible sets. */
#define FAR 1e1000L

static long double objective(const struct search *search, const struct brute_alignment_sums *sums, long double alpha)
{
    bool bound = !search->brute->mixture && isfinite(search->tau);
    if (!search->entrant) {
        struct brute_alignment_losses losses = brute_alignment_losses(sums, search->N, alpha);
        return bound && losses.safety > search->tau ? FAR * FAR * (losses.safety / search->tau) : losses.performance;
    }
    long double left = search->target - polynomial(sums->L1, alpha), noise = noise_at(sums, alpha);
    if (bound) {
        left = fminl(left, search->tau - polynomial(sums->L2, alpha));
    }
    if (!(left > 0)) {
        return FAR * FAR * (1 - left / noise);
    }
    long double N = fmaxl(fmaxl(1, sums->df1), sums->df2 * (1 + noise / left));
    long double lambda = sums->kappa * (1 - sums->df1 / N);
    return lambda > 1 ? FAR * lambda : N;
}

/* The least value over alpha in [1/2, top]: a grid, then golden sections around every local minimum, which also close
   in on the edge of what is feasible. */
static long double best_alpha(const struct search *search, const struct brute_alignment_sums *sums)
{
    const long double golden = 0.5L * (sqrtl(5) - 1);
    long double top = 1, value[ALPHA_POINTS], best = INFINITY;
    if (search->brute->mixture && search->tau < search->brute->L_star) {
        top = sqrtl(search->tau / search->brute->L_star);
    }
    long double step = (top - 0.5L) / (ALPHA_POINTS - 1);
    for (int i = 0; i < ALPHA_POINTS; i++) {
        value[i] = objective(search, sums, 0.5L + step * i);
        best = fminl(best, value[i]);
    }
    for (int i = 0; i < ALPHA_POINTS; i++) {
        bool local = (i == 0 || value[i] <= value[i - 1]) && (i == ALPHA_POINTS - 1 || value[i] <= value[i + 1]);
        if (!local) {
            continue;
        }
        long double low = 0.5L + step * fmaxl(0, i - 1), high = 0.5L + step * fminl(ALPHA_POINTS - 1, i + 1);
        long double a = high - golden * (high - low), b = low + golden * (high - low);
        long double at_a = objective(search, sums, a), at_b = objective(search, sums, b);
        for (int zoom = 0; zoom < ZOOM; zoom++) {
            bool left = at_a < at_b;
            if (left) {
                high = b, b = a, at_b = at_a, a = high - golden * (high - low), at_a = objective(search, sums, a);
            } else {
                low = a, a = b, at_a = at_b, b = low + golden * (high - low), at_b = objective(search, sums, b);
            }
            best = fminl(best, fminl(at_a, at_b));
        }
    }
    return best;
}

static long double at_kappa(const struct search *search, long double x)
{
    struct brute_alignment_sums sums = brute_alignment_sums(search->brute, x);
    if (!search->entrant && !(search->N > sums.df1 && sums.kappa * (1 - sums.df1 / search->N) < 1)) {
        return INFINITY;
    }
    return best_alpha(search, &sums);
}

static long double lowest(const struct search *search)
{
    static long double value[KAPPA_POINTS];
    const long double golden = 0.5L * (sqrtl(5) - 1);
    long double low = logl(fminl(1, search->brute->least)) - 36, high = log1pl(search->brute->trace);
    long double step = (high - low) / (KAPPA_POINTS - 1), best = INFINITY;
    for (int i = 0; i < KAPPA_POINTS; i++) {
        value[i] = at_kappa(search, low + step * i);
        best = fminl(best, value[i]);
    }
    for (int i = 0; i < KAPPA_POINTS; i++) {
        bool local = (i == 0 || value[i] <= value[i - 1]) && (i == KAPPA_POINTS - 1 || value[i] <= value[i + 1]);
        if (!local) {
            continue;
        }
        long double a0 = low + step * fmaxl(0, i - 1), b0 = low + step * fminl(KAPPA_POINTS - 1, i + 1);
        long double a = b0 - golden * (b0 - a0), b = a0 + golden * (b0 - a0);
        long double at_a = at_kappa(search, a), at_b = at_kappa(search, b);
        for (int zoom = 0; zoom < ZOOM; zoom++) {
            bool left = at_a < at_b;
            if (left) {
                b0 = b, b = a, at_b = at_a, a = b0 - golden * (b0 - a0), at_a = at_kappa(search, a);
            } else {
                a0 = a, a = b, at_a = at_b, b = a0 + golden * (b0 - a0), at_b = at_kappa(search, b);
            }
            best = fminl(best, fminl(at_a, at_b));
        }
    }
    return best < FAR ? best : INFINITY;
}

long double brute_alignment_company(const struct brute_alignment *brute, double N, long double tau)
{
    struct search search = {.brute = brute, .N = N, .tau = tau};
    long double loss = brute->mixture && tau < brute->L_star / 4 ? INFINITY : lowest(&search);
    return isfinite(loss) ? loss : NAN;
}

long double brute_alignment_threshold(const struct brute_alignment *brute, long double target, long double tau)
{
    struct search search = {.brute = brute, .entrant = true, .target = target, .tau = tau};
    return brute->mixture && tau < brute->L_star / 4 ? INFINITY : lowest(&search);
}
