/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers and axes of the config: from text to doubles.
 *
 * The size of every axis is known before any long one is filled, so that a grid beyond all memory is refused at once.
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

const char config_axis_forms[] = "{values: [..]}, {log: [low, high], points: n} or {linear: [low, high], points: n}";

enum { FORMS = FORM_SCALAR };
static const char *const axis_key[] = {"values", "log", "linear", "points"}; /* by enum axis_form; points is last */

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

/* Returns true if the decimal `text`, which strtod rounds to the whole number x >= 0, is x itself: it has x's digits.
 */
static bool is_exact(const char *text, double x)
{
    char exact[32];
    int length = snprintf(exact, sizeof exact, "%.0f", fabs(x)), seen = 0;
    for (const char *c = text; *c && *c != 'e' && *c != 'E'; c++) {
        if (strchr("+-.", *c) || (seen == 0 && *c == '0')) {
            continue;
        }
        if (*c != (seen < length ? exact[seen] : '0')) {
            return false;
        }
        seen++;
    }
    return seen >= length || exact[seen + (int)strspn(exact + seen, "0")] == '\0';
}

enum moat_status config_number(const struct node *node, const struct range *range, double *out)
{
    double x;
    if (node->kind != NODE_SCALAR) {
        return node_refuse(node, NULL, "a single value, %s", range->expected);
    }
    if (!parse_number(node->text, &x)) {
        return node_refuse(node, NULL, "a decimal number that a double holds, %s", range->expected);
    }
    bool inside = isinf(x) ? x > 0 && range->infinity : x >= range->low && x <= range->high;
    if (!inside || (range->low_open && x == range->low) || (range->integer && isfinite(x) && x != floor(x))) {
        return node_refuse(node, NULL, "%s", range->expected);
    }
    if (range->integer && isfinite(x) && !is_exact(node->text, x)) {
        return node_refuse(node, NULL, "%s that a double holds; the nearest is %.0f", range->expected, x);
    }
    *out = x;
    return MOAT_OK;
}

/* Refuses what stands in the place of an axis. */
static enum moat_status refuse_form(const struct node *node)
{
    double x;
    bool number = node->kind == NODE_SCALAR && strlen(node->text) < 32 && parse_number(node->text, &x);
    return number ? node_refuse(node, NULL, "{values: [%s]}%s", node->text, strchr(config_axis_forms, ','))
                  : node_refuse(node, NULL, "%s", config_axis_forms);
}

/* Finds the form of the axis at `node`, and the node that gives it. */
static enum moat_status find_form(const struct node *node, enum axis_form *form, const struct node **given)
{
    const struct names names = {axis_key, FORMS + 1};
    char found[32] = "";
    int forms = 0;
    if (node->kind != NODE_MAPPING) {
        return refuse_form(node);
    }
    for (const struct node *entry = node->first; entry; entry = entry->next) {
        int f = names_find(&names, entry->key);
        if (f < 0) {
            return names_refuse(&names, entry, entry->key, "an unknown key", config_axis_forms);
        }
        if (f < FORMS) {
            strcat(strcat(found, forms++ > 0 ? " and " : ""), entry->key);
            *form = (enum axis_form)f;
            *given = entry;
        }
    }
    return forms == 1 ? MOAT_OK
                      : node_refuse(node, forms > 0 ? found : "neither values, log nor linear", "one of %s",
                                    config_axis_forms);
}

/* Both ends of a log or linear axis, which are positive by every axis's range, and may stand in any order. */
static enum moat_status read_ends(const struct node *ends, const struct range *range, struct axis_request *request)
{
    double x[2] = {0};
    if (ends->kind != NODE_LIST || ends->children != 2) {
        return node_refuse(ends, NULL, "a list of two numbers, [low, high]");
    }
    for (const struct node *end = ends->first; end; end = end->next) {
        enum moat_status status = config_number(end, range, &x[end->index]);
        if (status != MOAT_OK) {
            return status;
        }
        if (isinf(x[end->index])) {
            return node_refuse(end, NULL, "a finite end; .inf is for lists of values");
        }
    }
    if (x[0] == x[1]) {
        char found[96];
        snprintf(found, sizeof found, "[%.40s, %.40s]", ends->first->text, ends->last->text);
        return node_refuse(ends, found, "two different ends");
    }
    request->low = fmin(x[0], x[1]);
    request->high = fmax(x[0], x[1]);
    return MOAT_OK;
}

