/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_NAMES_H
#define MOAT_CONFIG_NAMES_H

#include <stddef.h>

#include "sweep/config_tree.h"

/* Names that a word is chosen from. */
struct names {
    const char *const *name;
    size_t count;
};

/* Returns the number of a word among `names`, or -1. Local. */
int names_find(const struct names *names, const char *word);

/* Writes the names, with `between` in between. Local. */
void names_join(const struct names *names, const char *between, char *out, size_t size);

/* Refuses the node, whose key or text `word` is none of `names`, and suggests the nearest of them. `found` and
   `expected` are as in node_refuse. Returns MOAT_USAGE. Local. */
enum moat_status names_refuse(const struct names *names, const struct node *node, const char *word, const char *found,
                              const char *expected);

#endif
