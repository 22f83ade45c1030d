/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat: how much data a new company needs to enter a market of model providers. Finds the command and runs it. */
#include <argp.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moat/version.h"
#include "program/command.h"
#include "program/output.h"

#define COMMAND_ADDRESS(name) &command_##name,
static const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS)};
enum { COUNT = sizeof commands / sizeof commands[0] };
enum { LINE_WIDTH = 79, INDENT = 10 };

/* Writes an option as a usage line shows it: "[-o FILE]", "[--force]", or "--gamma G" if it must be given. */
static void format_option(const struct argp_option *option, bool required, char *word, size_t size)
{
    char name[32];
    const char *space = option->arg ? " " : "", *value = option->arg ? option->arg : "";
    if (!required && option->arg && option->key < 0x80 && isprint(option->key)) {
        snprintf(name, sizeof name, "-%c", option->key);
    } else {
        snprintf(name, sizeof name, "--%s", option->name);
    }
    snprintf(word, size, required ? "%s%s%s" : "[%s%s%s]", name, space, value);
}

/* Prints a word of a usage line, on a new line where it does not fit. */
static int print_word(FILE *stream, int column, const char *word)
{
    int length = (int)strlen(word);
    if (column + 1 + length > LINE_WIDTH) {
        fprintf(stream, "\n%*s%s", INDENT, "", word);
        return INDENT + length;
    }
    fprintf(stream, " %s", word);
    return column + 1 + length;
}

static void print_usage(FILE *stream, const struct command *command)
{
    const struct argp *argp = command->argp;
    int column = fprintf(stream, "  moat %s", command->name);
    for (int i = 0; argp->options[i].name; i++) {
        char word[64];
        format_option(&argp->options[i], i < command->required, word, sizeof word);
        column = print_word(stream, column, word);
    }
    if (argp->args_doc) {
        print_word(stream, column, argp->args_doc);
    }
    fprintf(stream, "\n      %s\n", command->summary);
}

static void print_help(FILE *stream)
{
    fprintf(stream, "moat computes the market entry threshold N_E*: how much data a new company needs to\n"
                    "enter a market when the incumbent is held to a stricter safety standard.\n\n");
    for (int i = 0; i < COUNT; i++) {
        print_usage(stream, commands[i]);
    }
    fprintf(stream, "  moat help [COMMAND] | --version\n\n"
                    "`moat help COMMAND` describes a command and its options.\n"
                    "Exit codes: 0 complete, 2 bad usage or config, 75 stopped early (the same command\n"
                    "resumes the sweep), 1 anything else.\n");
}

static const struct command *find_command(const char *name)
{
    for (int i = 0; i < COUNT; i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

/* The edit distance of two words: how many letters to insert, delete or replace to turn one into the other. Longer
   words than a command's name count as far away. */
static size_t edit_distance(const char *left, const char *right)
{
    enum { LENGTH_MAX = 15 };
    size_t rows = strlen(left), columns = strlen(right), distance[LENGTH_MAX + 1];
    if (rows > LENGTH_MAX || columns > LENGTH_MAX) {
        return LENGTH_MAX;
    }
    for (size_t j = 0; j <= columns; j++) {
        distance[j] = j;
    }
    for (size_t i = 0; i < rows; i++) {
        size_t diagonal = distance[0];
        distance[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            size_t replaced = diagonal + (left[i] != right[j]);
            size_t shorter = distance[j] < distance[j + 1] ? distance[j] : distance[j + 1];
            diagonal = distance[j + 1];
            distance[j + 1] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return distance[columns];
}

/* Says that there is no such command, and which one may have been meant. */
static void print_unknown(const char *name)
{
    size_t nearest = edit_distance(name, "help");
    const char *meant = "help";
    fprintf(stderr, "moat: found command `%s`, expected ", name);
    for (int i = 0; i < COUNT; i++) {
        size_t distance = edit_distance(name, commands[i]->name);
        meant = distance < nearest ? commands[i]->name : meant;
        nearest = distance < nearest ? distance : nearest;
        fprintf(stderr, "%s%s", commands[i]->name, i + 1 < COUNT ? ", " : " or help");
    }
    if (nearest <= 2 && nearest < strlen(name)) {
        fprintf(stderr, ": did you mean `moat %s`?\n", meant);
    } else {
        fprintf(stderr, ": `moat help` describes them\n");
    }
}

/* Runs a command with the words that follow its name, under the name that argp is to call it by: "moat run". */
static int run_command(const struct command *command, int argc, char **argv)
{
    static char invocation[32]; /* argv lives as long as the program */
    snprintf(invocation, sizeof invocation, "moat %s", command->name);
    argv[0] = invocation;
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    output_prepare();
    argp_err_exit_status = command_exit_code(MOAT_USAGE);
    const char *name = argc > 1 ? argv[1] : "";
    const struct command *command = find_command(name);
    if (command) {
        return run_command(command, argc - 1, argv + 1);
    }
    bool help = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    const char *topic = help && argc > 2 && argv[2][0] != '-' ? argv[2] : "help";
    command = find_command(topic);
    if (command) {
        char option[] = "--help";
        return run_command(command, 2, (char *[]){NULL, option, NULL});
    }
    if (!command_is_first()) {
        return EXIT_SUCCESS;
    }
    if (help && strcmp(topic, "help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(name, "--version") == 0) {
        printf("moat %s (%s)\n", moat_version(), moat_revision());
        return EXIT_SUCCESS;
    }
    if (*name) {
        print_unknown(help ? topic : name);
    } else {
        print_help(stderr);
    }
    return command_exit_code(MOAT_USAGE);
}
