/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of a config, in one table: reading, checks and messages follow from a key's row. The axes have theirs in
 * axis.c.
 */
#include "sweep/config_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key_kind {
    KEY_MAPPING,
    KEY_TEXT,
    KEY_WORD,   /* one of `words`, for an enum; the first is the default */
    KEY_NUMBER, /* for a double */
    KEY_WHOLE,  /* a whole number, for an int or uint64_t; the word that it may have, if any, stands for 0 */
    KEY_SCALAR, /* the value of an axis that is not in the grid */
    KEY_AXIS
};

enum {
    PATH_SIZE = 48,
    ROWS_MAX = 64,
    EXPECTED_SIZE = 512,
    ANY_SWEEP = (1 << SWEEPS) - 1,
    ANY_SOLVER = ((1 << SOLVERS) - 1) << SWEEPS,
    ANY = ANY_SWEEP | ANY_SOLVER,
    MARKET = 1 << SWEEP_MARKET_ENTRY | ANY_SOLVER,
    RIDGE = 1 << (SWEEPS + SOLVER_RIDGE) | ANY_SWEEP
};

struct key {
    char path[PATH_SIZE];
    enum key_kind kind;
    int when;            /* the sweeps and solvers that have it */
    bool optional;       /* beside its own parent: an optional mapping may require its keys */
    size_t offset, size; /* where the value lies in struct config */
    struct names words;
    struct range range;
    int axis;
};

struct key_table {
    struct key row[ROWS_MAX];
    size_t rows;
    int when; /* the sweep and solver of the config; all of them where it does not say */
};

/* Versions of clang-format differ on braces in macros and tables. */
/* clang-format off */
#define AT(member) .offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)
#define WHOLE(low, high, text) .range = {low, high, false, true, false, text}

static const struct key keys[] = {
    {"", KEY_MAPPING, ANY, .optional = false},
    {"name", KEY_TEXT, ANY, AT(name)},
    {"sweep", KEY_WORD, ANY, AT(sweep), .words = {sweep_name, SWEEPS}},
    {"solver", KEY_WORD, ANY, AT(solver), .words = {solver_name, SOLVERS}},
    {"output", KEY_TEXT, ANY, AT(output)},
    {"model", KEY_MAPPING, ANY, .optional = false},
    {"model.gamma", KEY_NUMBER, ANY, AT(gamma), .range = {0.01, 2, false, false, false, "0.01 <= gamma <= 2"}},
    {"model.P", KEY_NUMBER, ANY, AT(P), .range = {1, 1e9, false, true, true, "an integer from 1 to 1e9, or .inf"}},
    {"incumbent", KEY_MAPPING, MARKET, .optional = true},
    {"tau_unit", KEY_WORD, MARKET, AT(tau_unit), .words = {tau_unit_name, TAU_UNITS}, .optional = true},
    {"ridge", KEY_MAPPING, RIDGE, .optional = false},
    {"ridge.P", KEY_WHOLE, RIDGE, AT(ridge.P), WHOLE(2, 1e7, "an integer from 2 to 1e7")},
    {"ridge.N", KEY_AXIS, RIDGE, .axis = AXIS_LADDER, WHOLE(1, 1e7, "an integer from 1 to 1e7")},
    {"ridge.trials", KEY_WHOLE, RIDGE, AT(ridge.trials), WHOLE(2, 1e5, "an integer from 2 to 1e5")},
    {"ridge.seed", KEY_WHOLE, RIDGE, AT(ridge.seed), WHOLE(0, 9007199254740992.0, "an integer from 0 to 2^53")},
    {"ridge.ranks_per_group", KEY_WHOLE, RIDGE, AT(ridge.ranks_per_group), .optional = true,
     .words = {(const char *const[]){"auto"}, 1}, WHOLE(1, 1e6, "an integer from 1 to 1e6, or auto")},
    {"grid", KEY_MAPPING, ANY, .optional = false},
};
/* clang-format on */

_Static_assert(sizeof(enum sweep_kind) == sizeof(int) && sizeof(enum moat_tau_unit) == sizeof(int), "of KEY_WORD");
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "ridge.trials is a KEY_WHOLE");

/* Adds the rows of a sweep's axes, first the required ones: that is their order in messages. */
static void add_axes(struct key_table *table, enum sweep_kind sweep)
{
    for (int optional = 0; optional <= 1; optional++) {
        for (int a = 0; a < GRID_AXES; a++) {
            const struct axis_entry *axis = &axis_table[sweep][a];
            struct key key = {.kind = KEY_AXIS, .when = 1 << sweep | ANY_SOLVER, .optional = optional, .axis = a};
            if (!axis->name || axis->optional != optional) {
                continue;
            }
            snprintf(key.path, sizeof key.path, "grid.%s", axis->name);
            table->row[table->rows++] = key;
            if (axis->scalar_key) {
                key.kind = KEY_SCALAR;
                key.optional = false;
                key.range = axis->range;
                snprintf(key.path, sizeof key.path, "%s", axis->scalar_key);
                table->row[table->rows++] = key;
            }
        }
    }
}

/* The bit of the word at `path`, or all of them where the word is missing or wrong, which is refused later. */
static int selected(struct node *root, const char *path, const char *const words[], int count)
{
    const struct node *node = tree_find(root, path);
    for (int i = 0; i < count; i++) {
        if (node && node->kind == NODE_SCALAR && strcmp(node->text, words[i]) == 0) {
            return 1 << i;
        }
    }
    return (1 << count) - 1;
}

