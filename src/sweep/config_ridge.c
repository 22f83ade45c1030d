/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The `ridge` mapping: the data sets to sample. */
#include "sweep/config_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "moat/empirical.h"

/* LAPACK's eigensolver indexes its workspace with 32 bits: the largest order it can solve. */
#define ORDER_MAX 32766

/* Rounds the rungs to whole numbers, which must differ. */
static enum moat_status round_rungs(const struct config_source *source, struct axis *N)
{
    for (size_t k = 0; k < N->size; k++) {
        N->values[k] = round(N->values[k]);
        if (k > 0 && N->values[k] == N->values[k - 1]) {
            return config_refuse(source, "ridge.N.points", NULL,
                                 "fewer: neighbouring rungs round to the same whole number");
        }
    }
    return MOAT_OK;
}

static enum moat_status check_ladder(const struct config_source *source, const struct ridge_text *text,
                                     struct config *config)
{
    static const struct range N_range = {1, 1e7, false, true, false, "an integer from 1 to 1e7"};
    struct axis *N = &config->ridge.N;
    enum moat_status status = config_axis(source, &text->N, "ridge.N", &N_range, N);
    if (status == MOAT_OK) {
        status = round_rungs(source, N);
    }
    char found[64];
    if (status == MOAT_OK && N->size < MOAT_EMPIRICAL_RUNGS_MIN) {
        snprintf(found, sizeof found, "%zu rungs", N->size);
        return config_refuse(source, "ridge.N", found, "at least %d, to interpolate between", MOAT_EMPIRICAL_RUNGS_MIN);
    }
    if (status == MOAT_OK && fmin(N->values[N->size - 1], config->P) > ORDER_MAX) {
        snprintf(found, sizeof found, "%.0f", fmin(N->values[N->size - 1], config->P));
        return config_refuse(source, "ridge.N", found, "the smaller of the largest N and P at most %d", ORDER_MAX);
    }
    return status;
}

static enum moat_status check_groups(const struct config_source *source, const char *text, int *ranks)
{
    static const struct range range = {1, 1e6, false, true, false, "an integer from 1 to 1e6, or auto"};
    double value = 0;
    enum moat_status status = MOAT_OK;
    if (text && strcmp(text, "auto") != 0) {
        status = config_number(source, "ridge.ranks_per_group", text, &range, &value);
    }
    *ranks = (int)value;
    return status;
}

enum moat_status config_ridge(const struct config_source *source, const struct config_document *document,
                              struct config *config)
{
    static const struct range P_range = {2, 1e7, false, true, false, "an integer from 2 to 1e7"};
    static const struct range trials_range = {2, 1e5, false, true, false, "an integer from 2 to 1e5"};
    static const struct range seed_range = {0, 9007199254740992.0, false, true, false, "an integer from 0 to 2^53"};
    const struct ridge_text *text = document->ridge;
    if (config->solver != SOLVER_RIDGE) {
        return text ? config_refuse(source, "ridge", "a mapping", "none, because solver is not ridge") : MOAT_OK;
    }
    if (!text) {
        return config_refuse(source, "solver", "ridge", "a key ridge beside it: {P, N, trials, seed}");
    }
    double P = 0, trials = 0, seed = 0;
    enum moat_status status = config_number(source, "ridge.P", text->P, &P_range, &P);
    if (status == MOAT_OK && isfinite(config->P) && config->P != P) {
        return config_refuse(source, "ridge.P", NULL, "model.P, or model.P .inf");
    }
    config->P = P;
    if (status == MOAT_OK) {
        status = check_ladder(source, text, config);
    }
    if (status == MOAT_OK) {
        status = config_number(source, "ridge.trials", text->trials, &trials_range, &trials);
    }
    if (status == MOAT_OK) {
        status = config_number(source, "ridge.seed", text->seed, &seed_range, &seed);
    }
    if (status == MOAT_OK) {
        status = check_groups(source, text->ranks_per_group, &config->ridge.ranks_per_group);
    }
    config->ridge.trials = (size_t)trials;
    config->ridge.seed = (uint64_t)seed;
    return status;
}
