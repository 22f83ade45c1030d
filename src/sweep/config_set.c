/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings of the command line, put into the tree of a config before it is read, and the tree as YAML text again. Nodes
 * of a setting name it as their place, so that messages do.
 */
#include "sweep/config_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "sweep/config_names.h"

void setting_init(struct setting *setting, const char *text)
{
    char shown[NODE_FOUND_SIZE];
    node_quote(text, shown);
    snprintf(setting->place, sizeof setting->place, "--set %s", *text ? shown : "''");
    setting->source = (struct config_source){.name = setting->place, .file = false};
    setting->text = text;
}

static enum moat_status out_of_memory(const struct setting *setting)
{
    return moat_error_set(MOAT_MEMORY, "%s: out of memory", setting->place);
}

/* Puts `node`, or nothing if it is NULL, in the place of the entry with this key, if there is one. */
static void replace_entry(struct node *mapping, const char *key, struct node *node)
{
    struct node **link = &mapping->first, *before = NULL;
    while (*link && strcmp((*link)->key, key) != 0) {
        before = *link;
        link = &before->next;
    }
    struct node *old = *link, *after = old ? old->next : NULL;
    *link = node ? node : after;
    if (node) {
        node->parent = mapping;
        node->next = after;
        mapping->children++;
    }
    if (!after) {
        mapping->last = node ? node : before;
    }
    if (old) {
        mapping->children--;
        old->parent = NULL;
        tree_free(old);
    }
}

/* Returns the mapping at `key`, a new one if there is none, or NULL when out of memory. */
static struct node *enter(const struct setting *setting, struct node *mapping, const char *key)
{
    struct node *entry = node_entry(mapping, key);
    if (entry && entry->kind == NODE_MAPPING) {
        return entry;
    }
    struct node *made = calloc(1, sizeof *made + 1);
    char *copy = strdup(key);
    if (!made || !copy) {
        free(made);
        free(copy);
        return NULL;
    }
    made->kind = NODE_MAPPING;
    made->source = &setting->source;
    made->key = copy;
    replace_entry(mapping, key, made);
    return made;
}

/* Takes away what an axis has in another form than the one that was set. */
static void drop_other_forms(struct node *mapping, const char *set)
{
    static const char *const form[] = {"values", "log", "linear", "points"};
    const struct names forms = {form, 3};
    int kept = names_find(&forms, set);
    for (int f = 0; f <= 3 && kept >= 0; f++) {
        if (f != kept && (f < 3 || kept == 0)) { /* only a list of values has no points */
            struct node *other = node_entry(mapping, form[f]);
            if (other) {
                replace_entry(mapping, form[f], NULL);
            }
        }
    }
}

/* Puts the value at `path`, which is cut into its keys. The tree then owns the value. */
static enum moat_status put_value(const struct setting *setting, struct node *root, char *path, struct node *value)
{
    struct node *mapping = root;
    char *key = strsep(&path, ".");
    for (; path && mapping; key = strsep(&path, ".")) {
        mapping = enter(setting, mapping, key);
    }
    bool taken_away = mapping && node_is_null(value) && node_entry(mapping, key);
    value->key = strdup(key);
    if (!mapping || !value->key || taken_away) {
        tree_free(value);
        value = NULL;
    }
    if (!value && !taken_away) {
        return out_of_memory(setting);
    }
    replace_entry(mapping, key, value);
    if (value) {
        drop_other_forms(mapping, key);
    }
    return MOAT_OK;
}

/* Returns true if `path` is keys between dots. */
static bool is_path(const char *path, size_t length)
{
    bool key = false;
    for (size_t i = 0; i < length; i++) {
        bool dot = path[i] == '.';
        if (dot && !key) {
            return false;
        }
        key = !dot;
    }
    return key;
}

enum moat_status setting_apply(const struct setting *setting, struct node *root)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    size_t length = strspn(setting->text, letters);
    struct node *value = NULL;
    if (setting->text[length] != '=' || !is_path(setting->text, length)) {
        return moat_error_set(MOAT_USAGE, "%s: expected KEY=VALUE, such as model.gamma=0.3 or grid.Q.values=[0.1,0.5]",
                              setting->place);
    }
    enum moat_status status = tree_read(&setting->source, setting->text + length + 1, &value);
    if (status != MOAT_OK || root->kind != NODE_MAPPING) { /* a document without keys is refused when it is read */
        tree_free(value);
        return status;
    }
    char *path = strndup(setting->text, length);
    if (path) {
        status = put_value(setting, root, path, value);
    } else {
        tree_free(value);
        status = out_of_memory(setting);
    }
    free(path);
    return status;
}

static bool emit_scalar(yaml_emitter_t *emitter, const char *text, bool plain)
{
    yaml_event_t event;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), plain, true,
                                        YAML_ANY_SCALAR_STYLE) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_node(yaml_emitter_t *emitter, const struct node *node)
{
    yaml_event_t event;
    bool mapping = node->kind == NODE_MAPPING, ok;
    if (node->kind == NODE_SCALAR) {
        return emit_scalar(emitter, node->text, node->plain);
    }
    ok = mapping ? yaml_mapping_start_event_initialize(&event, NULL, NULL, true,
                                                       node->flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE)
                 : yaml_sequence_start_event_initialize(
                       &event, NULL, NULL, true, node->flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
    ok = ok && yaml_emitter_emit(emitter, &event);
    for (const struct node *entry = node->first; entry && ok; entry = entry->next) {
        ok = (!mapping || emit_scalar(emitter, entry->key, true)) && emit_node(emitter, entry);
    }
    ok = ok && (mapping ? yaml_mapping_end_event_initialize(&event) : yaml_sequence_end_event_initialize(&event));
    return ok && yaml_emitter_emit(emitter, &event);
}

static bool emit_document(FILE *out, const struct node *root)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&emitter)) {
        return false;
    }
    yaml_emitter_set_output_file(&emitter, out);
    yaml_emitter_set_unicode(&emitter, true);
    yaml_emitter_set_width(&emitter, 120);
    bool ok = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && yaml_emitter_emit(&emitter, &event) &&
              yaml_document_start_event_initialize(&event, NULL, NULL, NULL, true) &&
              yaml_emitter_emit(&emitter, &event) && emit_node(&emitter, root) &&
              yaml_document_end_event_initialize(&event, true) && yaml_emitter_emit(&emitter, &event) &&
              yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&emitter, &event);
    yaml_emitter_delete(&emitter);
    return ok;
}

char *settings_write(const struct setting *setting, size_t count, const struct node *root)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return NULL;
    }
    fputs("# The config as these options of the command line have changed it, without its comments:\n", out);
    for (size_t i = 0; i < count; i++) {
        fputs("#   --set ", out);
        for (const char *c = setting[i].text; *c; c++) { /* other bytes may end the comment */
            fputc(*c >= ' ' && *c <= '~' ? *c : '?', out);
        }
        fputc('\n', out);
    }
    bool ok = emit_document(out, root) && !ferror(out);
    if (fclose(out) != 0 || !ok) {
        free(text);
        text = NULL;
    }
    return text;
}
