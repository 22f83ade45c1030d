/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PROSE_H
#define PROSE_H

/* Prints a text and a newline to stdout. On a terminal whose width is known (run/terminal.h) the text is broken between
   words; elsewhere it is one line, so that scripts can read it. Local. */
void prose_print(const char *text);

#endif
