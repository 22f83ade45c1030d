/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>

enum process_errors {
    PROCESS_ERRORS_SHOWN,   /* they go to the stderr of this process */
    PROCESS_ERRORS_DROPPED, /* to /dev/null */
    PROCESS_ERRORS_KEPT     /* to the text, with what the program prints */
};

/* A call of another program. */
struct process {
    const char *const *words; /* NULL at the end; words[0] is looked for on the PATH of this process */
    char *const *environment; /* NULL at the end */
    int input;                /* descriptor of its stdin; 0 is that of this process */
    enum process_errors errors;
};

/*
 * Runs the program to its end and keeps what it prints in text[size], cut to fit, with a NUL at the end. It starts with
 * no signal blocked or caught.
 *
 * No fork: posix_spawn copies no page of this process, so it does no harm in a rank whose memory is registered with the
 * network. Returns the program's wait status, or -1 with errno if it could not be started. Local.
 */
int process_run(const struct process *process, char *text, size_t size);

/* Returns the variables of this process without those whose names begin with one of `prefixes`, NULL at the end of
   both. Names that begin with one of `kept` stay. The caller frees the list, whose texts belong to the environment.
   Returns NULL when out of memory. Local. */
char **process_environment(const char *const *prefixes, const char *const *kept);

#endif
