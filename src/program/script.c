/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat draw, export, explore and summary: what is written in Python. This process becomes Python, which runs the folder
   of scripts (analysis/__main__.py) with the command's words; before MPI_Init, so that nothing is forked under MPI. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/command.h"

enum { PATH_SIZE = 4096 };

static bool has_scripts(const char *folder)
{
    char path[PATH_SIZE + 16];
    return snprintf(path, sizeof path, "%s/__main__.py", folder) < (int)sizeof path && access(path, R_OK) == 0;
}

/* Writes the folder of the scripts: that of MOAT_ANALYSIS, that which was installed with this program, or that of the
   sources it was built from. Returns MOAT_USAGE if there is none. */
static enum moat_status find_scripts(char folder[PATH_SIZE])
{
    const char *named = getenv("MOAT_ANALYSIS");
    if (named && *named) {
        snprintf(folder, PATH_SIZE, "%s%s", *named == '-' ? "./" : "", named); /* no option of Python */
        return has_scripts(folder) ? MOAT_OK
                                   : moat_error_set(MOAT_USAGE,
                                                    "MOAT_ANALYSIS: found `%s`, expected the folder of moat's scripts, "
                                                    "with a file __main__.py",
                                                    named);
    }
    ssize_t length = readlink("/proc/self/exe", folder, PATH_SIZE - 1);
    folder[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(folder, '/');
    size_t bin = slash ? (size_t)(slash - folder) : 0;
    snprintf(folder + bin, PATH_SIZE - bin, "/../share/moat/analysis");
    if (has_scripts(folder)) {
        return MOAT_OK;
    }
    if (has_scripts(MOAT_ANALYSIS_FOLDER)) {
        snprintf(folder, PATH_SIZE, "%s", MOAT_ANALYSIS_FOLDER);
        return MOAT_OK;
    }
    return moat_error_set(MOAT_USAGE,
                          "found no scripts in %s and %s: install moat with `make install`, or name their folder in "
                          "MOAT_ANALYSIS",
                          folder, MOAT_ANALYSIS_FOLDER);
}

/* Becomes Python, with the words after the command's name. Returns only if that fails. */
static enum moat_status become_python(const char *command, int argc, char **argv)
{
    char folder[PATH_SIZE];
    enum moat_status status = find_scripts(folder);
    if (status != MOAT_OK) {
        return status;
    }
    const char *python = getenv("MOAT_PYTHON");
    python = python && *python ? python : MOAT_PYTHON;
    char **words = calloc((size_t)argc + 3, sizeof *words);
    if (!words) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the command line of %s", python);
    }
    memcpy(words, (const char *[]){python, folder, command}, 3 * sizeof *words);
    memcpy(words + 3, argv + 1, (size_t)argc * sizeof *words); /* with the NULL at their end */
    execvp(python, words);
    status =
        moat_error_set(MOAT_USAGE,
                       "`moat %s` needs Python, and %s cannot be started: %s; install Debian's package python3, or "
                       "name a Python in MOAT_PYTHON",
                       command, python, strerror(errno));
    free(words);
    return status;
}

/* Runs the command that argv[0] names, "moat draw". The options are the script's, so it describes them. */
static int run(int argc, char **argv)
{
    char help[] = "--help";
    const char *command = strrchr(argv[0], ' ') + 1;
    if (!command_is_first()) {
        return EXIT_SUCCESS;
    }
    if (argc == 2 && (strcmp(argv[1], "-?") == 0 || strcmp(argv[1], "--usage") == 0)) {
        argv[1] = help;
    }
    enum moat_status status = become_python(command, argc, argv);
    command_print_error(status);
    return command_exit_code(status);
}

/* The words are Python's; `moat help` alone reads these. */
static const struct argp_option no_options[] = {{0}};
static const struct argp draw = {.options = no_options, .args_doc = "KIND FILE -o FIG [OPTION...]"};
static const struct argp export = {.options = no_options, .args_doc = "FILE [-o TABLE] [OPTION...]"};
static const struct argp explore = {.options = no_options, .args_doc = "FILE -o PAGE.html [OPTION...]"};
static const struct argp summary = {.options = no_options, .args_doc = "FILE... [OPTION...]"};

const struct command command_draw = {.name = "draw",
                                     .summary =
                                         "draw a figure of a results file; without words, list the kinds of figure",
                                     .argp = &draw,
                                     .run = run};
const struct command command_export = {
    .name = "export", .summary = "write a results file as a table: CSV, tabs or Parquet", .argp = &export, .run = run};
const struct command command_explore = {
    .name = "explore", .summary = "write a web page on which a results file is explored", .argp = &explore, .run = run};
const struct command command_summary = {.name = "summary",
                                        .summary = "print the exponents fitted to results files beside theory's",
                                        .argp = &summary,
                                        .run = run};
