/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotes words for the shell. */
#include "base/shell.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Whether the shell would take `text` as the first word of a line for an assignment: a name, then =. */
static bool is_assignment(const char *text)
{
    const char *c = text;
    while (isalnum((unsigned char)*c) || *c == '_') {
        c++;
    }
    return c > text && *c == '=';
}

/* Whether the shell takes `text` for one plain word. */
static bool is_safe(const char *text)
{
    if (is_assignment(text)) {
        return false;
    }
    for (const char *c = text; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("/._-+=:,@%", *c)) {
            return false;
        }
    }
    return *text != '\0';
}

void shell_write(FILE *out, const char *text)
{
    if (is_safe(text)) {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (const char *c = text; *c; c++) {
        *c == '\'' ? fputs("'\\''", out) : fputc(*c, out);
    }
    fputc('\'', out);
}

void shell_write_after(FILE *out, const char *before, const char *text)
{
    fputs(before, out);
    shell_write(out, text);
}

void shell_write_path(FILE *out, const char *path)
{
    char *word = NULL;
    if (*path == '-' && asprintf(&word, "./%s", path) >= 0) {
        shell_write(out, word);
        free(word);
    } else {
        shell_write(out, path);
    }
}
