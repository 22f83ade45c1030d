/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ALIGNMENT_H
#define MOAT_ALIGNMENT_H

#include <stddef.h>

#include "moat/error.h"
#include "model/panels.h"

/*
 * The sums over a measured spectrum at one x = ln kappa, and their table in x. With r_i = kappa/(sigma_i + kappa),
 * t_i = 1 - r_i, delta_i = E (beta_1i - beta_2i)^2, L_star = sum sigma delta, f_i = (E beta_1i^2 - E beta_2i^2)/delta_i
 * and h_i, the part of either target that the difference of the two does not determine. Source: MODEL.md section 15.
 */
enum alignment_sum {
    SUM_DF1,      /* sum t, less the offset */
    SUM_DF2,      /* sum t^2, less the offset */
    SUM_MISSED,   /* sum sigma delta r / L_star */
    SUM_MISSED_F, /* sum sigma delta r f / L_star */
    SUM_LEARNT,   /* sum sigma delta t / L_star = 1 - missed */
    SUM_SHARED,   /* sum sigma r^2 h */
    SUM_SQUARE_0,
    SUM_SQUARE_1,
    SUM_SQUARE_2, /* sum sigma delta r^2 {1, f, f^2} */
    SUM_SPREAD_0,
    SUM_SPREAD_1,
    SUM_SPREAD_2, /* sum sigma delta {(r-M)^2, (r-M)(r f-F), (r f-F)^2}, M = missed, F = missed_f */
    ALIGNMENT_SUMS
};

struct alignment_sums {
    double x;
    double offset; /* df1 and df2 are offset + the sums: 0, or n where they come close to n */
    double value[ALIGNMENT_SUMS];
    double slope[ALIGNMENT_SUMS]; /* derivatives in x */
};

/* Directions i = 0 .. n - 1 with their weights. */
struct alignment_directions {
    size_t n;
    double *sigma, *difference /* sigma delta */, *f, *shared /* sigma h */; /* [n] each */
    double L_star;
};

struct alignment_panel {
    double offset;
    double coefficient[PANEL_NODES][ALIGNMENT_SUMS]; /* of xi^k, xi in [-1, 1] across the panel */
};

struct alignment_table {
    double x_min;
    size_t count;                  /* panels */
    struct alignment_panel *panel; /* [count] */
    struct alignment_sums *node;   /* [count + 1], at the panels' edges */
};

/* Tabulates the sums from x_min to x_max at least, relative error about 1e-12. Returns MOAT_MEMORY, without a message.
   The caller frees *out with moat_alignment_free whatever is returned. Local. */
enum moat_status moat_alignment_tabulate(const struct alignment_directions *directions, double x_min, double x_max,
                                         struct alignment_table *out);

/* Frees the contents of a table; accepts one that is all zero. Local. */
void moat_alignment_free(struct alignment_table *table);

/* The sums and their derivatives at x. Local. */
void moat_alignment_at(const struct alignment_table *table, double x, struct alignment_sums *out);

static inline double alignment_df1(const struct alignment_sums *at)
{
    return at->offset + at->value[SUM_DF1];
}

static inline double alignment_df2(const struct alignment_sums *at)
{
    return at->offset + at->value[SUM_DF2];
}

/* N - df1 = lambda N / kappa, and N - df2, without cancellation where the sums come close to n. Local. */
static inline double alignment_free1(const struct alignment_sums *at, double N)
{
    return N - at->offset - at->value[SUM_DF1];
}

static inline double alignment_free2(const struct alignment_sums *at, double N)
{
    return N - at->offset - at->value[SUM_DF2];
}

#endif
