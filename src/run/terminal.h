/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_TERMINAL_H
#define MOAT_TERMINAL_H

#include <stdbool.h>

/*
 * The terminal on which a person reads what this process writes to stderr.
 *
 * It is stderr itself, or that of the launcher. mpirun, which is an ancestor of its ranks on its own host, gives them a
 * pipe and copies it to its own stderr; /proc tells which file that is. Ranks that are no descendants of their
 * launcher, as those of srun (without --pty) or on another host, cannot know. Nor can a user whose terminal belongs to
 * another, as after su.
 */
struct terminal {
    int descriptor; /* -1: none, or none that understands control characters (TERM is dumb, empty or not set) */
    bool relayed;   /* what is written passes through the launcher, stdout and stderr by separate pipes */
};

/* Finds the terminal and opens it. The caller closes it. Local, not before launcher_find may be called. */
struct terminal terminal_open(void);

/* Closes it and sets the descriptor to -1; accepts -1. Local. */
void terminal_close(struct terminal *terminal);

/* Returns the number of columns as it is now, so that a window that has been resized counts with its new size; where
   the terminal does not say, COLUMNS from the environment; 0 if nobody knows. Local. */
int terminal_columns(const struct terminal *terminal);

#endif
