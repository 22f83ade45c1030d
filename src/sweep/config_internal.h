/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_INTERNAL_H
#define MOAT_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/axis.h"
#include "sweep/config.h"

/*
 * A config file is read in three passes, one file each:
 *   config_text.c    is it YAML of the plain kind we accept, and on which line does a key path stand (libyaml)
 *   config_schema.c  does it have the right keys, with the right kinds of value (libcyaml)
 *   config_check.c   do the values make sense; config_axis.c for numbers and axes, config_ridge.c for `ridge`
 */

struct config_source {
    const char *file_name; /* in messages */
    const char *text;
};

enum { CONFIG_PATH_SIZE = 1024 };

/* Key path of a value: keys joined by '.', list entries as [0]: "grid.nu.values[1]"; "" is the whole document. */

/* Records "file_name:line: path: found .., expected .." and returns MOAT_USAGE. With `found` NULL the message quotes
   the text at `path`. The line is that of the longest part of `path` that the text has. Local. */
enum moat_status config_refuse(const struct config_source *source, const char *path, const char *found,
                               const char *expected, ...) __attribute__((format(printf, 4, 5)));

enum { CONFIG_FOUND_SIZE = 128 };

/* Describes the value at `path` in words; a scalar is cut to 40 characters. Returns the line of the longest part of
   `path` that the text has. Local. */
size_t config_text_find(const struct config_source *source, const char *path, char found[CONFIG_FOUND_SIZE]);

/* Checks that the text is one YAML document without duplicate keys, anchors, aliases, tags or deep nesting. Returns
   MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_text_check(const struct config_source *source);

/* An axis as written; a key that is not given is NULL. */
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
        struct axis_text *axis[GRID_AXES]; /* NULL when not given */
    } grid;
};

/* Reads the text against the schema of `sweep`; on success *out is freed with config_document_destroy. Returns
   MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_document_read(const struct config_source *source, enum sweep_kind sweep,
                                      struct config_document **out);
void config_document_destroy(enum sweep_kind sweep, struct config_document **document);

/* Sets *out to the position in `names` of `text`, found at `path`; to 0 when `text` is NULL. Returns MOAT_USAGE when it
   is none of them. Local. */
enum moat_status config_choice(const struct config_source *source, const char *path, const char *text,
                               const char *const names[], int count, int *out);

/* Reads the key `sweep` alone, which decides on the schema of the rest. Returns MOAT_USAGE. Local. */
enum moat_status config_sweep(const struct config_source *source, enum sweep_kind *out);

/* Checks the values of `document` and fills `config`, whose text and sweep are set already. On failure `config` keeps
   the memory allocated so far. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_check(const struct config_source *source, const struct config_document *document,
                              struct config *config);

/* Reads the number `text` found at `path`. Returns MOAT_USAGE when it is not a number in `range`. Local. */
enum moat_status config_number(const struct config_source *source, const char *path, const char *text,
                               const struct range *range, double *out);

enum { CONFIG_KEY_SIZE = 64 };

/* The key path of an axis, such as "grid.N_I". Local. */
void config_axis_key(enum sweep_kind sweep, int axis, char key[CONFIG_KEY_SIZE]);

/* Checks `text` and fills the axes of config->grid; sweep and gamma are set already. An axis that was not given becomes
   a scalar, NaN. Too large a grid is refused before anything is allocated. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_axes(const struct config_source *source, struct axis_text *const text[GRID_AXES],
                             struct config *config);

/* The same for one axis that is not of the grid, at key path `key`. Local. */
enum moat_status config_axis(const struct config_source *source, const struct axis_text *text, const char *key,
                             const struct range *range, struct axis *axis);

/* Checks the `ridge` mapping and fills config->ridge and config->P; gamma, P and solver are set already. Returns
 * MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_ridge(const struct config_source *source, const struct config_document *document,
                              struct config *config);

#endif
