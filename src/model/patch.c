/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bicubic splines of measured ratios in (y, ln N), y = asinh(lambda / unit): in y the grid is uniform and the ridgeless
 * limit is an ordinary point, in ln N the ladder is close to uniform. Source: MODEL.md section 9.
 */
#include "model/patch.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PATCH_RUNGS_MIN = 4, INIT_ARRAYS = 16 };

/* Values of a made-up rung on the line through two others, in ln N. */
static void extend(size_t lambdas, struct patch *patch, size_t made_up, size_t near, size_t far)
{
    patch->log_N[made_up] = 2 * patch->log_N[near] - patch->log_N[far];
    for (int i = 0; i < patch->ratios; i++) {
        for (size_t j = 0; j < lambdas; j++) {
            double *ratio = patch->ratio[i];
            ratio[made_up * lambdas + j] = 2 * ratio[near * lambdas + j] - ratio[far * lambdas + j];
        }
    }
}

/* Whether there is room for what gsl_interp2d_init allocates for its own use, some ten arrays: it does not look whether
   it got them. */
static bool has_room(size_t lambdas, size_t rungs)
{
    void *room = malloc(INIT_ARRAYS * (lambdas + rungs) * sizeof(double));
    free(room);
    return room != NULL;
}

enum moat_status moat_patch_create(const struct ratio_grid *grid, size_t first, size_t end, struct patch *patch)
{
    size_t real = end - first, lambdas = grid->lambdas;
    size_t before = real == 2, after = real < PATCH_RUNGS_MIN;
    patch->ratios = grid->ratios;
    patch->rungs = before + real + after;
    patch->log_N_end = grid->log_N[end - 1];
    patch->log_N = malloc(patch->rungs * sizeof(double));
    bool complete = patch->log_N != NULL;
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* GSL's own ends the process when memory is short */
    for (int i = 0; i < patch->ratios; i++) {
        patch->ratio[i] = malloc(patch->rungs * lambdas * sizeof(double));
        patch->spline[i] = gsl_interp2d_alloc(gsl_interp2d_bicubic, lambdas, patch->rungs);
        complete = complete && patch->ratio[i] && patch->spline[i];
    }
    gsl_set_error_handler(handler);
    if (!complete || !has_room(lambdas, patch->rungs)) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the splines of %zu rungs", real);
    }
    memcpy(patch->log_N + before, grid->log_N + first, real * sizeof(double));
    for (int i = 0; i < patch->ratios; i++) {
        memcpy(patch->ratio[i] + before * lambdas, grid->ratio[i] + first * lambdas, real * lambdas * sizeof(double));
    }
    if (before) {
        extend(lambdas, patch, 0, 1, 2);
    }
    if (after) {
        extend(lambdas, patch, before + real, before + real - 1, before + real - 2);
    }
    for (int i = 0; i < patch->ratios; i++) {
        gsl_interp2d_init(patch->spline[i], grid->y, patch->log_N, patch->ratio[i], lambdas, patch->rungs);
    }
    return MOAT_OK;
}

void moat_patch_free(struct patch *patch)
{
    for (int i = 0; i < RATIOS_MOST; i++) {
        free(patch->ratio[i]);
        if (patch->spline[i]) {
            gsl_interp2d_free(patch->spline[i]);
        }
    }
    free(patch->log_N);
}

enum moat_status moat_splines_allocate(int ratios, size_t rungs, const double *N, size_t lambdas, double unit,
                                       struct ratio_splines *splines)
{
    struct ratio_grid *grid = &splines->grid;
    *splines = (struct ratio_splines){
        .grid = {.ratios = ratios, .rungs = rungs, .lambdas = lambdas, .unit = unit, .y_max = asinh(1 / unit)}};
    grid->log_N = malloc(rungs * sizeof(double));
    grid->y = malloc(lambdas * sizeof(double));
    bool complete = grid->log_N && grid->y;
    for (int i = 0; i < ratios; i++) {
        grid->ratio[i] = malloc(rungs * lambdas * sizeof(double));
        complete = complete && grid->ratio[i];
    }
    if (!complete) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu x %zu coefficients", rungs, lambdas);
    }
    for (size_t k = 0; k < rungs; k++) {
        grid->log_N[k] = log(N[k]);
    }
    for (size_t j = 0; j < lambdas; j++) {
        grid->y[j] = grid->y_max * (double)j / (double)(lambdas - 1);
    }
    return MOAT_OK;
}

enum moat_status moat_splines_create(double N_jump, struct ratio_splines *splines)
{
    const struct ratio_grid *grid = &splines->grid;
    size_t below = 0; /* rungs before the jump */
    while (below < grid->rungs && exp(grid->log_N[below]) < N_jump * (1 - 1e-12)) {
        below++;
    }
    const size_t first[PATCHES] = {0, below > 0 ? below - 1 : 0, below};
    const size_t end[PATCHES] = {below, below > 0 && below < grid->rungs ? below + 1 : 0, grid->rungs};
    enum moat_status status = MOAT_OK;
    for (int p = 0; p < PATCHES && status == MOAT_OK; p++) {
        if (end[p] >= first[p] + 2) { /* a single rung is an end of the patch beside it */
            status = moat_patch_create(grid, first[p], end[p], &splines->patch[splines->patches++]);
        }
    }
    return status;
}

void moat_splines_free(struct ratio_splines *splines)
{
    for (int i = 0; i < RATIOS_MOST; i++) {
        free(splines->grid.ratio[i]);
    }
    for (size_t p = 0; p < splines->patches; p++) {
        moat_patch_free(&splines->patch[p]);
    }
    free(splines->grid.log_N);
    free(splines->grid.y);
}

struct spline_point moat_splines_locate(const struct ratio_splines *splines, double N, double lambda, double lambda_x)
{
    const struct ratio_grid *grid = &splines->grid;
    struct spline_point at = {
        .patch = splines->patch,
        .y = fmin(asinh(lambda / grid->unit), grid->y_max),
        .log_N = fmin(fmax(log(N), grid->log_N[0]), grid->log_N[grid->rungs - 1]), /* not outside by rounding */
        .y_x = lambda_x / hypot(lambda, grid->unit),
    };
    while (at.patch + 1 < splines->patch + splines->patches && at.log_N > at.patch->log_N_end) {
        at.patch++;
    }
    return at;
}

double moat_splines_ratio(const struct ratio_splines *splines, const struct spline_point *at, int which,
                          spline_function *function)
{
    const struct patch *patch = at->patch;
    return function(patch->spline[which], splines->grid.y, patch->log_N, patch->ratio[which], at->y, at->log_N, NULL,
                    NULL);
}
