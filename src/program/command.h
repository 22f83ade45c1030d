/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>
#include <stdbool.h>

#include "moat/error.h"
#include "results/results.h"

/* The commands of the program. argv[0] is the command's own name; the return value is the exit code. */
int command_run(int argc, char **argv);
int command_point(int argc, char **argv);
int command_status(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_submit(int argc, char **argv);
int command_batch(int argc, char **argv);

/* The exit code that stands for `status`: 0 done, 2 usage, 75 stopped and resumable, 1 anything else. */
int command_exit_code(enum moat_status status);

/* Whether this process is the first of its launch, the one that speaks. One that a shell or script among the ranks
   started speaks too: it may be the only one. Local, before MPI_Init. */
int command_is_first(void);

/* argp_parse for every command. Where it prints and ends the program, for help or a usage error, each rank ends there,
   before MPI_Init, where the others would wait for it. The first alone prints; the others exit with 0, as a launcher
   kills all ranks, the first before it has spoken, when one exits with anything else. Local, before MPI_Init. */
void command_parse(const struct argp *argp, int argc, char **argv, void *arguments);

/*
 * MPI_Init, with this process's rank. Returns false, with MPI finalized and the exit code in *code, where a launcher
 * started several processes and each finds itself alone: it is the launcher of another MPI library. The first process
 * has then named both, and exits with 2. Collective over MPI_COMM_WORLD.
 */
bool command_start_mpi(int *rank, int *code);

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
