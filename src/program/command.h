/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>
#include <stdbool.h>

#include "moat/error.h"
#include "results/results.h"
#include "run/writers.h"

/* A command of the program. `moat help` is written from these and from argp's tables, so that it cannot differ from
   `moat COMMAND --help`. */
struct command {
    const char *name, *summary; /* the summary is one line, as the answer to "what does it do?" */
    const struct argp *argp;
    int required;                      /* the first so many options of `argp` must be given */
    int (*run)(int argc, char **argv); /* argv[0] is the name for messages, "moat run"; returns the exit code */
};

/* Every command NAME, in the order of `moat help`. To add one, write NAME.c, which defines command_NAME, and its
   section of moat.1, and name it here. */
/* clang-format off */
#define COMMANDS(use) \
    use(run) use(plan) use(submit) use(batch) use(measure) use(point) use(status) use(show) use(draw) use(export) \
    use(explore) use(summary)
/* clang-format on */

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARE)

/* Joins the words of the command line into one line, for a file's history. To be called before command_parse, which
   sorts the words. The caller frees it; NULL when out of memory. Local. */
char *command_line(int argc, char **argv);

/* Returns the exit code for `status`: 0 done, 2 usage, 75 stopped and resumable, 1 anything else. */
int command_exit_code(enum moat_status status);

/* Prints the message of the last failure to stderr, unless `status` is MOAT_OK or there is no message. Local. */
void command_print_error(enum moat_status status);

/* Returns whether this process is the one that prints: the first of those that a launcher started. A process that a
   shell or script among the ranks started prints too, since it may be the only one. Local, before MPI_Init. */
bool command_is_first(void);

/* Parses the arguments of a command. Help and usage errors end the process here, before MPI_Init, and do so on every
   rank. Only the first rank prints. The others exit with 0: when a rank exits with anything else, its launcher kills
   the first before it has printed. Local, before MPI_Init. */
void command_parse(const struct argp *argp, int argc, char **argv, void *arguments);

/*
 * Calls MPI_Init and sets *rank. If a launcher started several processes but each finds itself alone, it is the
 * launcher of another MPI library: the first process names both, MPI is finalized, the exit code is set, and false is
 * returned. Collective over MPI_COMM_WORLD.
 */
bool command_start_mpi(int *rank, int *code);

/* The part of an argp parser that takes the command's one file, called `noun` in messages, into *path. */
error_t command_parse_file(int key, char *argument, struct argp_state *state, const char *noun, const char **path);

/* Reads a number of ranks from the command line into *ranks; ends in argp's error if it is not one. */
void command_parse_ranks(const char *argument, struct argp_state *state, int *ranks);

/* Reads who writes blocks from the command line; ends in argp's error if it is neither of them. */
enum writers command_parse_writers(const char *argument, struct argp_state *state);

/* Options of several commands. */
enum { COMMAND_FSYNC = 0x100, COMMAND_JSON, COMMAND_SET, COMMAND_TABLES, COMMAND_WRITERS /* no letters */ };
/* Versions of clang-format differ on braces in macros and tables. */
/* clang-format off */
#define COMMAND_OUTPUT_OPTION {"output", 'o', "FILE", 0, "results file, instead of the config's `output`", 0}
#define COMMAND_FORCE_OPTION \
    {"force", 'f', NULL, 0, "replace a results file of another sweep; one of this sweep is resumed", 0}
#define COMMAND_SET_OPTION \
    {"set", COMMAND_SET, "KEY=VALUE", 0, \
     "change the config's value at KEY, such as model.gamma=0.3 or grid.Q.values=[0.1,0.5]; can be given several times", 0}
#define COMMAND_TABLES_OPTION \
    {"tables", COMMAND_TABLES, "FILE", 0, \
     "with solver: ridge, take the tables that another results file has at the same gamma or spectrum, P and seed", 0}
#define COMMAND_FSYNC_OPTION \
    {"fsync", COMMAND_FSYNC, NULL, 0, \
     "bring the file to disk every second and after each data set, so that finished work survives a loss of power", 0}
#define COMMAND_WRITERS_OPTION \
    {"writers", COMMAND_WRITERS, "WHO", 0, \
     "who puts solved blocks into the file: `workers` or `rank-0`; default: the workers, on file systems known to keep " \
     "the writes of several processes apart", 0}
#define COMMAND_JSON_OPTION {"json", COMMAND_JSON, NULL, 0, "print one object of JSON, on a line", 0}
/* clang-format on */

/* Adds a word to a list with NULL at its end, which the caller frees; an empty list is NULL. Returns false when out of
   memory. */
bool command_add_word(const char *word, const char ***list);

/* Prints, on a line each, the number of points of every status that occurs. */
void command_print_summary(const struct results_summary *summary);

#endif
