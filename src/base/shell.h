/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SHELL_H
#define SHELL_H

#include <stdio.h>

/*
 * Writes `text` as one word of a POSIX shell, for scripts and for commands that a message suggests. The word is in
 * single quotes unless it is safe without. A failure shows in ferror(out). Local.
 */
void shell_write(FILE *out, const char *text);

#endif
