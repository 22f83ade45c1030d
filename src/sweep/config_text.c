/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The config as YAML text: whether it is of the plain kind we accept, and on which line a key path stands.
 *
 * A walk over libyaml's events, which knows the key path of each node, answers both. The walk allocates nothing:
 * nesting, the number of keys and their length are bounded, far above those of the schema.
 */
#include "sweep/config_internal.h"

#include <stdio.h>
#include <string.h>

#include <yaml.h>

enum { DEPTH_MAX = 8, KEYS_MAX = 32, KEY_SIZE = 64, FOUND_SHOWN = 40 };

enum node { NODE_SCALAR, NODE_MAPPING, NODE_SEQUENCE, NODE_CLOSE, NODE_END };

struct level {
    bool mapping;
    bool value_next;    /* of a mapping: its key was read */
    size_t path_length; /* of the container's own path */
    size_t children;
    size_t key_line;
    char keys[KEYS_MAX][KEY_SIZE];
};

struct yaml_walk {
    const struct config_source *source;
    yaml_parser_t parser;
    yaml_event_t event; /* of the current node */
    size_t line;        /* of the current node, from 1 */
    size_t documents;
    size_t depth; /* containers around the current node */
    struct level level[DEPTH_MAX];
    char path[CONFIG_PATH_SIZE]; /* of the current node */
};

static bool walk_open(struct yaml_walk *walk, const struct config_source *source)
{
    memset(walk, 0, sizeof *walk);
    walk->source = source;
    if (!yaml_parser_initialize(&walk->parser)) {
        return false;
    }
    yaml_parser_set_encoding(&walk->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&walk->parser, (const unsigned char *)source->text, strlen(source->text));
    return true;
}

static void walk_close(struct yaml_walk *walk)
{
    yaml_event_delete(&walk->event);
    yaml_parser_delete(&walk->parser);
}

static enum moat_status refuse_here(const struct yaml_walk *walk, const char *reason)
{
    return moat_error_set(MOAT_USAGE, "%s:%zu: %s%s%s", walk->source->file_name, walk->line, walk->path,
                          *walk->path ? ": " : "", reason);
}

/* Refuses the text with the error at which libyaml stopped. */
static enum moat_status refuse_syntax(const struct yaml_walk *walk)
{
    const yaml_parser_t *parser = &walk->parser;
    const char *problem = parser->problem ? parser->problem : "syntax error";
    if (parser->error == YAML_MEMORY_ERROR) {
        return moat_error_set(MOAT_MEMORY, "%s: out of memory while reading YAML", walk->source->file_name);
    }
    if (parser->error == YAML_READER_ERROR) {
        size_t line = 1;
        for (size_t i = 0; i < parser->problem_offset && walk->source->text[i]; i++) {
            line += walk->source->text[i] == '\n';
        }
        return moat_error_set(MOAT_USAGE, "%s:%zu: found bytes that are not text (%s), expected YAML in UTF-8",
                              walk->source->file_name, line, problem);
    }
    char context[CONFIG_FOUND_SIZE] = "";
    if (parser->context) {
        snprintf(context, sizeof context, "%s from line %zu, ", parser->context, parser->context_mark.line + 1);
    }
    return moat_error_set(MOAT_USAGE, "%s:%zu: found broken YAML: %s%s", walk->source->file_name,
                          parser->problem_mark.line + 1, context, problem);
}

static enum moat_status next_event(struct yaml_walk *walk)
{
    yaml_event_delete(&walk->event);
    if (!yaml_parser_parse(&walk->parser, &walk->event)) {
        return refuse_syntax(walk);
    }
    walk->line = walk->event.start_mark.line + 1;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (walk->event.type == YAML_SCALAR_EVENT) {
        anchor = walk->event.data.scalar.anchor;
        tag = walk->event.data.scalar.tag;
        if (strlen((const char *)walk->event.data.scalar.value) != walk->event.data.scalar.length) {
            return refuse_here(walk, "found a NUL character, expected text");
        }
    } else if (walk->event.type == YAML_MAPPING_START_EVENT) {
        anchor = walk->event.data.mapping_start.anchor;
        tag = walk->event.data.mapping_start.tag;
    } else if (walk->event.type == YAML_SEQUENCE_START_EVENT) {
        anchor = walk->event.data.sequence_start.anchor;
        tag = walk->event.data.sequence_start.tag;
    }
    if (anchor || tag || walk->event.type == YAML_ALIAS_EVENT) {
        return refuse_here(walk, "found an anchor (&), alias (*) or tag (!), expected plain values: write them out");
    }
    if (walk->event.type == YAML_DOCUMENT_START_EVENT && ++walk->documents > 1) {
        return refuse_here(walk, "found a second document (---), expected one per file");
    }
    return MOAT_OK;
}

static bool has_control(const char *text)
{
    while (*text && (unsigned char)*text >= ' ') {
        text++;
    }
    return *text != '\0';
}

/* Takes the current event as a key of `level`, which must not have that key yet. */
static enum moat_status take_key(struct yaml_walk *walk, struct level *level)
{
    walk->path[level->path_length] = '\0';
    if (walk->event.type != YAML_SCALAR_EVENT) {
        return refuse_here(walk, "found a key that is a list or mapping, expected a name");
    }
    const char *key = (const char *)walk->event.data.scalar.value;
    size_t length = strlen(key);
    if (length >= KEY_SIZE || has_control(key)) {
        return refuse_here(walk, "found an unknown key, which is too long or has control characters");
    }
    if (level->children == KEYS_MAX) {
        return refuse_here(walk, "found more keys than are known");
    }
    snprintf(walk->path + level->path_length, sizeof walk->path - level->path_length, "%s%s",
             level->path_length ? "." : "", key);
    for (size_t i = 0; i < level->children; i++) {
        if (strcmp(level->keys[i], key) == 0) {
            return refuse_here(walk, "found the key a second time, expected it once");
        }
    }
    memcpy(level->keys[level->children++], key, length + 1);
    level->key_line = walk->line;
    level->value_next = true;
    return MOAT_OK;
}

