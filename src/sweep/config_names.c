/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that a word of a config is chosen from: their list and the nearest to a misspelt one, for messages. */
#include "sweep/config_names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int names_find(const struct names *names, const char *word)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void names_join(const struct names *names, const char *between, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < names->count && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? between : "", names->name[i]);
    }
}

/* Letters to insert, delete or replace to get from one word to another; the case does not matter. */
static size_t distance(const char *left, const char *right)
{
    enum { LENGTH_MAX = 64 };
    size_t row[LENGTH_MAX + 1], length = strlen(right);
    if (length > LENGTH_MAX) {
        return length;
    }
    for (size_t k = 0; k <= length; k++) {
        row[k] = k;
    }
    for (size_t i = 0; left[i]; i++) {
        size_t corner = row[0]; /* of the last row */
        row[0] = i + 1;
        for (size_t k = 0; k < length; k++) {
            size_t replaced = corner + (tolower((unsigned char)left[i]) != tolower((unsigned char)right[k]));
            size_t other = (row[k] < row[k + 1] ? row[k] : row[k + 1]) + 1;
            corner = row[k + 1];
            row[k + 1] = replaced < other ? replaced : other;
        }
    }
    return row[length];
}

enum moat_status names_refuse(const struct names *names, const struct node *node, const char *word, const char *found,
                              const char *expected)
{
    const char *nearest = NULL;
    size_t least = 2 + strlen(word) / 4;
    for (size_t i = 0; i < names->count; i++) {
        size_t away = distance(word, names->name[i]);
        if (away < least && away < strlen(names->name[i])) {
            least = away;
            nearest = names->name[i];
        }
    }
    return node_refuse(node, found, "%s%s%s", expected, nearest ? "; the nearest is " : "", nearest ? nearest : "");
}
