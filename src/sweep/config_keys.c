/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of keys. */
#include "sweep/config_keys.h"

#include <stdio.h>
#include <string.h>

#include "sweep/config_internal.h"

enum {
    ANY = KEY_ANY_SWEEP | KEY_ANY_SOLVER | KEY_ANY_SPECTRUM,
    MARKET = (ANY & ~KEY_ANY_SWEEP) | 1 << SWEEP_MARKET_ENTRY,
    RIDGE = (ANY & ~KEY_ANY_SOLVER) | 1 << (SWEEPS + SOLVER_RIDGE)
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
    {"model.gamma", KEY_NUMBER, ANY & ~KEY_MEASURED, AT(gamma), .instead = "the file has the eigenvalues",
     .range = {0.01, 2, false, false, false, "0.01 <= gamma <= 2"}},
    {"model.P", KEY_NUMBER, ANY & ~KEY_MEASURED, AT(P), .instead = "P is the number of eigenvalues in the file",
     .range = {1, 1e9, false, true, true, "an integer from 1 to 1e9, or .inf"}},
    {"model.spectrum", KEY_TEXT, ANY, AT(spectrum), .optional = true},
    {"incumbent", KEY_MAPPING, MARKET, .optional = true},
    {"tau_unit", KEY_WORD, MARKET, AT(tau_unit), .words = {tau_unit_name, TAU_UNITS}, .optional = true},
    {"scrutiny", KEY_WORD, MARKET, AT(scrutiny), .words = {scrutiny_name, SCRUTINIES}, .optional = true},
    {"ridge", KEY_MAPPING, RIDGE, .optional = false},
    {"ridge.P", KEY_WHOLE, RIDGE & ~KEY_MEASURED, AT(ridge.P), .instead = "P is the number of eigenvalues in the file",
     WHOLE(2, 1e7, "an integer from 2 to 1e7")},
    {"ridge.data", KEY_TEXT, RIDGE & ~KEY_POWER_LAWS, AT(ridge.data), .optional = true,
     .instead = "the rows are sampled in place of Gaussian ones with the measured spectrum of the same data"},
    {"ridge.N", KEY_AXIS, RIDGE, .axis = AXIS_LADDER, WHOLE(1, 1e7, "an integer from 1 to 1e7")},
    {"ridge.trials", KEY_WHOLE, RIDGE, AT(ridge.trials), WHOLE(2, 1e5, "an integer from 2 to 1e5")},
    {"ridge.seed", KEY_WHOLE, RIDGE, AT(ridge.seed), WHOLE(0, 9007199254740992.0, "an integer from 0 to 2^53")},
    {"ridge.ranks_per_group", KEY_WHOLE, RIDGE, AT(ridge.ranks_per_group), .optional = true,
     .words = {(const char *const[]){"auto"}, 1}, WHOLE(1, 1e6, "an integer from 1 to 1e6, or auto")},
    {"grid", KEY_MAPPING, ANY, .optional = false},
    {"store", KEY_FIELDS, ANY, AT(stored), .optional = true}, /* last, for what there is to store depends on the axes */
};
/* clang-format on */
enum { KEYS = sizeof keys / sizeof *keys };

_Static_assert(sizeof(enum sweep_kind) == sizeof(int) && sizeof(enum moat_scrutiny) == sizeof(int), "for KEY_WORD");
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "ridge.trials is a KEY_WHOLE");

/* Adds the rows of a sweep's axes, first the required ones: that is their order in messages. */
static void add_axes(struct key_table *table, enum sweep_kind sweep)
{
    for (int optional = 0; optional <= 1; optional++) {
        for (int a = 0; a < GRID_AXES; a++) {
            const struct axis_entry *axis = &axis_table[sweep][a];
            struct key key = {.kind = KEY_AXIS, .optional = optional, .axis = a, .instead = axis->instead};
            key.when = 1 << sweep | KEY_ANY_SOLVER | KEY_POWER_LAWS | (axis->instead ? 0 : KEY_MEASURED);
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

struct key_table config_keys(struct node *root)
{
    struct key_table table = {.rows = KEYS - 1};
    memcpy(table.row, keys, sizeof keys);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        add_axes(&table, (enum sweep_kind)sweep);
    }
    table.row[table.rows++] = keys[KEYS - 1];
    table.when = selected(root, "sweep", sweep_name, SWEEPS) |
                 selected(root, "solver", solver_name, SOLVERS) << SWEEPS |
                 (tree_find(root, "model.spectrum") ? KEY_MEASURED : KEY_POWER_LAWS);
    return table;
}

bool key_applies(const struct key_table *table, const struct key *key)
{
    int common = key->when & table->when;
    return common & KEY_ANY_SWEEP && common & KEY_ANY_SOLVER && common & KEY_ANY_SPECTRUM;
}

/* Fills `list` with the keys that the mapping at `path` may have. */
struct names key_entries(const struct key_table *table, const char *path, const char *list[KEYS_MAX])
{
    size_t count = 0, length = strlen(path) + (*path != '\0');
    for (size_t i = 1; i < table->rows; i++) {
        const struct key *row = &table->row[i];
        bool inside = strncmp(row->path, path, strlen(path)) == 0 && (length == 0 || row->path[length - 1] == '.');
        bool listed = !inside || strchr(row->path + length, '.') || !key_applies(table, row);
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
void key_describe(const struct key_table *table, const struct key *key, char text[KEY_EXPECTED_SIZE])
{
    const char *list[KEYS_MAX];
    struct names names = key_entries(table, key->path, list);
    size_t used = 0;
    switch (key->kind) {
    case KEY_MAPPING:
        used = (size_t)snprintf(text, KEY_EXPECTED_SIZE, "a mapping with the key%s ", names.count == 1 ? "" : "s");
        names_join(&names, ", ", text + used, KEY_EXPECTED_SIZE - used);
        break;
    case KEY_WORD:
        names_join(&key->words, " or ", text, KEY_EXPECTED_SIZE);
        break;
    default:
        snprintf(text, KEY_EXPECTED_SIZE, "%s",
                 key->kind == KEY_AXIS     ? config_axis_forms
                 : key->kind == KEY_TEXT   ? "text"
                 : key->kind == KEY_FIELDS ? "a list of variables, such as [N_E_star, status]"
                                           : key->range.expected);
        break;
    }
}
