/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_AXIS_H
#define MOAT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/names.h"

/*
 * The axes of a grid: their values, and one table of all else there is to know about them.
 *
 * Both sweeps number their axes alike. A scaling law has lambda, N and alpha in the places of tau_I, N_I and tau_E.
 */
enum { GRID_TAU_I, GRID_N_I, GRID_TAU_E, GRID_Q, GRID_NU, GRID_AXES };
enum { GRID_LAMBDA = GRID_TAU_I, GRID_N = GRID_N_I, GRID_ALPHA = GRID_TAU_E };

struct axis {
    size_t size;
    double *values; /* [size], rising; owned */
    bool scalar;    /* one value, and no dimension of the results */
};

/* The numbers that a key of a config accepts. */
struct range {
    double low, high;
    bool low_open;     /* `low` itself is not accepted */
    bool integer;      /* only whole numbers are */
    bool infinity;     /* .inf is accepted too, whatever `high` is */
    char expected[96]; /* the same in words, for messages */
};

struct axis_entry {
    const char *name; /* in the config, under `grid`, and in the file; NULL: the sweep has no such axis, it is scalar */
    const char *units, *long_name;
    struct range range;     /* of the values; axis_range completes that of nu */
    bool threshold;         /* the values are safety thresholds, in the config's tau_unit */
    bool optional;          /* the grid may lack it: then it is scalar */
    const char *scalar_key; /* the key that gives the scalar's value; NULL: the value is NaN */
    const char *instead; /* what a measured spectrum has in place of the axis, which then is scalar; NULL: it has it */
};

/* One table, read by the config, the layout of the results file and messages. */
extern const struct axis_entry axis_table[SWEEPS][GRID_AXES];

/* The order in which blocks take up axes whole, which is also that of block numbers, fastest first; see grid.c. */
extern const int axis_fill_order[GRID_AXES];

/* The range of an axis. That of nu depends on gamma: gamma < nu <= 2 (1 + gamma). Local. Source: MODEL.md section 1. */
struct range axis_range(enum sweep_kind sweep, int axis, double gamma);

#endif