static struct key_table make_table(struct node *root)
{
    struct key_table table = {.rows = sizeof keys / sizeof *keys};
    memcpy(table.row, keys, sizeof keys);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        add_axes(&table, (enum sweep_kind)sweep);
    }
    table.when = selected(root, "sweep", sweep_name, SWEEPS) | selected(root, "solver", solver_name, SOLVERS) << SWEEPS;
    return table;
}

static bool applies(const struct key_table *table, const struct key *key)
{
    int common = key->when & table->when;
    return common & ANY_SWEEP && common & ANY_SOLVER;
}

/* Fills `list` with the keys that the mapping at `path` may have. */
static struct names keys_within(const struct key_table *table, const char *path, const char *list[ROWS_MAX])
{
    size_t count = 0, length = strlen(path) + (*path != '\0');
    for (size_t i = 1; i < table->rows; i++) {
        const struct key *row = &table->row[i];
        bool inside = strncmp(row->path, path, strlen(path)) == 0 && (length == 0 || row->path[length - 1] == '.');
        bool listed = !inside || strchr(row->path + length, '.') || !applies(table, row);
        for (size_t k = 0; k < count && !listed; k++) {
            listed = strcmp(list[k], row->path + length) == 0; /* an axis of both sweeps */
        }
        if (!listed) {
            list[count++] = row->path + length;
        }
    }
    return (struct names){list, count};
}

/* What a key accepts, in words. */
static void describe(const struct key_table *table, const struct key *key, char text[EXPECTED_SIZE])
{
    const char *list[ROWS_MAX];
    struct names names = keys_within(table, key->path, list);
    size_t used = 0;
    switch (key->kind) {
    case KEY_MAPPING:
        used = (size_t)snprintf(text, EXPECTED_SIZE, "a mapping with the key%s ", names.count == 1 ? "" : "s");
        names_join(&names, ", ", text + used, EXPECTED_SIZE - used);
        break;
    case KEY_WORD:
        names_join(&key->words, " or ", text, EXPECTED_SIZE);
        break;
    default:
        snprintf(text, EXPECTED_SIZE, "%s",
                 key->kind == KEY_AXIS   ? config_axis_forms
                 : key->kind == KEY_TEXT ? "text"
                                         : key->range.expected);
        break;
    }
}

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
    bool sweep = !(row->when & table->when & ANY_SWEEP); /* only other sweeps or solvers have it */
    const char *kind = sweep ? "sweep" : "solver", *const *word = sweep ? sweep_name : solver_name;
    int shift = sweep ? 0 : SWEEPS, theirs = __builtin_ctz((unsigned)row->when >> shift);
    snprintf(found, sizeof found, "a key of %s: %s", kind, word[theirs]);
    return node_refuse(node, found, "none with %s: %s", kind, word[__builtin_ctz((unsigned)table->when >> shift)]);
}

/* Checks that all entries of a mapping are keys that it may have. */
static enum moat_status check_mapping(const struct key_table *table, const struct key *key, const struct node *mapping,
                                      const char *expected)
{
    const char *list[ROWS_MAX];
    struct names names = keys_within(table, key->path, list);
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
    const struct names nothing = {(const char *const[]){"~", "null", "Null", "NULL"}, 4};
    if (node->kind != NODE_SCALAR || node->text[strspn(node->text, " \t\n")] == '\0' ||
        (node->plain && names_find(&nothing, node->text) >= 0)) {
        return node_refuse(node, NULL, "%s", expected);
    }
    *out = strdup(node->text);
    return *out ? MOAT_OK : moat_error_set(MOAT_MEMORY, "%s: out of memory", node->source->name);
}

static enum moat_status read_word(const struct key *key, const struct node *node, const char *expected, int *out)
{
    *out = node->kind == NODE_SCALAR ? names_find(&key->words, node->text) : -1;
    return *out >= 0 ? MOAT_OK : names_refuse(&key->words, node, node->text, NULL, expected);
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
    char parent[PATH_SIZE], expected[EXPECTED_SIZE], why[64] = "";
    const char *dot = strrchr(key->path, '.');
    const struct node *node = tree_find(reading->root, key->path), *mapping;
    describe(table, key, expected);
    if (node) {
        return key->kind == KEY_MAPPING ? check_mapping(table, key, node, expected)
                                        : read_key(reading, key, node, expected);
    }
    snprintf(parent, sizeof parent, "%.*s", dot ? (int)(dot - key->path) : 0, key->path);
    mapping = tree_find(reading->root, parent);
    if ((key->when & ANY_SOLVER) != ANY_SOLVER) {
        snprintf(why, sizeof why, ", because solver is %s", solver_name[reading->config->solver]);
    }
    return key->optional || !mapping ? MOAT_OK
                                     : node_refuse_missing(mapping, dot ? dot + 1 : key->path, "%s%s", expected, why);
}

enum moat_status config_keys_read(struct reading *reading)
{
    const struct key_table table = make_table(reading->root);
    enum moat_status status = MOAT_OK;
    for (size_t i = 0; i < table.rows && status == MOAT_OK; i++) {
        status = applies(&table, &table.row[i]) ? read_row(reading, &table, &table.row[i]) : MOAT_OK;
    }
    return status;
}
