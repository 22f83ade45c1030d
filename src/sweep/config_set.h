/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_SET_H
#define MOAT_CONFIG_SET_H

#include <stddef.h>

#include "sweep/config_tree.h"

/* A setting of the command line, KEY=VALUE. */
struct setting {
    const char *text;
    struct config_source source; /* the place that messages show */
    char place[NODE_FOUND_SIZE + 8];
};

/* Makes *setting of `text`, which must outlive it. Both must outlive the trees that the setting goes into. Local. */
void setting_init(struct setting *setting, const char *text);

/* Puts the value of a setting, which is YAML, into the tree at its key. A mapping on the way is added if there is none.
   `null` takes the key away. An axis that is given in one form loses what it has in another. Returns MOAT_USAGE for
   what is not KEY=VALUE, or broken YAML, and MOAT_MEMORY; whether the key is known is left to config_read. Local. */
enum moat_status setting_apply(const struct setting *setting, struct node *root);

/* Writes the tree as YAML, after a comment that names the settings that it has. Returns NULL when out of memory; else
   the caller frees the text. Local. */
char *settings_write(const struct setting *setting, size_t count, const struct node *root);

#endif
