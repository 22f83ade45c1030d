/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes JSON: commas, escapes, and the numbers and texts that JSON has no form for. */
#include "program/json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* What comes before a value: a comma and its name. */
static void begin_value(struct json *json, const char *name)
{
    fputs(json->comma ? ", " : "", json->out);
    if (name) {
        fprintf(json->out, "\"%s\": ", name);
    }
    json->comma = true;
}

void json_begin(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    fputc(bracket, json->out);
    json->depth++;
    json->comma = false;
}

void json_end(struct json *json, char bracket)
{
    fputc(bracket, json->out);
    json->depth--;
    json->comma = json->depth > 0;
    if (json->depth == 0) {
        fputc('\n', json->out);
    }
}

void json_number(struct json *json, const char *name, double value)
{
    enum { DIGITS_MIN = 15, DIGITS_MAX = 17 }; /* always enough for a decimal that was typed, and for any double */
    char text[32] = "";
    begin_value(json, name);
    if (isnan(value)) {
        fputs("null", json->out);
    } else if (isinf(value)) {
        fputs(value > 0 ? "1e999" : "-1e999", json->out);
    } else {
        for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, value);
            if (strtod(text, NULL) == value) {
                break;
            }
        }
        fputs(text, json->out);
    }
}

void json_count(struct json *json, const char *name, size_t value)
{
    begin_value(json, name);
    fprintf(json->out, "%zu", value);
}

void json_boolean(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    fputs(value ? "true" : "false", json->out);
}

/* Returns the bytes of the UTF-8 character at `text`, 0 if it is none: cut short, longer than it need be, half of a
   surrogate pair, or beyond U+10FFFF. */
static int utf8_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int length = *text < 0x80 ? 1 : *text >> 5 == 6 ? 2 : *text >> 4 == 14 ? 3 : *text >> 3 == 30 ? 4 : 0;
    uint32_t character = length > 1 ? *text & (0x7fu >> length) : *text;
    for (int i = 1; i < length; i++) {
        if (text[i] >> 6 != 2) { /* the NUL at the end, too */
            return 0;
        }
        character = character << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = character >= 0xd800 && character < 0xe000;
    return length > 0 && character >= least[length] && !surrogate && character <= 0x10ffff ? length : 0;
}

void json_text(struct json *json, const char *name, const char *value)
{
    begin_value(json, name);
    if (!value) {
        fputs("null", json->out);
        return;
    }
    fputc('"', json->out);
    for (const unsigned char *c = (const unsigned char *)value; *c;) {
        int length = utf8_length(c);
        if (*c == '"' || *c == '\\') {
            fprintf(json->out, "\\%c", *c);
        } else if (*c == '\n') {
            fputs("\\n", json->out);
        } else if (*c < 0x20 || *c == 0x7f) {
            fprintf(json->out, "\\u%04x", *c);
        } else {
            length > 0 ? fwrite(c, 1, (size_t)length, json->out) : fwrite("\xef\xbf\xbd", 1, 3, json->out);
        }
        c += length > 0 ? length : 1;
    }
    fputc('"', json->out);
}
