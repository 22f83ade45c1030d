/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef POINT_H
#define POINT_H

#include <stdio.h>

#include "moat/elasticity.h"
#include "moat/market.h"

/* A market that `moat point` was asked for, and its solution. */
struct point {
    const char *spectrum;     /* path of the file of a measured spectrum; NULL: power laws */
    double gamma, nu, P, N_I; /* as asked for; P and N_I may be INFINITY. On a measured spectrum gamma and nu are NaN, P
                                 is the number of its directions, and the market's Q is 1 */
    struct moat_market market;
    struct moat_company incumbent;
    struct moat_threshold threshold;
    struct moat_elasticity elasticity;
};

/* Prints the solution for people, to standard output. Local. */
void point_print(const struct point *point);

/* Writes question and solution as an object of JSON, with the names of a results file. Local. */
void point_write_json(FILE *out, const struct point *point);

#endif
