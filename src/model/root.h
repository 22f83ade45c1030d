/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ROOT_H
#define MOAT_ROOT_H

#include <stdbool.h>
#include <stddef.h>

/* A function of one variable. */
typedef double moat_function(double x, void *context);

/* Two points a and b, in either order, and the values of a function there. It brackets a root when the values have
   opposite signs or one is zero. */
struct bracket {
    double a, fa, b, fb;
};

/* Shrinks `bracket` to a width of `tolerance` around a sign change of `f`, which may jump there. Takes one evaluation a
   step; superlinear where f is smooth, never much slower than bisection. GSL's Brent would do; this needs no allocation
   and no iteration state, which count in a loop that runs millions of times a second. Local. Source: T. R.
   Chandrupatla, Advances in Engineering Software 28 (1997) 145-149. */
void moat_root_shrink(moat_function *f, void *context, double tolerance, struct bracket *bracket);

/* Keeps the side of a kink on which f rises through zero, or the kink itself. `bracket` has its low end in a and
   encloses the kink; `kink` holds the two points next to it, the lower first, with the values of f on either side.
   Where f rises through zero on both sides, the higher is kept if prefer_high. Local. */
void moat_root_keep_branch(const struct bracket *kink, bool prefer_high, struct bracket *bracket);

/* Sample i of ROOT_SAMPLES + 1 that divide [low, high] evenly. Local. */
enum { ROOT_SAMPLES = 64 };
static inline double moat_root_sample(double low, double high, int i)
{
    return i < ROOT_SAMPLES ? low + (high - low) / (double)ROOT_SAMPLES * i : high;
}

/* The sample i, first <= i <= last, at which f is least; 0 where f is nowhere finite. Local. */
int moat_root_lowest_sample(moat_function *f, void *context, double low, double high, int first, int last);

/* Narrows [bracket->a, bracket->b] to the neighbours of the lowest of its samples: where data are interpolated a
   function may have small local minima, above all where it hardly depends on x. Leaves fa and fb alone. Local. */
void moat_root_enclose_lowest(moat_function *f, void *context, struct bracket *bracket);

/* Neighbouring nodes of a table: the answer lies between them. */
struct neighbours {
    size_t below, above;
};

/* Bisects nodes 0 .. count - 1 for the two neighbours between which `is_above(k)`, whether the answer lies above node
   k, turns from true to false. The ends are not asked. Inline, so that the compiler can inline is_above. Local. */
static inline struct neighbours moat_root_bisect_nodes(size_t count, bool (*is_above)(size_t k, void *context),
                                                       void *context)
{
    struct neighbours found = {0, count - 1};
    while (found.above - found.below > 1) {
        size_t middle = (found.below + found.above) / 2;
        *(is_above(middle, context) ? &found.below : &found.above) = middle;
    }
    return found;
}

#endif
