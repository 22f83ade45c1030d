/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes JSON (RFC 8259), one value on a line, so that the outputs of several commands together are JSON lines.
 *
 * `name` is the member's name in an object, and NULL for a value in an array or outside of everything. Names are
 * written as they are: they need no escapes. A failed write shows in ferror(out). All functions are Local.
 */
struct json {
    FILE *out;
    int depth;  /* of the objects and arrays that are open */
    bool comma; /* another value came before, in the innermost of them */
};

/* Begins and ends an object ({}) or an array ([]); `bracket` is that character. The end of the outermost one also ends
   the line. */
void json_begin(struct json *json, const char *name, char bracket);
void json_end(struct json *json, char bracket);

/*
 * Writes a number with the fewest digits that read back as the same double. JSON knows neither NaN nor infinity: NaN,
 * which stands for "no value", becomes null, and infinity becomes 1e999. That is a number to the grammar, and beyond
 * the largest double, so that Python, JavaScript and jq take it for infinity; comparisons with it hold.
 */
void json_number(struct json *json, const char *name, double value);

void json_count(struct json *json, const char *name, size_t value);
void json_boolean(struct json *json, const char *name, bool value);

/* Writes a text. JSON is UTF-8, which a file's name need not be: each byte that is not part of UTF-8 becomes U+FFFD. A
   NULL becomes null. */
void json_text(struct json *json, const char *name, const char *value);

#endif
