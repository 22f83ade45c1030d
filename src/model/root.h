/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ROOT_H
#define MOAT_ROOT_H

/* A bracket of a sign change: f(low_x) and f(high_x) have opposite signs or one is zero; x in either order. */
struct bracket {
    double a, fa, b, fb;
};

/* Shrinks `bracket` to a width of `tolerance` around a sign change of `f`, which may jump there; one evaluation a step,
   superlinear where f is smooth, never much slower than bisection. GSL's Brent would do; this needs no allocation and
   no iteration state, which count in a loop that runs millions of times a second. Local. Source: T. R. Chandrupatla,
   Advances in Engineering Software 28 (1997) 145-149. */
void moat_root_shrink(double (*f)(double x, void *context), void *context, double tolerance, struct bracket *bracket);

#endif
