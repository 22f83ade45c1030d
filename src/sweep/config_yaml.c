/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From YAML text to a tree, over libyaml's events.
 *
 * Nesting, the number of keys and their length are bounded, far above those of a config, so that a hostile text costs
 * little time and memory.
 */
#include "sweep/config_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

enum { ENTRIES_MAX = 32, KEY_SIZE = 64 };

struct reader {
    const struct config_source *source;
    const char *text;
    yaml_parser_t parser;
    yaml_event_t event;
    size_t documents, depth;
    struct node *root, *open; /* the innermost mapping or list that is still being read */
    char *key;                /* read, and still without its value; owned */
    size_t key_line;
};

static enum moat_status out_of_memory(const struct reader *reader)
{
    return moat_error_set(MOAT_MEMORY, "%s: out of memory while reading YAML", reader->source->name);
}

/* Refuses the node that the current event starts, or the key if it is one. */
static enum moat_status refuse_here(const struct reader *reader, const char *key, const char *reason)
{
    char path[NODE_PATH_SIZE] = "";
    if (reader->open) {
        node_path(reader->open, key, path);
        size_t used = strlen(path);
        if (reader->open->kind == NODE_LIST) {
            snprintf(path + used, sizeof path - used, "[%zu]", reader->open->children);
        }
    }
    return tree_refuse(reader->source, reader->event.start_mark.line + 1, path, reason);
}

/* The byte at which libyaml met the problem; it counts characters. */
static const char *problem_byte(const struct reader *reader)
{
    const char *byte = reader->text;
    for (size_t left = reader->parser.problem_mark.index; *byte && left > 0; left--) {
        do {
            byte++;
        } while (((unsigned char)*byte & 0xC0) == 0x80);
    }
    return byte;
}

/* Refuses the text with the error at which libyaml stopped. */
static enum moat_status refuse_syntax(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "syntax error";
    char reason[512], context[128] = "";
    size_t line = parser->problem_mark.line + 1;
    if (parser->error == YAML_MEMORY_ERROR) {
        return out_of_memory(reader);
    }
    if (parser->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && reader->text[i]; i++) {
            line += reader->text[i] == '\n';
        }
        snprintf(reason, sizeof reason, "found bytes that are not text (%s), expected YAML in UTF-8", problem);
        return tree_refuse(reader->source, line, "", reason);
    }
    if (*problem_byte(reader) == '\t' || strstr(problem, "tab character")) {
        return tree_refuse(reader->source, line, "",
                           "found a tab, expected spaces: YAML has no tabs in its indentation");
    }
    if (parser->context) {
        snprintf(context, sizeof context, "%s from line %zu, ", parser->context, parser->context_mark.line + 1);
    }
    snprintf(reason, sizeof reason, "found broken YAML: %s%s", context, problem);
    return tree_refuse(reader->source, line, "", reason);
}

static enum moat_status next_event(struct reader *reader)
{
    yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    yaml_event_delete(event);
    if (!yaml_parser_parse(&reader->parser, event)) {
        return refuse_syntax(reader);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
            return refuse_here(reader, reader->key, "found a NUL character, expected text");
        }
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor || tag || event->type == YAML_ALIAS_EVENT) {
        return refuse_here(reader, reader->key,
                           "found an anchor (&), alias (*) or tag (!), expected plain values: write them out");
    }
    if (event->type == YAML_DOCUMENT_START_EVENT && ++reader->documents > 1) {
        return refuse_here(reader, NULL, "found a second document (---), expected one per file");
    }
    return MOAT_OK;
}

static bool has_control(const char *text)
{
    while ((unsigned char)*text >= ' ' && *text != '\x7f') {
        text++;
    }
    return *text != '\0';
}

/* Takes the current event as a key of the open mapping, which must not have that key yet. */
static enum moat_status take_key(struct reader *reader)
{
    const char *key = (const char *)reader->event.data.scalar.value;
    if (reader->event.type != YAML_SCALAR_EVENT) {
        return refuse_here(reader, NULL, "found a key that is a list or mapping, expected a name");
    }
    if (strlen(key) >= KEY_SIZE || has_control(key)) {
        return refuse_here(reader, NULL, "found an unknown key, which is too long or has control characters");
    }
    if (reader->open->children == ENTRIES_MAX) {
        return refuse_here(reader, key, "found more keys than are known");
    }
    if (node_entry(reader->open, key)) {
        return refuse_here(reader, key, "found the key a second time, expected it once");
    }
    reader->key = strdup(key);
    reader->key_line = reader->event.start_mark.line + 1;
    return reader->key ? MOAT_OK : out_of_memory(reader);
}

/* Adds the node that the current event starts to the tree, and opens it if it has entries. */
static enum moat_status add_node(struct reader *reader)
{
    const yaml_event_t *event = &reader->event;
    bool scalar = event->type == YAML_SCALAR_EVENT, mapping = event->type == YAML_MAPPING_START_EVENT;
    if (!scalar && reader->depth == TREE_DEPTH_MAX) {
        return refuse_here(reader, reader->key, "found more nested lists or mappings than a config has");
    }
    size_t length = scalar ? event->data.scalar.length : 0;
    struct node *node = calloc(1, sizeof *node + length + 1);
    if (!node) {
        return out_of_memory(reader);
    }
    node->kind = scalar ? NODE_SCALAR : mapping ? NODE_MAPPING : NODE_LIST;
    node->source = reader->source;
    node->line = !scalar && reader->key ? reader->key_line : event->start_mark.line + 1;
    node->key = reader->key;
    reader->key = NULL;
    if (reader->open) {
        node_append(reader->open, node);
    } else {
        reader->root = node;
    }
    if (scalar) {
        memcpy(node->text, event->data.scalar.value, length);
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    } else {
        node->flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                             : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
        reader->open = node;
        reader->depth++;
    }
    return MOAT_OK;
}

static enum moat_status take_event(struct reader *reader)
{
    switch (reader->event.type) {
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        reader->open = reader->open->parent;
        reader->depth--;
        return MOAT_OK;
    case YAML_SCALAR_EVENT:
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return reader->open && reader->open->kind == NODE_MAPPING && !reader->key ? take_key(reader) : add_node(reader);
    default:
        return MOAT_OK;
    }
}

enum moat_status tree_read(const struct config_source *source, const char *text, struct node **out)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    bool marked = strncmp(text, byte_order_mark, 3) == 0;
    struct reader reader = {.source = source, .text = marked ? text + 3 : text};
    enum moat_status status = MOAT_OK;
    *out = NULL;
    if (!yaml_parser_initialize(&reader.parser)) {
        return out_of_memory(&reader);
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)reader.text, strlen(reader.text));
    while (status == MOAT_OK && reader.event.type != YAML_STREAM_END_EVENT) {
        status = next_event(&reader);
        status = status == MOAT_OK ? take_event(&reader) : status;
    }
    if (status == MOAT_OK && !reader.root) {
        status = tree_refuse(source, 1, "",
                             source->file ? "found an empty file, expected a config: see jobs/reference.yaml"
                                          : "found nothing, expected a value");
    }
    if (status == MOAT_OK) {
        *out = reader.root;
        reader.root = NULL;
    }
    tree_free(reader.root);
    free(reader.key);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return status;
}
