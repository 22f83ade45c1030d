/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts that several commands share: arguments, the start of MPI, messages, exit codes. */
#include "program/command.h"

#include <argp.h>
#include <execinfo.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/launcher.h"

char *command_line(int argc, char **argv)
{
    size_t size = 1;
    for (int i = 0; i < argc; i++) {
        size += strlen(argv[i]) + 1;
    }
    char *line = calloc(size, 1);
    for (int i = 0; line && i < argc; i++) {
        strcat(line, argv[i]);
        strcat(line, i + 1 < argc ? " " : "");
    }
    for (char *c = line; c && *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    return line;
}

int command_exit_code(enum moat_status status)
{
    enum { EXIT_USAGE = 2, EXIT_RESUMABLE = 75 };
    switch (status) {
    case MOAT_OK:
        return EXIT_SUCCESS;
    case MOAT_USAGE:
        return EXIT_USAGE;
    case MOAT_STOPPED:
        return EXIT_RESUMABLE;
    default:
        return EXIT_FAILURE;
    }
}

void command_print_error(enum moat_status status)
{
    if (status != MOAT_OK && *moat_error_message()) {
        fprintf(stderr, "moat: %s\n", moat_error_message());
    }
}

bool command_is_first(void)
{
    struct launcher launcher;
    return !launcher_find(&launcher) || launcher.rank == 0 || !launcher.direct;
}

/* Sends a stream of this process to /dev/null. Returns a copy of the stream, -1 if that fails. */
static int silence(int stream)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), copy = fcntl(stream, F_DUPFD_CLOEXEC, 3);
    if (nowhere >= 0) {
        dup2(nowhere, stream);
        close(nowhere);
    }
    return copy;
}

/* Undoes silence(). */
static void restore(int stream, int copy)
{
    if (copy >= 0) {
        dup2(copy, stream);
        close(copy);
    }
}

void command_parse(const struct argp *argp, int argc, char **argv, void *arguments)
{
    int output = -1, error = -1;
    if (!command_is_first()) {
        argp_err_exit_status = EXIT_SUCCESS;
        output = silence(STDOUT_FILENO);
        error = silence(STDERR_FILENO);
    }
    error_t failure = argp_parse(argp, argc, argv, 0, NULL, arguments);
    restore(STDOUT_FILENO, output);
    restore(STDERR_FILENO, error);
    if (failure) {
        fprintf(stderr, "moat: %s\n", strerror(failure));
        exit(EXIT_FAILURE);
    }
}

/* Makes the first stack trace of this process now: it loads a library. Open MPI prints a trace when a process crashes,
   and where it crashed in malloc, for lack of memory, loading would wait for ever. */
static void prepare_traces(void)
{
    void *frame;
    backtrace(&frame, 1);
}

bool command_start_mpi(int *rank, int *code)
{
    struct launcher launcher;
    int size = 1, length;
    bool first = command_is_first(), launched = launcher_find(&launcher);
    prepare_traces();
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size > 1 || !launched || launcher.size == 1) {
        return true;
    }
    if (first) {
        char version[MPI_MAX_LIBRARY_VERSION_STRING] = "", library[64];
        MPI_Get_library_version(version, &length);
        launcher_library(version, library, sizeof library);
        fprintf(stderr,
                "moat: %s started %d processes, but moat is built with %s and each of them is alone: start them with "
                "the mpirun or mpiexec of that library, or with an `srun --mpi=...` that it supports; to start a "
                "single process: `env%s moat ...`\n",
                launcher.name, launcher.size, library, launcher.unset);
    }
    MPI_Finalize();
    *code = first ? command_exit_code(MOAT_USAGE) : EXIT_SUCCESS;
    return false;
}

error_t command_parse_file(int key, char *argument, struct argp_state *state, const char *noun, const char **path)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (*path) {
            argp_error(state, "found a second %s `%s`, expected one", noun, argument);
        }
        *path = argument;
        return 0;
    case ARGP_KEY_END:
        if (!*path) {
            argp_error(state, "expected a %s", noun);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void command_parse_ranks(const char *argument, struct argp_state *state, int *ranks)
{
    char *end;
    long number = strtol(argument, &end, 10);
    if (*end || end == argument || number < 1 || number > 10000000) {
        argp_error(state, "--ranks: found `%s`, expected a whole number from 1", argument);
    }
    *ranks = (int)number;
}

enum writers command_parse_writers(const char *argument, struct argp_state *state)
{
    for (int who = WRITERS_WORKERS; who <= WRITERS_RANK_0; who++) {
        if (strcmp(argument, writers_name[who]) == 0) {
            return (enum writers)who;
        }
    }
    argp_error(state, "--writers: found `%s`, expected `workers` or `rank-0`", argument);
    return WRITERS_BY_FILE_SYSTEM;
}

bool command_add_word(const char *word, const char ***list)
{
    size_t count = 0;
    while (*list && (*list)[count]) {
        count++;
    }
    const char **longer = realloc(*list, (count + 2) * sizeof *longer);
    if (!longer) {
        return false;
    }
    longer[count] = word;
    longer[count + 1] = NULL;
    *list = longer;
    return true;
}

void command_print_summary(const struct results_summary *summary)
{
    for (int status = 0; status < MOAT_MARKET_STATUSES; status++) {
        if (summary->points_by_status[status] > 0) {
            printf("%12zu  %s\n", summary->points_by_status[status], moat_market_status_name[status]);
        }
    }
}
