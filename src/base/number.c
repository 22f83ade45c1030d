/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people write them. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *number_short(double value, int digits, char text[NUMBER_SIZE])
{
    char power[NUMBER_SIZE];
    snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
    if (!isfinite(value) || value == 0) {
        return text;
    }
    snprintf(power, sizeof power, "%.*e", digits - 1, value);
    char *end = strchr(power, 'e'), *exponent = end + 1;
    long number = strtol(exponent, NULL, 10);
    while (end > power && memchr(power, '.', (size_t)(end - power)) && (end[-1] == '0' || end[-1] == '.')) {
        end--;
    }
    snprintf(end, (size_t)(power + sizeof power - end), "e%ld", number);
    if (strchr(text, 'e') || strlen(power) < strlen(text)) {
        snprintf(text, NUMBER_SIZE, "%s", power);
    }
    return text;
}

const char *number_grouped(size_t value, char text[NUMBER_SIZE])
{
    char digits[NUMBER_SIZE];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%zu", value), out = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[out++] = ',';
        }
        text[out++] = digits[i];
    }
    text[out] = '\0';
    return text;
}

const char *number_of_data(double value, char text[NUMBER_SIZE])
{
    static const struct {
        double size;
        const char *name;
    } scales[] = {{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}};
    if (isinf(value)) {
        snprintf(text, NUMBER_SIZE, "unlimited");
        return text;
    }
    for (size_t i = 0; i < sizeof scales / sizeof scales[0] && value < 9.995e14; i++) {
        if (value >= 0.9995 * scales[i].size) {
            snprintf(text, NUMBER_SIZE, "%.3g %s", value / scales[i].size, scales[i].name);
            return text;
        }
    }
    return value < 1e6 ? number_grouped((size_t)ceil(value), text) : number_short(value, 3, text);
}
