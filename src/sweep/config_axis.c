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

struct plan {
    const char *name; /* key path */
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

/* Whether all of `text` is a decimal number or .inf, as YAML spells them, that a double holds. */
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
static enum moat_status plan_ends(const struct config_source *source, char **ends, struct plan *plan)
{
    char path[96];
    double x[2] = {0};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s.%s[%d]", plan->name, form_name[plan->form], i);
        enum moat_status status = config_number(source, path, ends[i], plan->range, &x[i]);
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
        snprintf(path, sizeof path, "%s.%s", plan->name, form_name[plan->form]);
        return config_refuse(source, path, found, "low < high");
    }
    plan->low = x[0];
    plan->high = x[1];
    return MOAT_OK;
}

/* Form and size of an axis. */
static enum moat_status plan_axis(const struct config_source *source, struct plan *plan)
{
    const struct axis_text *text = plan->text;
    char **const list[FORMS] = {text->values, text->log, text->linear};
    char found[32] = "", path[96];
    int forms = 0;
    for (int f = 0; f < FORMS; f++) {
        if (list[f]) {
            strcat(strcat(found, forms++ > 0 ? " and " : ""), form_name[f]);
            plan->form = (enum form)f;
        }
    }
    snprintf(path, sizeof path, "%s", plan->name);
    if (forms != 1) {
        return config_refuse(source, path, forms > 0 ? found : "none of them",
                             "exactly one of values: [..], log: [low, high], linear: [low, high]");
    }
    if (plan->form != FORM_VALUES && !text->points) {
        return config_refuse(source, path, "no key points", "the number of points beside %s", form_name[plan->form]);
    }
    snprintf(path, sizeof path, "%s.points", plan->name);
    if (plan->form == FORM_VALUES) {
        plan->size = text->values_count;
        return text->points ? config_refuse(source, path, NULL, "no points beside values") : MOAT_OK;
    }
    static const struct range points = {2, AXIS_POINTS_MAX, false, true, false, "an integer from 2 to 1e8"};
    double size = 0;
    enum moat_status status = config_number(source, path, text->points, &points, &size);
    if (status != MOAT_OK) {
        return status;
    }
    plan->size = (size_t)size;
    status = plan_ends(source, list[plan->form], plan);
    if (status == MOAT_OK && plan->range->integer && size > plan->high - plan->low + 1) {
        return config_refuse(source, path, NULL, "fewer: some would be the same whole number");
    }
    return status;
}

/* Refuses a grid of too many points. */
static enum moat_status check_size(const struct config_source *source, const struct plan plan[GRID_AXES],
                                   const char *const name[GRID_AXES])
{
    double points = 1;
    char found[256];
    size_t used = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (plan[a].text) {
            points *= (double)plan[a].size;
            used += (size_t)snprintf(found + used, sizeof found - used, "%s%s %zu", used > 0 ? " x " : "",
                                     strchr(name[a], '.') + 1, plan[a].size);
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
static double axis_value(const struct plan *plan, size_t i)
{
    double n = (double)(plan->size - 1), up = (double)i, down = n - up;
    if (i == 0 || i == plan->size - 1) {
        return i == 0 ? plan->low : plan->high;
    }
    if (plan->form == FORM_LOG) {
        return pow(10, (log10(plan->low) * down + log10(plan->high) * up) / n);
    }
    return (plan->low * down + plan->high * up) / n;
}

static enum moat_status fill_axis(const struct config_source *source, const struct plan *plan, struct axis *axis)
{
    axis->values = malloc(plan->size * sizeof *axis->values + 1);
    if (!axis->values) {
        return moat_error_set(MOAT_MEMORY, "%s: out of memory for the %zu values of %s", source->origin, plan->size,
                              plan->name);
    }
    axis->size = plan->size;
    axis->scalar = !plan->text;
    if (axis->scalar) {
        axis->values[0] = NAN;
        return MOAT_OK;
    }
    for (size_t i = 0; i < plan->size; i++) {
        char path[96];
        if (plan->form != FORM_VALUES) {
            axis->values[i] = axis_value(plan, i);
        } else {
            snprintf(path, sizeof path, "%s.values[%zu]", plan->name, i);
            enum moat_status status = config_number(source, path, plan->text->values[i], plan->range, &axis->values[i]);
            if (status != MOAT_OK) {
                return status;
            }
        }
        if (i == 0 || axis->values[i] > axis->values[i - 1]) {
            continue;
        }
        if (plan->form == FORM_VALUES) {
            return config_refuse(source, path, NULL, "a value greater than the one before it, %s",
                                 plan->text->values[i - 1]);
        }
        snprintf(path, sizeof path, "%s.points", plan->name);
        return config_refuse(source, path, NULL, "fewer: neighbouring points are the same double");
    }
    return MOAT_OK;
}

enum moat_status config_axes(const struct config_source *source, struct axis_text *const text[GRID_AXES],
                             const char *const name[GRID_AXES], const struct range range[GRID_AXES], struct grid *grid)
{
    struct plan plan[GRID_AXES];
    enum moat_status status = MOAT_OK;
    for (int a = 0; a < GRID_AXES && status == MOAT_OK; a++) {
        plan[a] = (struct plan){.name = name[a], .text = text[a], .range = &range[a], .size = 1};
        status = text[a] ? plan_axis(source, &plan[a]) : MOAT_OK;
    }
    if (status == MOAT_OK) {
        status = check_size(source, plan, name);
    }
    for (int spaced = 0; spaced <= 1; spaced++) { /* lists first, where mistakes are: the others may take seconds */
        for (int a = 0; a < GRID_AXES && status == MOAT_OK; a++) {
            if (spaced == (plan[a].form != FORM_VALUES)) {
                status = fill_axis(source, &plan[a], &grid->axis[a]);
            }
        }
    }
    return status;
}

enum moat_status config_axis(const struct config_source *source, const struct axis_text *text, const char *name,
                             const struct range *range, struct axis *axis)
{
    struct plan plan = {.name = name, .text = text, .range = range};
    enum moat_status status = plan_axis(source, &plan);
    return status == MOAT_OK ? fill_axis(source, &plan, axis) : status;
}
