/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of a config against the table of keys: unknown and missing keys, and the values of the others. */
#include "sweep/config_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/config_keys.h"
#include "sweep/field.h"

/* Refuses an entry of a mapping that is none of `names`. */
static enum moat_status refuse_entry(const struct key_table *table, const struct names *names, const struct node *node,
                                     const char *expected)
{
    char path[NODE_PATH_SIZE], found[96];
    const struct key *row = table->row, *end = row + table->rows;
    node_path(node, NULL, path);
    while (row < end && strcmp(row->path, path) != 0) {
        row++;
    }
    if (row == end) {
        return names_refuse(names, node, node->key, "an unknown key", expected);
    }
    if (!(row->when & table->when & KEY_ANY_SPECTRUM)) {
        return row->when & KEY_MEASURED
                   ? node_refuse(node, "a key of sweeps on a measured spectrum", "none without model.spectrum: %s",
                                 row->instead)
                   : node_refuse(node, "a key of power laws", "none beside model.spectrum: %s", row->instead);
    }
    bool sweep = !(row->when & table->when & KEY_ANY_SWEEP); /* only other sweeps or solvers have it */
    const char *kind = sweep ? "sweep" : "solver", *const *word = sweep ? sweep_name : solver_name;
    int shift = sweep ? 0 : SWEEPS, theirs = __builtin_ctz((unsigned)row->when >> shift);
    snprintf(found, sizeof found, "a key of %s: %s", kind, word[theirs]);
    return node_refuse(node, found, "none with %s: %s", kind, word[__builtin_ctz((unsigned)table->when >> shift)]);
}

/* Checks that all entries of a mapping are keys that it may have. */
static enum moat_status check_mapping(const struct key_table *table, const struct key *key, const struct node *mapping,
                                      const char *expected)
{
    const char *list[KEYS_MAX];
    struct names names = key_entries(table, key->path, list);
    if (mapping->kind != NODE_MAPPING) {
        return node_refuse(mapping, NULL, "%s", expected);
    }
    for (const struct node *entry = mapping->first; entry; entry = entry->next) {
        if (names_find(&names, entry->key) < 0) {
            return refuse_entry(table, &names, entry, expected);
        }
    }
    return MOAT_OK;
}

static enum moat_status read_text(const struct node *node, const char *expected, char **out)
{
    if (node->kind != NODE_SCALAR || node->text[strspn(node->text, " \t\n")] == '\0' || node_is_null(node)) {
        return node_refuse(node, NULL, "%s", expected);
    }
    *out = strdup(node->text);
    return *out ? MOAT_OK : moat_error_set(MOAT_MEMORY, "%s: out of memory", node->source->name);
}

static enum moat_status read_word(const struct key *key, const struct node *node, const char *expected, int *out)
{
    int found = node->kind == NODE_SCALAR ? names_find(&key->words, node->text) : -1;
    if (found < 0) {
        return names_refuse(&key->words, node, node->text, NULL, expected);
    }
    *out = found;
    return MOAT_OK;
}

static enum moat_status read_whole(const struct key *key, const struct node *node, void *out)
{
    double value = 0;
    bool zero = node->kind == NODE_SCALAR && names_find(&key->words, node->text) >= 0;
    enum moat_status status = zero ? MOAT_OK : config_number(node, &key->range, &value);
    if (key->size == sizeof(int)) {
        *(int *)out = (int)value;
    } else {
        *(uint64_t *)out = (uint64_t)value;
    }
    return status;
}

static enum moat_status read_fields(const struct config *config, const struct node *list, const char *expected,
                                    uint64_t *out)
{
    const char *name[FIELD_COUNT];
    int field[FIELD_COUNT];
    struct names names = {name, 0};
    char all[KEY_EXPECTED_SIZE];
    if (list->kind != NODE_LIST || list->children == 0) {
        return node_refuse(list, NULL, "%s", expected);
    }
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (field_all(config) >> f & 1) {
            field[names.count] = f;
            name[names.count++] = field_table[f].name;
        }
    }
    names_join(&names, ", ", all, sizeof all);
    *out = 0;
    for (const struct node *node = list->first; node; node = node->next) {
        int found = node->kind == NODE_SCALAR ? names_find(&names, node->text) : -1;
        if (found < 0) {
            return names_refuse(&names, node, node->text, NULL, all);
        }
        if (*out >> field[found] & 1) {
            return node_refuse(node, NULL, "each variable once");
        }
        *out |= (uint64_t)1 << field[found];
    }
    *out |= (uint64_t)1 << FIELD_STATUS;
    return MOAT_OK;
}

/* Reads the value of a key into where it lies in the config. */
static enum moat_status read_key(struct reading *reading, const struct key *key, const struct node *node,
                                 const char *expected)
{
    struct config *config = reading->config;
    void *at = (char *)config + key->offset;
    switch (key->kind) {
    case KEY_TEXT:
        return read_text(node, expected, at);
    case KEY_WORD:
        return read_word(key, node, expected, at);
    case KEY_NUMBER:
        return config_number(node, &key->range, at);
    case KEY_WHOLE:
        return read_whole(key, node, at);
    case KEY_SCALAR:
        return config_number(node, &key->range, &reading->request[key->axis].low);
    case KEY_FIELDS:
        return read_fields(config, node, expected, at);
    default: {
        const struct range range =
            key->axis == AXIS_LADDER ? key->range : axis_range(config->sweep, key->axis, config->gamma);
        return config_axis_read(node, &range, &reading->request[key->axis], config_axis(config, key->axis));
    }
    }
}

/* Reads the key of a row, or refuses a config that lacks it, unless it is optional or its mapping is missing too. */
static enum moat_status read_row(struct reading *reading, const struct key_table *table, const struct key *key)
{
    char parent[KEY_PATH_SIZE], expected[KEY_EXPECTED_SIZE], why[64] = "";
    const char *dot = strrchr(key->path, '.');
    const struct node *node = tree_find(reading->root, key->path), *mapping;
    key_describe(table, key, expected);
    if (node) {
        return key->kind == KEY_MAPPING ? check_mapping(table, key, node, expected)
                                        : read_key(reading, key, node, expected);
    }
    snprintf(parent, sizeof parent, "%.*s", dot ? (int)(dot - key->path) : 0, key->path);
    mapping = tree_find(reading->root, parent);
    if ((key->when & KEY_ANY_SOLVER) != KEY_ANY_SOLVER) {
        snprintf(why, sizeof why, ", because solver is %s", solver_name[reading->config->solver]);
    }
    return key->optional || !mapping ? MOAT_OK
                                     : node_refuse_missing(mapping, dot ? dot + 1 : key->path, "%s%s", expected, why);
}

enum moat_status config_read(struct reading *reading)
{
    const struct key_table table = config_keys(reading->root);
    struct config *config = reading->config;
    enum moat_status status = MOAT_OK;
    config->measured = (table.when & KEY_MEASURED) != 0;
    if (config->measured) {
        config->gamma = config->P = NAN;
        reading->request[GRID_Q].low = 1; /* with half of L_star as A0, see moat/measured.h */
    }
    for (size_t i = 0; i < table.rows && status == MOAT_OK; i++) {
        status = key_applies(&table, &table.row[i]) ? read_row(reading, &table, &table.row[i]) : MOAT_OK;
    }
    return status;
}
