/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sentences that keep their words whole. */
#include "program/prose.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/terminal.h"

void prose_print(const char *text)
{
    struct terminal terminal = terminal_open(STDOUT_FILENO);
    int columns = terminal_columns(&terminal), column = 0;
    terminal_close(&terminal);
    columns = columns > 0 ? columns : INT_MAX;
    while (*text) {
        int spaces = (int)strspn(text, " "), word = (int)strcspn(text + spaces, " ");
        if (column > 0 && word > columns - column - spaces) {
            putchar('\n');
            text += spaces;
            spaces = column = 0;
        }
        printf("%.*s", spaces + word, text);
        column += spaces + word;
        text += spaces + word;
    }
    putchar('\n');
}
