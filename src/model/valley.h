/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_VALLEY_H
#define MOAT_VALLEY_H

#include <stdbool.h>

#include "model/alignment.h"

/*
 * The least value of an objective over x, however many minima it has. Every node of the table is visited. Two
 * neighbours enclose a minimum where the slope turns from negative to positive between them, and every such minimum is
 * found and compared. The sums are too smooth for two extrema between neighbours, but an objective has kinks where the
 * best alpha or the binding constraint changes. So a panel is halved, up to five times, where the difference of its
 * values is not what its slopes say.
 */

/* The objective at one x. Where x is not feasible, `value` is by how much and `slope` its derivative. */
struct site {
    bool feasible;
    double value, slope;
};

typedef struct site site_function(const struct alignment_sums *at, const void *problem);

struct valley {
    const struct alignment_table *table;
    site_function *site;
    const void *problem;
    double x_low, x_high; /* finite */
    bool log_data;        /* whether the objective is ln N, which is never below ln df1: the search ends early */
};

/* Sets *x where the objective is least. Returns false, and *x to NaN, when no x is feasible. Local. */
bool moat_valley_lowest(const struct valley *valley, double *x);

#endif
