/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bracketed root finding: inverse quadratic interpolation where it is safe, bisection elsewhere. Before that a bracket
 * may be narrowed by samples, or cut at a kink.
 */
#include "model/root.h"

#include <math.h>

enum { ITERATIONS_MAX = 200 };

void moat_root_shrink(moat_function *f, void *context, double tolerance, struct bracket *bracket)
{
    double a = bracket->a, fa = bracket->fa, b = bracket->b, fb = bracket->fb;
    double t = 0.5;
    for (int iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
        if (fa == 0 || fb == 0 || fabs(b - a) <= tolerance) {
            break;
        }
        double x = a + t * (b - a), fx = f(x, context);
        double c, fc; /* the point left behind */
        if ((fx > 0) == (fa > 0)) {
            c = a;
            fc = fa;
        } else {
            c = b;
            fc = fb;
            b = a;
            fb = fa;
        }
        a = x;
        fa = fx;

        double xi = (a - b) / (c - b), phi = (fa - fb) / (fc - fb);
        t = 0.5;
        if (phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi) { /* monotone interpolant */
            t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb);
        }
        double edge = fmin(0.5, 0.5 * tolerance / fabs(b - a)); /* step past the root, so that both ends close in */
        t = fmin(fmax(t, edge), 1 - edge);
    }
    *bracket = (struct bracket){a, fa, b, fb};
}

void moat_root_keep_branch(const struct bracket *kink, bool prefer_high, struct bracket *bracket)
{
    bool low = kink->fa > 0, high = kink->fb < 0;
    if (low && !(high && prefer_high)) {
        *bracket = (struct bracket){bracket->a, bracket->fa, kink->a, kink->fa};
    } else if (high) {
        *bracket = (struct bracket){kink->b, kink->fb, bracket->b, bracket->fb};
    } else {
        *bracket = *kink;
    }
}

int moat_root_lowest_sample(moat_function *f, void *context, double low, double high, int first, int last)
{
    double lowest = INFINITY;
    int best = 0;
    for (int i = first; i <= last; i++) {
        double value = f(moat_root_sample(low, high, i), context);
        if (value < lowest) {
            lowest = value;
            best = i;
        }
    }
    return best;
}

void moat_root_enclose_lowest(moat_function *f, void *context, struct bracket *bracket)
{
    double low = bracket->a, high = bracket->b;
    int best = moat_root_lowest_sample(f, context, low, high, 0, ROOT_SAMPLES);
    bracket->a = best > 0 ? moat_root_sample(low, high, best - 1) : low;
    bracket->b = best < ROOT_SAMPLES ? moat_root_sample(low, high, best + 1) : high;
}
