/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document tree, and messages about its nodes. */
#include "sweep/config_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND_SHOWN = 40, REASON_SIZE = 1280 };

void tree_free(struct node *node)
{
    while (node) { /* children first, without recursion: each child is unlinked before it is freed */
        if (node->first) {
            struct node *child = node->first;
            node->first = child->next;
            node = child;
            continue;
        }
        struct node *parent = node->parent;
        free(node->key);
        free(node);
        node = parent;
    }
}

void node_append(struct node *parent, struct node *node)
{
    node->parent = parent;
    node->index = parent->children++;
    if (parent->last) {
        parent->last->next = node;
    } else {
        parent->first = node;
    }
    parent->last = node;
}

/* The entry of a mapping with the key of `length` bytes, or NULL. */
static struct node *find_entry(const struct node *mapping, const char *key, size_t length)
{
    struct node *child = mapping->kind == NODE_MAPPING ? mapping->first : NULL;
    while (child && (strncmp(child->key, key, length) != 0 || child->key[length] != '\0')) {
        child = child->next;
    }
    return child;
}

struct node *node_entry(const struct node *mapping, const char *key)
{
    return find_entry(mapping, key, strlen(key));
}

struct node *tree_find(struct node *root, const char *path)
{
    struct node *node = root;
    while (node && *path) {
        size_t length = strcspn(path, ".");
        node = find_entry(node, path, length);
        path += length + (path[length] == '.');
    }
    return node;
}

/* Writes the path of a node and returns its length. */
static size_t write_path(const struct node *node, char path[NODE_PATH_SIZE])
{
    path[0] = '\0';
    if (!node->parent) {
        return 0;
    }
    size_t used = write_path(node->parent, path), left = NODE_PATH_SIZE - used;
    int added = node->key ? snprintf(path + used, left, "%s%s", used > 0 ? "." : "", node->key)
                          : snprintf(path + used, left, "[%zu]", node->index);
    return (size_t)added < left ? used + (size_t)added : NODE_PATH_SIZE - 1;
}

bool node_is_null(const struct node *node)
{
    static const char *const null[] = {"", "~", "null", "Null", "NULL"};
    bool found = false;
    for (size_t i = 0; i < sizeof null / sizeof *null && node->kind == NODE_SCALAR && node->plain; i++) {
        found = found || strcmp(node->text, null[i]) == 0;
    }
    return found;
}

void node_path(const struct node *node, const char *key, char path[NODE_PATH_SIZE])
{
    size_t used = write_path(node, path);
    if (key) {
        snprintf(path + used, NODE_PATH_SIZE - used, "%s%s", used > 0 ? "." : "", key);
    }
}

enum moat_status tree_refuse(const struct config_source *source, size_t line, const char *path, const char *reason)
{
    char number[32] = "";
    if (source->file) {
        snprintf(number, sizeof number, ":%zu", line);
    }
    return moat_error_set(MOAT_USAGE, "%s%s: %s%s%s", source->name, number, path, *path ? ": " : "", reason);
}

void node_quote(const char *text, char found[NODE_FOUND_SIZE])
{
    size_t length = strlen(text), shown = length > FOUND_SHOWN ? FOUND_SHOWN : length;
    while (shown < length && ((unsigned char)text[shown] & 0xC0) == 0x80) {
        shown--;
    }
    snprintf(found, NODE_FOUND_SIZE, "%.*s%s", (int)shown, text, shown < length ? "..." : "");
    if (length == 0) {
        snprintf(found, NODE_FOUND_SIZE, "nothing");
    }
    for (char *c = found; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == '\x7f' ? '?' : *c;
    }
}

enum moat_status node_refuse(const struct node *node, const char *found, const char *expected, ...)
{
    char path[NODE_PATH_SIZE], there[NODE_FOUND_SIZE], wanted[REASON_SIZE], reason[2 * REASON_SIZE];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(wanted, sizeof wanted, expected, arguments);
    va_end(arguments);

    if (node->kind == NODE_SCALAR) {
        node_quote(node->text, there);
    } else if (node->kind == NODE_MAPPING) {
        snprintf(there, sizeof there, "a mapping");
    } else {
        snprintf(there, sizeof there, "a list of %zu value%s", node->children, node->children == 1 ? "" : "s");
    }
    snprintf(reason, sizeof reason, "found %s, expected %s", found ? found : there, wanted);
    node_path(node, NULL, path);
    return tree_refuse(node->source, node->line, path, reason);
}

enum moat_status node_refuse_missing(const struct node *mapping, const char *key, const char *expected, ...)
{
    char path[NODE_PATH_SIZE], wanted[REASON_SIZE], reason[2 * REASON_SIZE];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(wanted, sizeof wanted, expected, arguments);
    va_end(arguments);

    snprintf(reason, sizeof reason, "missing, expected %s", wanted);
    node_path(mapping, key, path);
    return tree_refuse(mapping->source, mapping->line, path, reason);
}
