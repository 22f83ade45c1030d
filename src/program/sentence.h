/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SENTENCE_H
#define SENTENCE_H

#include <stddef.h>

#include "program/point.h"

enum { SENTENCE_SIZE = 512 };

/* Writes the answer to a market as a sentence: how much data is enough, or why none is, with the numbers that decide.
   Local. */
void sentence_write(const struct point *point, char text[SENTENCE_SIZE]);

#endif
