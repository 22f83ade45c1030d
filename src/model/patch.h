/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PATCH_H
#define MOAT_PATCH_H

#include <gsl/gsl_interp2d.h>

#include "moat/error.h"

/* Ratios of numbers that were measured on samples to those of the deterministic equivalent. */
enum { RATIOS_MOST = 6, PATCHES = 3 };

/* Their values on every rung N and every y = asinh(lambda / unit). */
struct ratio_grid {
    int ratios;
    size_t rungs, lambdas;
    double *log_N;              /* [rungs], rising */
    double *y;                  /* [lambdas], uniform from 0 to y_max = asinh(1 / unit) */
    double *ratio[RATIOS_MOST]; /* [rungs][lambdas] */
    double unit, y_max;
};

/* Some neighbouring rungs with splines of their own. */
struct patch {
    size_t rungs;
    int ratios;
    double log_N_end;           /* the last real rung */
    double *log_N;              /* [rungs] */
    double *ratio[RATIOS_MOST]; /* [rungs][lambdas] */
    gsl_interp2d *spline[RATIOS_MOST];
};

/* A grid with all its splines. Near-ridgeless losses jump where N reaches P, and a spline across that jump would ring
   far from it. So the rungs below P, those from P on, and the interval between have a patch each. */
struct ratio_splines {
    struct ratio_grid grid;
    size_t patches;
    struct patch patch[PATCHES]; /* rising in N, each begins where the one before ends */
};

/* Allocates the grid of `splines` for `ratios` ratios, and fills all but those: log_N from N[rungs]. Returns
   MOAT_MEMORY; the splines are to be freed all the same. Local. */
enum moat_status moat_splines_allocate(int ratios, size_t rungs, const double *N, size_t lambdas, double unit,
                                       struct ratio_splines *splines);

/* Makes the patches from the ratios. `N_jump` is where the losses jump. Returns MOAT_MEMORY. Local. */
enum moat_status moat_splines_create(double N_jump, struct ratio_splines *splines);

/* Frees the contents; accepts one that is all zero. Local. */
void moat_splines_free(struct ratio_splines *splines);

/* One (N, lambda) on the splines. */
struct spline_point {
    const struct patch *patch;
    double y, log_N;
    double y_x; /* dy / dx at fixed N */
};

/* The point at N and lambda, with d lambda / dx. Local. */
struct spline_point moat_splines_locate(const struct ratio_splines *splines, double N, double lambda, double lambda_x);

typedef double spline_function(const gsl_interp2d *, const double *, const double *, const double *, double, double,
                               gsl_interp_accel *, gsl_interp_accel *);

/* Ratio number `which`, or its derivative in y or ln N: `function` is one of GSL's gsl_interp2d_eval. Local. */
double moat_splines_ratio(const struct ratio_splines *splines, const struct spline_point *at, int which,
                          spline_function *function);

/* The splines on rungs first .. end - 1 of `grid`, at least two. Where there are fewer than four, which GSL's bicubic
   splines need, rungs beyond the ends are made up on the straight line through the last two. That leaves two rungs a
   straight line between them. Returns MOAT_MEMORY; *patch is to be freed all the same. Local. */
enum moat_status moat_patch_create(const struct ratio_grid *grid, size_t first, size_t end, struct patch *patch);

/* Frees the contents of a patch; one that is all zero has none. Local. */
void moat_patch_free(struct patch *patch);

#endif
