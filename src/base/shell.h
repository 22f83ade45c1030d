/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SHELL_H
#define SHELL_H

#include <stdio.h>

/*
 * Writes `text` as one word of a POSIX shell, for scripts and for commands that a message suggests. The word is in
 * single quotes unless it is safe without. A failure shows in ferror(out). Local.
 */
void shell_write(FILE *out, const char *text);

/* Writes `before` as it is, then `text` as one word. Local. */
void shell_write_after(FILE *out, const char *before, const char *text);

/* Writes the path of a file likewise, and so that no command takes it for an option: "./-x" for "-x". Local. */
void shell_write_path(FILE *out, const char *path);

#endif
