/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_TREE_H
#define MOAT_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "moat/error.h"

/*
 * A YAML document as a tree. Each node knows the place it was read from, so that a mistake in it is refused with that
 * place, its key path, what was found and what was expected.
 *
 * A key path is keys joined by '.', with entries of lists as [0]: "grid.nu.values[1]". That of the document is "".
 */
struct config_source {
    const char *name; /* of the file, as in messages; without a file: what messages show as the place */
    bool file;        /* the line follows the name in messages */
};

enum { TREE_DEPTH_MAX = 8 }; /* mappings and lists inside each other */

enum node_kind { NODE_SCALAR, NODE_MAPPING, NODE_LIST };

struct node {
    enum node_kind kind;
    bool plain; /* a scalar without quotes */
    bool flow;  /* a mapping or list in brackets */
    const struct config_source *source;
    size_t line; /* from 1; of a mapping or list with a key, that of the key */
    char *key;   /* of an entry of a mapping, else NULL; owned */
    struct node *parent, *first, *last, *next;
    size_t children, index; /* entries of this node; number of this node among those of its parent */
    char text[];            /* of a scalar */
};

/* Reads one YAML document without duplicate keys, anchors, aliases, tags, deep nesting or very long keys. `source` must
   outlive the tree. On success *out is owned by the caller, on failure it is NULL. Returns MOAT_USAGE or MOAT_MEMORY.
   Local. */
enum moat_status tree_read(const struct config_source *source, const char *text, struct node **out);

/* Frees a node and all below it; accepts NULL. The node must not be in a tree any more. Local. */
void tree_free(struct node *node);

/* Adds a node, which is in no tree, as the last entry of a mapping or list, which then owns it. Local. */
void node_append(struct node *parent, struct node *node);

/* The entry of a mapping with a key, or NULL. Local. */
struct node *node_entry(const struct node *mapping, const char *key);

/* The node at a path of keys, or NULL. Local. */
struct node *tree_find(struct node *root, const char *path);

enum { NODE_PATH_SIZE = 512, NODE_FOUND_SIZE = 128 };

/* The key path of `key` below `node`, or of the node itself if `key` is NULL. Local. */
void node_path(const struct node *node, const char *key, char path[NODE_PATH_SIZE]);

/* Returns true if the node is YAML's null: nothing, ~ or null, without quotes. Local. */
bool node_is_null(const struct node *node);

/* Makes a text fit for a message: short, printable, cut between UTF-8 characters. Local. */
void node_quote(const char *text, char found[NODE_FOUND_SIZE]);

/* Records "place: path: reason", the place being file:line, and returns MOAT_USAGE. Local. */
enum moat_status tree_refuse(const struct config_source *source, size_t line, const char *path, const char *reason);

/* Records "place: path: found .., expected .." and returns MOAT_USAGE. With `found` NULL the message describes the node
   in words. Local. */
enum moat_status node_refuse(const struct node *node, const char *found, const char *expected, ...)
    __attribute__((format(printf, 3, 4)));

/* Records "place: path: missing, expected ..", the path being that of `key` below the mapping, and returns MOAT_USAGE.
   Local. */
enum moat_status node_refuse_missing(const struct node *mapping, const char *key, const char *expected, ...)
    __attribute__((format(printf, 3, 4)));

#endif
