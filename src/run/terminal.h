/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_TERMINAL_H
#define MOAT_TERMINAL_H

#include <stdbool.h>

/*
 * The terminal on which a person reads what this process writes to stdout or stderr.
 *
 * It is the stream itself, or that of the launcher. mpirun, which is an ancestor of its ranks on its own host, gives
 * them pipes, or pseudo-terminals without a size, and copies them to its own streams; /proc tells which files those
 * are. Ranks that are no descendants of their launcher, as those of srun (without --pty) or on another host, cannot
 * know. Nor can a user whose terminal belongs to another, as after su.
 */
struct terminal {
    int descriptor; /* -1: none, or none that understands control characters (TERM is dumb, empty or not set) */
    bool relayed;   /* what is written passes through the launcher, stdout and stderr by separate pipes */
};

/* Finds the terminal behind `stream`, STDOUT_FILENO or STDERR_FILENO, and opens it. The caller closes it. Local. */
struct terminal terminal_open(int stream);

/* Closes it and sets the descriptor to -1; accepts -1. Local. */
void terminal_close(struct terminal *terminal);

/* Returns the number of columns as it is now, so that a window that has been resized counts with its new size; where
   the terminal does not say, COLUMNS from the environment; 0 if nobody knows. Local. */
int terminal_columns(const struct terminal *terminal);

#endif
