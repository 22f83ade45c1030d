/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_H
#define MOAT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "moat/error.h"
#include "sweep/grid.h"
#include "sweep/names.h"

/* The data sets that `solver: ridge` samples: one for each trial, whose first N rows are rung N. */
struct ridge_settings {
    uint64_t P;    /* features; struct config has it too */
    struct axis N; /* whole numbers, rising, at least 4 */
    size_t trials; /* at least 2, for standard errors */
    uint64_t seed;
    int ranks_per_group; /* ranks that share one factorisation; 0: chosen per rung */
};

/* A sweep as its YAML file describes it; jobs/reference.yaml documents every key. */
struct config {
    char *name;
    char *output; /* path of the results file, as written */
    char *text;   /* the YAML text to the byte; with settings, a YAML text of the config that they make */
    enum sweep_kind sweep;
    enum solver_kind solver;
    double gamma;                /* in [0.01, 2] */
    double P;                    /* integer in [1, 1e9], or INFINITY */
    enum moat_tau_unit tau_unit; /* of a market sweep; thresholds on the grid are as written */
    enum moat_scrutiny scrutiny; /* of a market sweep, both companies alike */
    struct grid grid; /* tau_I is scalar unless grid.tau_I is given, lambda (then NaN) unless grid.lambda is */
    uint64_t stored;  /* bit f: the results file has field f of field_table; status always */
    struct ridge_settings ridge; /* with SOLVER_RIDGE only; P above is then ridge.P */
};

/* Reads and checks the YAML file `path`. Every mistake is refused with file, line, key, what was found and what was
   expected.

   `settings`, NULL at the end, or NULL for none, are changes KEY=VALUE as of `moat run --set`: the value, which is
   YAML, takes the place of what the file has at that key, and null takes the key away. A mistake in one is refused with
   `--set KEY=VALUE` as its place.

   On success *out is owned by the caller, on failure it is NULL. Returns MOAT_USAGE (also when there is no such file,
   or it is not a regular file of at most 1 MiB of text), MOAT_IO (it cannot be read) or MOAT_MEMORY. Rank 0. */
enum moat_status config_load(const char *path, const char *const *settings, struct config **out);

/* The same from a YAML text, without settings; `file_name` is the one that messages show. Local. */
enum moat_status config_parse(const char *text, const char *file_name, struct config **out);

/* The same with settings. Local. */
enum moat_status config_parse_set(const char *text, const char *file_name, const char *const *settings,
                                  struct config **out);

/* Returns true if two configs ask for the same numbers. Name, output, ranks_per_group and the spelling of the text may
   differ; all else must be equal, numbers to the bit. Local. */
bool config_equal(const struct config *left, const struct config *right);

/* Frees *config and sets it to NULL; accepts NULL inside. Local. */
void config_destroy(struct config **config);

#endif
