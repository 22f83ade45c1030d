/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_H
#define MOAT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "moat/error.h"
#include "ridge/population.h"
#include "sweep/directions.h"
#include "sweep/grid.h"
#include "sweep/names.h"

/* The data sets that `solver: ridge` samples: one for each trial, whose first N rows are rung N. */
struct ridge_settings {
    uint64_t P;    /* features; struct config has it too. 0 on a measured spectrum */
    char *data;    /* path, as written, of the file of rows that are sampled; NULL: Gaussian ones */
    struct axis N; /* whole numbers, rising, at least 4 */
    size_t trials; /* at least 2, for standard errors */
    uint64_t seed;
    int ranks_per_group; /* ranks that share one factorisation; 0: chosen per rung */
};

/* A sweep as its YAML file describes it; jobs/reference.yaml documents every key. */
struct config {
    char *name;
    char *output; /* path of the results file, as written */
    char *folder; /* where relative paths of input files start: that of the config file; "." for a text */
    char *text;   /* the YAML text to the byte; with settings, a YAML text of the config that they make */
    enum sweep_kind sweep;
    enum solver_kind solver;
    bool measured;                /* on a measured spectrum: without gamma, P, Q and nu */
    double gamma;                 /* in [0.01, 2]; NaN if measured */
    double P;                     /* integer in [1, 1e9], or INFINITY; if measured, NaN until config_give_directions */
    char *spectrum;               /* path of the spectrum file, as written; NULL unless measured */
    struct directions directions; /* its numbers, once they are loaded */
    enum moat_tau_unit tau_unit;  /* of a market sweep; thresholds on the grid are as written */
    enum moat_scrutiny scrutiny;  /* of a market sweep, both companies alike */
    struct grid grid; /* tau_I is scalar unless grid.tau_I is given, lambda (then NaN) unless grid.lambda is; if
                         measured, Q (then 1) and nu (then NaN) */
    uint64_t stored;  /* bit f: the results file has field f of field_table; status always */
    struct ridge_settings ridge; /* with SOLVER_RIDGE only; P above is then ridge.P */
    struct ridge_rows *rows;     /* those of ridge.data, once they are loaded */
    uint32_t rows_checksum;      /* of the numbers in that file, as doubles */
};

/* Reads and checks the YAML file `path`. Every mistake is refused with file, line, key, what was found and what was
   expected.

   Files that the config names are not looked for.

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

/* Sets *out to the path of an input file: `path`, as a config has it, is relative to the folder of the config file. The
   caller frees it. Returns MOAT_MEMORY. Local. */
enum moat_status config_locate(const struct config *config, const char *path, char **out);

/* Moves the loaded directions of config->spectrum into the config, and sets its P. Local. */
void config_give_directions(struct config *config, struct directions *directions);

/* What samples of a measured spectrum are drawn from: the rows, where there are some, else Gaussian features with the
   directions of `config`, which must outlive it. Local. */
struct ridge_population config_population(const struct config *config);

/* Returns true if two configs ask for the same numbers, as far as their texts say: those of a spectrum file may be
   others. Name, output, ranks_per_group, the path of a spectrum file and the spelling of the text may differ; all else
   must be equal, numbers to the bit. Local. */
bool config_equal(const struct config *left, const struct config *right);

/* Frees *config and sets it to NULL; accepts NULL inside. Local. */
void config_destroy(struct config **config);

#endif
