/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PATCH_H
#define MOAT_PATCH_H

#include <gsl/gsl_interp2d.h>

#include "moat/error.h"

/* The ratios of measured coefficients to those of the deterministic equivalent. */
enum { RATIO_A1, RATIO_A2, RATIO_D, RATIOS };

/* Their values on every rung N and every y = asinh(lambda / unit). */
struct ratio_grid {
    size_t rungs, lambdas;
    double *log_N;         /* [rungs], rising */
    double *y;             /* [lambdas], uniform */
    double *ratio[RATIOS]; /* [rungs][lambdas] */
};

/* Some neighbouring rungs with splines of their own. */
struct patch {
    size_t rungs;
    double log_N_end;      /* the last real rung */
    double *log_N;         /* [rungs] */
    double *ratio[RATIOS]; /* [rungs][lambdas] */
    gsl_interp2d *spline[RATIOS];
};

/* The splines on rungs first .. end - 1 of `grid`, at least two. Where there are fewer than four, which GSL's bicubic
   splines need, rungs beyond the ends are made up on the straight line through the last two. That leaves two rungs a
   straight line between them. Returns MOAT_MEMORY; *patch is to be freed all the same. Local. */
enum moat_status moat_patch_create(const struct ratio_grid *grid, size_t first, size_t end, struct patch *patch);

/* Frees the contents of a patch; one that is all zero has none. Local. */
void moat_patch_free(struct patch *patch);

#endif
