/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share. */
#include "command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int command_exit_code(enum status status)
{
    enum { EXIT_USAGE = 2, EXIT_RESUMABLE = 75 };
    switch (status) {
    case STATUS_OK:
        return EXIT_SUCCESS;
    case STATUS_USAGE:
        return EXIT_USAGE;
    case STATUS_STOPPED:
        return EXIT_RESUMABLE;
    default:
        return EXIT_FAILURE;
    }
}

int command_is_first(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    rank = rank ? rank : getenv("PMIX_RANK");
    return !rank || strcmp(rank, "0") == 0;
}

unsigned command_argp_flags(void)
{
    return command_is_first() ? 0 : ARGP_SILENT;
}

error_t command_parse_file(int key, char *argument, struct argp_state *state, const char *what, const char **path)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (*path) {
            argp_error(state, "found a second %s `%s`, expected one", what, argument);
        }
        *path = argument;
        return 0;
    case ARGP_KEY_END:
        if (!*path) {
            argp_error(state, "expected a %s", what);
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

void command_print_summary(const struct results_summary *summary)
{
    for (int status = 0; status < MARKET_STATUSES; status++) {
        if (summary->points_by_status[status] > 0) {
            printf("%12zu  %s\n", summary->points_by_status[status], market_status_name[status]);
        }
    }
}
