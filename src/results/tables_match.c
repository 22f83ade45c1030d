/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same data sets or others: what two sweeps must have in common to share tables. */
#include "results/tables_match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "results/groups.h"
#include "results/provenance.h"

static enum moat_status differ(const char *path, const char *what, const char *found, const char *expected)
{
    return moat_error_set(MOAT_USAGE,
                          "%s: found tables of %s %s, expected %s, which this sweep has: tables serve sweeps with the "
                          "same gamma (or spectrum and data), P and seed",
                          path, what, found, expected);
}

static enum moat_status match_number(const char *path, const char *what, double found, double expected)
{
    char text[2][NUMBER_SIZE];
    if (found == expected) {
        return MOAT_OK;
    }
    for (int digits = 6; digits <= 17; digits++) {
        number_short(found, digits, text[0]);
        number_short(expected, digits, text[1]);
        if (strcmp(text[0], text[1]) != 0) {
            break;
        }
    }
    return differ(path, what, text[0], text[1]);
}

static enum moat_status match_integer(const char *path, const char *what, uint64_t found, uint64_t expected)
{
    char text[2][NUMBER_SIZE];
    snprintf(text[0], sizeof text[0], "%" PRIu64, found);
    snprintf(text[1], sizeof text[1], "%" PRIu64, expected);
    return found == expected ? MOAT_OK : differ(path, what, text[0], text[1]);
}

/* What the data sets of a config are drawn from. */
static const char *population(const struct config *config)
{
    return !config->measured    ? "power laws"
           : config->ridge.data ? "the rows of a data file"
                                : "Gaussian features of a measured spectrum";
}

enum moat_status tables_match_solver(const struct config *config)
{
    return config->solver == SOLVER_RIDGE
               ? MOAT_OK
               : moat_error_set(MOAT_USAGE, "found `solver: %s` in the config, expected `ridge`: others have no tables",
                                solver_name[config->solver]);
}

enum moat_status tables_match_inputs(hid_t file, const char *path, const struct config *stored,
                                     const struct config *config)
{
    enum moat_status status = MOAT_OK;
    if (stored->solver != SOLVER_RIDGE) {
        return moat_error_set(MOAT_USAGE, "%s: found a sweep of `solver: %s`, expected `ridge`: others have no tables",
                              path, solver_name[stored->solver]);
    }
    if (strcmp(population(stored), population(config)) != 0) {
        return differ(path, "samples of", population(stored), population(config));
    }
    if (!config->measured) {
        status = match_number(path, "gamma", stored->gamma, config->gamma);
        status = status == MOAT_OK ? match_number(path, "P", stored->P, config->P) : status;
    } else {
        status = match_integer(path, "a spectrum with the checksum", (uint64_t)provenance_spectrum_checksum(file),
                               config->directions.checksum);
    }
    if (status == MOAT_OK && config->ridge.data) {
        status = match_integer(path, "data with the checksum", (uint64_t)provenance_data_checksum(file),
                               config->rows_checksum);
    }
    return status == MOAT_OK ? match_integer(path, "seed", stored->ridge.seed, config->ridge.seed) : status;
}

enum moat_status tables_match_levels(hid_t file, const char *path, const struct ladder *ladder)
{
    struct variable levels;
    const char *axis[GRID_AXES];
    bool same =
        groups_find(ladder->config, "ridge/lambda", &levels, axis) && variable_holds(file, &levels, ladder->lambda);
    return same ? MOAT_OK
                : moat_error_set(MOAT_USAGE,
                                 "%s: found tables at other ridge levels, expected the %zu levels from %.17g to %.17g "
                                 "of this version",
                                 path, ladder->lambdas, ladder->lambda[0], ladder->lambda[ladder->lambdas - 1]);
}
