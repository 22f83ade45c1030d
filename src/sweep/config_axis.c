/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers and axes of the config: from text to doubles.
 *
 * The size of every axis is known before any is filled, so that a grid beyond all memory is refused at once.
 */
#include "sweep/config_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef AXIS_POINTS_MAX /* lower where a fuzzer asks for the longest axis over and over */
#define AXIS_POINTS_MAX 1e8
#endif
#define GRID_POINTS_MAX 1e10

enum form { FORM_VALUES, FORM_LOG, FORM_LINEAR, FORMS };
static const char *const form_name[FORMS] = {"values", "log", "linear"};

/* An axis as asked for, before it has memory. */
struct axis_request {
    char key[CONFIG_KEY_SIZE]; /* its key path */
    const struct axis_text *text;
    const struct range *range;
    enum form form;
    double low, high; /* ends, unless FORM_VALUES */
    size_t size;
};

/* Length of the digits at `text`. */
static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Returns true if all of `text` is a decimal number or .inf, as YAML spells them, that a double can hold. */
static bool parse_number(const char *text, double *out)
{
    const char *c = text + (*text == '+' || *text == '-');
    if (strcmp(c, ".inf") == 0 || strcmp(c, ".Inf") == 0 || strcmp(c, ".INF") == 0) {
        *out = *text == '-' ? -INFINITY : INFINITY;
        return true;
    }
    size_t whole = digits(c);
    c += whole;
    size_t fraction = *c == '.' ? digits(c + 1) : 0;
    c += *c == '.' ? 1 + fraction : 0;
    if (whole + fraction == 0) {
        return false;
    }
    if (*c == 'e' || *c == 'E') {
        c += c[1] == '+' || c[1] == '-' ? 2 : 1;
        if (digits(c) == 0) {
            return false;
        }
        c += digits(c);
    }
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    return *c == '\0' && end == c && errno != ERANGE;
}

enum moat_status config_number(const struct config_source *source, const char *path, const char *text,
                               const struct range *range, double *out)
{
    double x;
    if (!parse_number(text, &x)) {
        return config_refuse(source, path, NULL, "a decimal number that a double holds, %s", range->expected);
    }
    bool inside = isinf(x) ? x > 0 && range->infinity : x >= range->low && x <= range->high;
    if (!inside || (range->low_open && x == range->low) || (range->integer && isfinite(x) && x != floor(x))) {
        return config_refuse(source, path, NULL, "%s", range->expected);
    }
    *out = x;
    return MOAT_OK;
}

/* Low and high end of a log or linear axis. Both ends are positive by every axis's range. */
static enum moat_status read_ends(const struct config_source *source, char **ends, struct axis_request *request)
{
    char path[96];
    double x[2] = {0};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s.%s[%d]", request->key, form_name[request->form], i);
        enum moat_status status = config_number(source, path, ends[i], request->range, &x[i]);
        if (status != MOAT_OK) {
            return status;
        }
        if (isinf(x[i])) {
            return config_refuse(source, path, NULL, "a finite end; .inf is for lists of values");
        }
    }
    if (x[0] >= x[1]) {
        char found[96];
        snprintf(found, sizeof found, "[%.40s, %.40s]", ends[0], ends[1]);
        snprintf(path, sizeof path, "%s.%s", request->key, form_name[request->form]);
        return config_refuse(source, path, found, "low < high");
    }
    request->low = x[0];
    request->high = x[1];
    return MOAT_OK;
}

/* Form and size of an axis. */
static enum moat_status read_axis(const struct config_source *source, struct axis_request *request)
{
    const struct axis_text *text = request->text;
    char **const list[FORMS] = {text->values, text->log, text->linear};
    char found[32] = "", path[96];
    int forms = 0;
    for (int f = 0; f < FORMS; f++) {
        if (list[f]) {
            strcat(strcat(found, forms++ > 0 ? " and " : ""), form_name[f]);
            request->form = (enum form)f;
        }
    }
    snprintf(path, sizeof path, "%s", request->key);
    if (forms != 1) {
        return config_refuse(source, path, forms > 0 ? found : "none of them",
                             "exactly one of values: [..], log: [low, high], linear: [low, high]");
    }
    if (request->form != FORM_VALUES && !text->points) {
        return config_refuse(source, path, "no key points", "the number of points beside %s", form_name[request->form]);
    }
    snprintf(path, sizeof path, "%s.points", request->key);
    if (request->form == FORM_VALUES) {
        request->size = text->values_count;
        return text->points ? config_refuse(source, path, NULL, "no points beside values") : MOAT_OK;
    }
    static const struct range points = {2, AXIS_POINTS_MAX, false, true, false, "an integer from 2 to 1e8"};
    double size = 0;
    enum moat_status status = config_number(source, path, text->points, &points, &size);
    if (status != MOAT_OK) {
        return status;
    }
    request->size = (size_t)size;
    status = read_ends(source, list[request->form], request);
    if (status == MOAT_OK && request->range->integer && size > request->high - request->low + 1) {
        return config_refuse(source, path, NULL, "fewer: some would be the same whole number");
    }
    return status;
}

