/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_INTERNAL_H
#define MOAT_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/config.h"
#include "sweep/grid.h"

/*
 * A config file is read in three passes, one file each:
 *   config_text.c    is it YAML of the plain kind we take, and where does a key path stand (libyaml)
 *   config_schema.c  does it have the right keys, with the right kinds of value (libcyaml)
 *   config_check.c   do the values make sense; config_axis.c does it for numbers and axes, config_ridge.c for `ridge`
 */

struct config_source {
    const char *origin; /* the file's name in messages */
    const char *text;
};

enum { CONFIG_PATH_SIZE = 1024 };

/* Key path of a value: keys joined by '.', list entries as [0]: "grid.nu.values[1]"; "" is the whole document. */

/* Records "origin:line: path: found .., expected .." and returns MOAT_USAGE. `found` NULL stands for what the text
   has at `path`; the line is that of the longest part of `path` there is. Local. */
enum moat_status config_refuse(const struct config_source *source, const char *path, const char *found,
                               const char *expected, ...) __attribute__((format(printf, 4, 5)));

enum { CONFIG_FOUND_SIZE = 128 };

/* What stands at `path`, in words: a scalar is cut to 40 characters. Returns the line, of the longest part of `path`
   there is. Local. */
size_t config_text_find(const struct config_source *source, const char *path, char found[CONFIG_FOUND_SIZE]);

/* Whether the text is one YAML document without duplicate keys, anchors, aliases, tags and deep nesting. Returns
   MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_text_check(const struct config_source *source);

/* An axis as written; what is not there is NULL. */
struct axis_text {
    char **values;
    unsigned values_count;
    char **log;    /* two ends */
    char **linear; /* two ends */
    char *points;
};

/* The ridge mapping as written. */
struct ridge_text {
    char *P;
    struct axis_text N;
    char *trials, *seed;
    char *ranks_per_group; /* NULL when not given */
};

/* The incumbent mapping as written. */
struct incumbent_text {
    char *tau;
};

/* The document as written. Numbers are still text: libcyaml reads neither `.inf` nor integers such as 1e3. */
struct config_document {
    char *name;
    char *sweep;
    char *solver;
    char *output;
    struct {
        char *gamma, *P;
    } model;
    struct incumbent_text *incumbent; /* this and the next two: NULL when not given */
    char *tau_unit;
    struct ridge_text *ridge;
    struct {
        struct axis_text *axis[GRID_AXES]; /* the first is NULL when not given */
    } grid;
};

/* Reads the text against the schema of `sweep`; on success *out is freed with config_document_destroy. Returns
   MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_document_read(const struct config_source *source, enum sweep_kind sweep,
                                      struct config_document **out);
void config_document_destroy(enum sweep_kind sweep, struct config_document **document);

/* The position of `text`, found at `path`, in `names`; `text` NULL is the first. Returns MOAT_USAGE when it is not
   there. Local. */
enum moat_status config_choice(const struct config_source *source, const char *path, const char *text,
                               const char *const names[], int count, int *out);

/* Reads which sweep the text is of, which decides on the keys of the rest. Returns MOAT_USAGE. Local. */
enum moat_status config_sweep(const struct config_source *source, enum sweep_kind *out);

/* Checks the values of `document` and fills `config` but for its text and its sweep, which is there already; what was
   allocated so far is left in `config` on failure. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_check(const struct config_source *source, const struct config_document *document,
                              struct config *config);

/* The numbers a key takes. */
struct range {
    double low, high;
    bool low_open; /* `low` itself is not in */
    bool integer;
    bool infinity;     /* .inf is in */
    char expected[96]; /* the same in words, for messages */
};

/* Reads the number `text` found at `path`. Returns MOAT_USAGE when it is not a number in `range`. Local. */
enum moat_status config_number(const struct config_source *source, const char *path, const char *text,
                               const struct range *range, double *out);

/* Checks and fills the axes of `grid`, axis a at key path name[a] ("grid.N_I"), within range[a]; one that was not given
   becomes a scalar, NaN. Too large a grid is refused before anything is allocated. Returns MOAT_USAGE or
   MOAT_MEMORY. Local. */
enum moat_status config_axes(const struct config_source *source, struct axis_text *const text[GRID_AXES],
                             const char *const name[GRID_AXES], const struct range range[GRID_AXES], struct grid *grid);

/* The same for one axis that is not of the grid, at key path `name`. Local. */
enum moat_status config_axis(const struct config_source *source, const struct axis_text *text, const char *name,
                             const struct range *range, struct axis *axis);

/* Checks the `ridge` mapping and fills config->ridge and config->P; gamma, P and solver are there already.
   Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_ridge(const struct config_source *source, const struct config_document *document,
                              struct config *config);

#endif
