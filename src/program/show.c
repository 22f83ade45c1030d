/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat show: prints what a results file says of itself. */
#include <argp.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "program/command.h"
#include "results/describe.h"

enum { KEY_CONFIG = 0x200, KEY_HISTORY };
enum { AXES_SIZE = 1024, COLUMNS = 5 };

struct show_arguments {
    const char *path;
    bool config, history; /* the parts asked for; neither: all */
};

static const struct argp_option options[] = {
    {"config", KEY_CONFIG, NULL, 0, "print the config alone, as it was given: `moat run` takes it again", 0},
    {"history", KEY_HISTORY, NULL, 0, "print the history alone: a line for each run", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct show_arguments *arguments = state->input;
    switch (key) {
    case KEY_CONFIG:
        arguments->config = true;
        return 0;
    case KEY_HISTORY:
        arguments->history = true;
        return 0;
    default:
        return command_parse_file(key, argument, state, "results file", &arguments->path);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "FILE",
    .doc = "Prints the config that FILE keeps, the measured spectrum that it is on and the files whose tables it has "
           "taken, if any, its history, and its variables with their axes, types, units and meanings. Reads the file "
           "alone, so it works from any node and while a run writes the file."};

/* Prints lines, each after `indent`. A command line in the history may hold anything, so control characters, which a
   terminal would obey, are shown as question marks. */
static void print_lines(const char *text, const char *indent)
{
    bool begins = true;
    for (const char *c = text; *c; c++) {
        fputs(begins && *c != '\n' ? indent : "", stdout);
        begins = *c == '\n';
        putchar(iscntrl((unsigned char)*c) && *c != '\n' && *c != '\t' ? '?' : *c);
    }
    if (!begins) {
        putchar('\n');
    }
}

/* Writes the axes of a variable: "(N_I: 12, nu: 3)", or "()" for a single value. */
static void format_axes(const struct described_variable *variable, char *text, size_t size)
{
    size_t length = 0;
    snprintf(text, size, "()");
    for (int a = 0; a < variable->rank && length < size; a++) {
        const char *name = variable->axis[a] ? variable->axis[a] : "?";
        length += (size_t)snprintf(text + length, size - length, "%s%s: %zu%s", a == 0 ? "(" : ", ", name,
                                   variable->size[a], a + 1 == variable->rank ? ")" : "");
    }
}

/* Sets the cells of a variable's row; `axes` is the text of the second. */
static void fill_row(const struct described_variable *variable, char axes[AXES_SIZE], const char *cell[COLUMNS])
{
    format_axes(variable, axes, AXES_SIZE);
    cell[0] = variable->path;
    cell[1] = axes;
    cell[2] = variable->type;
    cell[3] = variable->units ? variable->units : "?";
    cell[4] = variable->long_name ? variable->long_name : "not a variable of moat";
}

static void print_variables(const struct results_description *description)
{
    int width[COLUMNS] = {0};
    char axes[AXES_SIZE];
    const char *cell[COLUMNS];
    for (size_t v = 0; v < description->variables; v++) {
        fill_row(&description->variable[v], axes, cell);
        for (int i = 0; i < COLUMNS; i++) {
            width[i] = (int)strlen(cell[i]) > width[i] ? (int)strlen(cell[i]) : width[i];
        }
    }
    for (size_t v = 0; v < description->variables; v++) {
        fill_row(&description->variable[v], axes, cell);
        for (int i = 0; i < COLUMNS; i++) {
            printf("  %-*s", i + 1 < COLUMNS ? width[i] : 0, cell[i]);
        }
        putchar('\n');
    }
}

static enum moat_status print_description(const struct show_arguments *arguments,
                                          const struct results_description *description)
{
    bool all = !arguments->config && !arguments->history;
    if (arguments->history && !description->history) {
        return moat_error_set(MOAT_USAGE, "%s: damaged, at `run/history`", arguments->path);
    }
    if (arguments->config) {
        fputs(description->config, stdout);
    }
    if (arguments->history) {
        print_lines(description->history, "");
    }
    if (all) {
        printf("config:\n");
        print_lines(description->config, "  ");
        if (*description->spectrum) {
            printf("\nspectrum:\n");
            print_lines(description->spectrum, "  ");
        }
        if (description->origins) {
            printf("\ntables:\n");
            print_lines(description->origins, "  ");
        }
        printf("\nhistory:\n");
        print_lines(description->history ? description->history : "(damaged)", "  ");
        printf("\nvariables:\n");
        print_variables(description);
    }
    return MOAT_OK;
}

static int run(int argc, char **argv)
{
    struct show_arguments arguments = {0};
    command_parse(&argp, argc, argv, &arguments);
    if (!command_is_first()) {
        return 0;
    }
    struct results_description description;
    enum moat_status status = results_describe(arguments.path, &description);
    if (status == MOAT_OK) {
        status = print_description(&arguments, &description);
    }
    results_description_free(&description);
    command_print_error(status);
    return command_exit_code(status);
}

const struct command command_show = {
    .name = "show", .summary = "print the config, history and variables of a results file", .argp = &argp, .run = run};
