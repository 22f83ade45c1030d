/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bicubic splines of the measured ratios on some neighbouring rungs. */
#include "model/patch.h"

#include <gsl/gsl_errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PATCH_RUNGS_MIN = 4, INIT_ARRAYS = 16 };

/* Values of a made-up rung on the line through two others, in ln N. */
static void extend(size_t lambdas, struct patch *patch, size_t made_up, size_t near, size_t far)
{
    patch->log_N[made_up] = 2 * patch->log_N[near] - patch->log_N[far];
    for (int i = 0; i < RATIOS; i++) {
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
    patch->rungs = before + real + after;
    patch->log_N_end = grid->log_N[end - 1];
    patch->log_N = malloc(patch->rungs * sizeof(double));
    bool complete = patch->log_N != NULL;
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* GSL's own ends the process when memory is short */
    for (int i = 0; i < RATIOS; i++) {
        patch->ratio[i] = malloc(patch->rungs * lambdas * sizeof(double));
        patch->spline[i] = gsl_interp2d_alloc(gsl_interp2d_bicubic, lambdas, patch->rungs);
        complete = complete && patch->ratio[i] && patch->spline[i];
    }
    gsl_set_error_handler(handler);
    if (!complete || !has_room(lambdas, patch->rungs)) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the splines of %zu rungs", real);
    }
    memcpy(patch->log_N + before, grid->log_N + first, real * sizeof(double));
    for (int i = 0; i < RATIOS; i++) {
        memcpy(patch->ratio[i] + before * lambdas, grid->ratio[i] + first * lambdas, real * lambdas * sizeof(double));
    }
    if (before) {
        extend(lambdas, patch, 0, 1, 2);
    }
    if (after) {
        extend(lambdas, patch, before + real, before + real - 1, before + real - 2);
    }
    for (int i = 0; i < RATIOS; i++) {
        gsl_interp2d_init(patch->spline[i], grid->y, patch->log_N, patch->ratio[i], lambdas, patch->rungs);
    }
    return MOAT_OK;
}

void moat_patch_free(struct patch *patch)
{
    for (int i = 0; i < RATIOS; i++) {
        free(patch->ratio[i]);
        if (patch->spline[i]) {
            gsl_interp2d_free(patch->spline[i]);
        }
    }
    free(patch->log_N);
}
