/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_KEYS_H
#define MOAT_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/axis.h"
#include "sweep/config_names.h"
#include "sweep/config_tree.h"

/*
 * The keys of a config, in one table: reading, checks and messages follow from a key's row. The axes of the grid have
 * theirs in axis.c.
 */
enum key_kind {
    KEY_MAPPING,
    KEY_TEXT,
    KEY_WORD,   /* one of `words`, for an enum; the first is the default */
    KEY_NUMBER, /* for a double */
    KEY_WHOLE,  /* a whole number, for an int or uint64_t; the word that it may have, if any, stands for 0 */
    KEY_SCALAR, /* the value of an axis that is not in the grid */
    KEY_AXIS,
    KEY_FIELDS /* names of fields, for bits of field_table */
};

enum {
    KEY_PATH_SIZE = 48,
    KEY_EXPECTED_SIZE = 1024,
    KEYS_MAX = 64,
    KEY_ANY_SWEEP = (1 << SWEEPS) - 1, /* in key.when, a bit for each sweep is followed by one for each solver */
    KEY_ANY_SOLVER = ((1 << SOLVERS) - 1) << SWEEPS,
    KEY_POWER_LAWS = 1 << (SWEEPS + SOLVERS), /* and one for each kind of spectrum */
    KEY_MEASURED = 1 << (SWEEPS + SOLVERS + 1),
    KEY_ANY_SPECTRUM = KEY_POWER_LAWS | KEY_MEASURED
};

struct key {
    char path[KEY_PATH_SIZE];
    enum key_kind kind;
    int when;            /* the sweeps, solvers and spectra that have it */
    const char *instead; /* why only power laws, or only a measured spectrum, have it; NULL: both do */
    size_t offset, size; /* where the value lies in struct config */
    struct names words;
    struct range range;
    int axis;
    bool optional; /* beside its own parent: an optional mapping may require its keys */
};

struct key_table {
    struct key row[KEYS_MAX];
    size_t rows;
    int when; /* the sweep, solver and spectrum of the config; all of them where it does not say */
};

/* Makes the table for the config at `root`. Local. */
struct key_table config_keys(struct node *root);

/* Returns true if the config's sweep, solver and spectrum have the key. Local. */
bool key_applies(const struct key_table *table, const struct key *key);

/* Fills `list` with the keys that the mapping at `path` may have, and returns them. Local. */
struct names key_entries(const struct key_table *table, const char *path, const char *list[KEYS_MAX]);

/* Describes in words what a key accepts. Local. */
void key_describe(const struct key_table *table, const struct key *key, char text[KEY_EXPECTED_SIZE]);

#endif