static enum moat_status allocate(const struct axis_request *request, struct axis *axis)
{
    axis->values = malloc(request->size * sizeof *axis->values);
    axis->size = request->size;
    return axis->values ? MOAT_OK
                        : moat_error_set(MOAT_MEMORY, "out of memory for the %zu values of an axis", request->size);
}

/* Reads a list of values, which rise or fall; they are stored rising. */
static enum moat_status read_values(const struct node *list, const struct range *range, struct axis_request *request,
                                    struct axis *axis)
{
    if (list->kind != NODE_LIST || list->children == 0) {
        return node_refuse(list, NULL, "a list of at least one number");
    }
    request->size = list->children;
    enum moat_status status = allocate(request, axis);
    bool falling = false;
    const struct node *before = NULL;
    for (const struct node *node = list->first; node && status == MOAT_OK; before = node, node = node->next) {
        double *value = &axis->values[node->index];
        status = config_number(node, range, value);
        if (status != MOAT_OK || !before) {
            continue;
        }
        falling = before->index == 0 ? value[0] < value[-1] : falling;
        if (!(falling ? value[0] < value[-1] : value[0] > value[-1])) {
            return node_refuse(node, NULL, "a value %s than the one before it, %.40s", falling ? "less" : "greater",
                               before->text);
        }
    }
    for (size_t i = 0, k = axis->size; falling && status == MOAT_OK && i + 1 < k; i++) {
        double first = axis->values[i];
        axis->values[i] = axis->values[--k];
        axis->values[k] = first;
    }
    return status;
}

enum moat_status config_axis_read(const struct node *node, const struct range *range, struct axis_request *request,
                                  struct axis *axis)
{
    static const struct range points = {2, AXIS_POINTS_MAX, false, true, false, "an integer from 2 to 1e8"};
    const struct node *given = node;
    double size = 0;
    request->node = node;
    axis->scalar = false;
    enum moat_status status = find_form(node, &request->form, &given);
    if (status != MOAT_OK) {
        return status;
    }
    const struct node *count = node_entry(node, "points");
    if (request->form == FORM_VALUES) {
        return count ? node_refuse(count, NULL, "no points beside values") : read_values(given, range, request, axis);
    }
    if (!count) {
        return node_refuse_missing(node, "points", "the number of points beside %s", given->key);
    }
    status = config_number(count, &points, &size);
    request->size = (size_t)size;
    if (status == MOAT_OK) {
        status = read_ends(given, range, request);
    }
    if (status == MOAT_OK && range->integer && size > request->high - request->low + 1) {
        return node_refuse(count, NULL, "fewer: some would be the same whole number");
    }
    return status;
}

/*
 * Value i of n. Weights before division, and powers of ten, make round numbers come out round: 1e3 is on
 * {log: [1e1, 1e12], points: 111} to the bit. A linear axis has the doubles that its values have in 15 digits, so that
 * 0.3 is on {linear: [0.1, 1], points: 10}.
 */
static double axis_value(const struct axis_request *request, size_t i)
{
    double n = (double)(request->size - 1), up = (double)i, down = n - up;
    char decimal[32];
    if (i == 0 || i == request->size - 1) {
        return i == 0 ? request->low : request->high;
    }
    if (request->form == FORM_LOG) {
        return pow(10, (log10(request->low) * down + log10(request->high) * up) / n);
    }
    snprintf(decimal, sizeof decimal, "%.15g", (request->low * down + request->high * up) / n);
    return strtod(decimal, NULL);
}

enum moat_status config_axis_fill(const struct axis_request *request, struct axis *axis)
{
    enum moat_status status = allocate(request, axis);
    for (size_t i = 0; i < request->size && status == MOAT_OK; i++) {
        axis->values[i] = axis_value(request, i);
        if (i > 0 && !(axis->values[i] > axis->values[i - 1])) {
            return node_refuse(node_entry(request->node, "points"), NULL,
                               "fewer: neighbouring points are the same double");
        }
    }
    return status;
}
