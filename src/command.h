/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>

#include "moat/error.h"
#include "moat/results.h"

/* The commands of the program. argv[0] is the command's own name; the return value is the exit code. */
int command_run(int argc, char **argv);
int command_point(int argc, char **argv);
int command_status(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_submit(int argc, char **argv);
int command_batch(int argc, char **argv);

/* The exit code that stands for `status`: 0 done, 2 usage, 75 stopped and resumable, 1 anything else. */
int command_exit_code(enum status status);

/* Whether this process is the first of its launch, the one that speaks; works before MPI_Init. */
int command_is_first(void);

/* argp's flags for a command: every rank reads the command line, the first alone complains. */
unsigned command_argp_flags(void);

/* The part of an argp parser that takes the command's one file, called `what` in messages, into *path. */
error_t command_parse_file(int key, char *argument, struct argp_state *state, const char *what, const char **path);

/* A number of ranks from the command line into *ranks; argp's error where it is none. */
void command_parse_ranks(const char *argument, struct argp_state *state, int *ranks);

/* The option of all commands that run a sweep. */
enum { COMMAND_FSYNC = 0x100 /* no letter */ };
#define COMMAND_FSYNC_OPTION                                                                                           \
    {                                                                                                                  \
        "fsync", COMMAND_FSYNC, NULL, 0,                                                                               \
            "what is done survives a loss of power too: brings the file to disk every second and after each data "     \
            "set",                                                                                                     \
            0                                                                                                          \
    }

/* Prints the number of points of each status that occurs, a line each. */
void command_print_summary(const struct results_summary *summary);

#endif