/* Refuses a grid of too many points. */
static enum moat_status check_size(const struct config_source *source, const struct axis_request request[GRID_AXES],
                                   enum sweep_kind sweep)
{
    double points = 1;
    char found[256];
    size_t used = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (request[a].text) {
            points *= (double)request[a].size;
            used += (size_t)snprintf(found + used, sizeof found - used, "%s%s %zu", used > 0 ? " x " : "",
                                     axis_table[sweep][a].name, request[a].size);
        }
    }
    if (points <= GRID_POINTS_MAX) {
        return MOAT_OK;
    }
    snprintf(found + used, sizeof found - used, " = %.3g points", points);
    return config_refuse(source, "grid", found, "at most 1e10: take fewer values, or split the sweep");
}

/*
 * Value i of n. Weights before division, and powers of ten, make round numbers come out round: 1e3 is on
 * {log: [1e1, 1e12], points: 111} to the bit.
 */
static double axis_value(const struct axis_request *request, size_t i)
{
    double n = (double)(request->size - 1), up = (double)i, down = n - up;
    if (i == 0 || i == request->size - 1) {
        return i == 0 ? request->low : request->high;
    }
    if (request->form == FORM_LOG) {
        return pow(10, (log10(request->low) * down + log10(request->high) * up) / n);
    }
    return (request->low * down + request->high * up) / n;
}

static enum moat_status fill_axis(const struct config_source *source, const struct axis_request *request,
                                  struct axis *axis)
{
    axis->values = malloc(request->size * sizeof *axis->values + 1);
    if (!axis->values) {
        return moat_error_set(MOAT_MEMORY, "%s: out of memory for the %zu values of %s", source->file_name,
                              request->size, request->key);
    }
    axis->size = request->size;
    axis->scalar = !request->text;
    if (axis->scalar) {
        axis->values[0] = NAN;
        return MOAT_OK;
    }
    double value = -INFINITY;
    for (size_t i = 0; i < request->size; i++) {
        char path[96];
        double before = value;
        if (request->form != FORM_VALUES) {
            value = axis_value(request, i);
        } else {
            snprintf(path, sizeof path, "%s.values[%zu]", request->key, i);
            enum moat_status status = config_number(source, path, request->text->values[i], request->range, &value);
            if (status != MOAT_OK) {
                return status;
            }
        }
        axis->values[i] = value;
        if (value > before) {
            continue;
        }
        if (request->form == FORM_VALUES) {
            return config_refuse(source, path, NULL, "a value greater than the one before it, %s",
                                 request->text->values[i - 1]);
        }
        snprintf(path, sizeof path, "%s.points", request->key);
        return config_refuse(source, path, NULL, "fewer: neighbouring points are the same double");
    }
    return MOAT_OK;
}

void config_axis_key(enum sweep_kind sweep, int axis, char key[CONFIG_KEY_SIZE])
{
    snprintf(key, CONFIG_KEY_SIZE, "grid.%s", axis_table[sweep][axis].name ? axis_table[sweep][axis].name : "");
}

enum moat_status config_axes(const struct config_source *source, struct axis_text *const text[GRID_AXES],
                             struct config *config)
{
    struct axis_request request[GRID_AXES];
    struct range range[GRID_AXES];
    enum moat_status status = MOAT_OK;
    for (int a = 0; a < GRID_AXES && status == MOAT_OK; a++) {
        range[a] = axis_range(config->sweep, a, config->gamma);
        request[a] = (struct axis_request){.text = text[a], .range = &range[a], .size = 1};
        config_axis_key(config->sweep, a, request[a].key);
        status = text[a] ? read_axis(source, &request[a]) : MOAT_OK;
    }
    if (status == MOAT_OK) {
        status = check_size(source, request, config->sweep);
    }
    for (int spaced = 0; spaced <= 1; spaced++) { /* lists first, where mistakes are: the others may take seconds */
        for (int a = 0; a < GRID_AXES && status == MOAT_OK; a++) {
            if (spaced == (request[a].form != FORM_VALUES)) {
                status = fill_axis(source, &request[a], &config->grid.axis[a]);
            }
        }
    }
    return status;
}

enum moat_status config_axis(const struct config_source *source, const struct axis_text *text, const char *key,
                             const struct range *range, struct axis *axis)
{
    struct axis_request request = {.text = text, .range = range};
    snprintf(request.key, sizeof request.key, "%s", key);
    enum moat_status status = read_axis(source, &request);
    return status == MOAT_OK ? fill_axis(source, &request, axis) : status;
}