/* Enters the container that the current event opens; its path is set already. */
static enum moat_status push(struct yaml_walk *walk, bool mapping)
{
    if (walk->depth == DEPTH_MAX) {
        return refuse_here(walk, "found more nested lists or mappings than a config has");
    }
    struct level *level = &walk->level[walk->depth++];
    *level = (struct level){.mapping = mapping, .path_length = strlen(walk->path)};
    return MOAT_OK;
}

/* Sets path and line of the node that the current event starts. */
static void locate_node(struct yaml_walk *walk)
{
    if (walk->depth == 0) {
        walk->path[0] = '\0';
        return;
    }
    struct level *level = &walk->level[walk->depth - 1];
    if (level->mapping) { /* take_key has set the path */
        level->value_next = false;
        walk->line = walk->event.type == YAML_SCALAR_EVENT ? walk->line : level->key_line;
    } else {
        snprintf(walk->path + level->path_length, sizeof walk->path - level->path_length, "[%zu]", level->children++);
    }
}

/* Goes to the next node: a scalar, a container that opens or closes, or the end. */
static enum moat_status walk_next(struct yaml_walk *walk, enum node *node)
{
    for (;;) {
        enum moat_status status = next_event(walk);
        if (status != MOAT_OK) {
            return status;
        }
        struct level *parent = walk->depth > 0 ? &walk->level[walk->depth - 1] : NULL;
        switch (walk->event.type) {
        case YAML_STREAM_END_EVENT:
            *node = NODE_END;
            return MOAT_OK;
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT:
            walk->depth--;
            *node = NODE_CLOSE;
            return MOAT_OK;
        case YAML_SCALAR_EVENT:
        case YAML_MAPPING_START_EVENT:
        case YAML_SEQUENCE_START_EVENT:
            if (parent && parent->mapping && !parent->value_next) {
                status = take_key(walk, parent);
                if (status != MOAT_OK) {
                    return status;
                }
                break;
            }
            locate_node(walk);
            if (walk->event.type == YAML_SCALAR_EVENT) {
                *node = NODE_SCALAR;
                return MOAT_OK;
            }
            *node = walk->event.type == YAML_MAPPING_START_EVENT ? NODE_MAPPING : NODE_SEQUENCE;
            return push(walk, *node == NODE_MAPPING);
        default:
            break;
        }
    }
}

enum moat_status config_text_check(const struct config_source *source)
{
    struct yaml_walk walk;
    enum node node = NODE_CLOSE;
    enum moat_status status = MOAT_OK;
    if (!walk_open(&walk, source)) {
        return moat_error_set(MOAT_MEMORY, "%s: out of memory while reading YAML", source->file_name);
    }
    while (status == MOAT_OK && node != NODE_END) {
        status = walk_next(&walk, &node);
    }
    if (status == MOAT_OK && walk.documents == 0) {
        status = moat_error_set(MOAT_USAGE, "%s:1: found an empty file, expected a config: see jobs/reference.yaml",
                                source->file_name);
    }
    walk_close(&walk);
    return status;
}

/* Makes a scalar fit for a message: short, printable, cut between UTF-8 characters. */
static void quote_scalar(const char *text, char found[CONFIG_FOUND_SIZE])
{
    size_t length = strlen(text);
    size_t shown = length > FOUND_SHOWN ? FOUND_SHOWN : length;
    while (shown < length && ((unsigned char)text[shown] & 0xC0) == 0x80) {
        shown--;
    }
    snprintf(found, CONFIG_FOUND_SIZE, "%.*s%s", (int)shown, text, shown < length ? "..." : "");
    if (length == 0) {
        snprintf(found, CONFIG_FOUND_SIZE, "nothing");
    }
    for (char *c = found; *c; c++) {
        *c = (unsigned char)*c < ' ' ? '?' : *c;
    }
}

/* Number of entries in the list that was just entered. */
static size_t count_entries(struct yaml_walk *walk)
{
    size_t depth = walk->depth;
    enum node node;
    while (walk_next(walk, &node) == MOAT_OK && node != NODE_END && !(node == NODE_CLOSE && walk->depth < depth)) {
    }
    return walk->level[depth - 1].children;
}

size_t config_text_find(const struct config_source *source, const char *path, char found[CONFIG_FOUND_SIZE])
{
    struct yaml_walk walk;
    size_t line = 1, best = 0;
    enum node node;
    snprintf(found, CONFIG_FOUND_SIZE, "nothing");
    if (!walk_open(&walk, source)) {
        return line;
    }
    while (walk_next(&walk, &node) == MOAT_OK && node != NODE_END) {
        size_t length = strlen(walk.path);
        bool part = strncmp(walk.path, path, length) == 0;
        part = part && (length == 0 || strchr(".[", path[length]) != NULL); /* strchr finds the final NUL too */
        if (node == NODE_CLOSE || !part || length < best) {
            continue;
        }
        line = walk.line;
        best = length;
        if (path[length] != '\0') {
            continue;
        }
        if (node == NODE_SCALAR) {
            quote_scalar((const char *)walk.event.data.scalar.value, found);
        } else if (node == NODE_MAPPING) {
            snprintf(found, CONFIG_FOUND_SIZE, "a mapping");
        } else {
            size_t entries = count_entries(&walk);
            snprintf(found, CONFIG_FOUND_SIZE, "a list of %zu value%s", entries, entries == 1 ? "" : "s");
        }
        break;
    }
    walk_close(&walk);
    return line;
}
