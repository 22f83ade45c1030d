/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bracketed root finding: inverse quadratic interpolation where it is safe, bisection elsewhere. */
#include "model/root.h"

#include <math.h>

enum { ITERATIONS_MAX = 200 };

void moat_root_shrink(double (*f)(double x, void *context), void *context, double tolerance, struct bracket *bracket)
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
