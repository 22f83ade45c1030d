/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotes words for the shell. */
#include "base/shell.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Whether the shell takes `text` for one plain word. */
static bool is_safe(const char *text)
{
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
