/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of other programs. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads the pipe to its end and keeps what fits. */
static void receive(int pipe, char *text, size_t size)
{
    char piece[512];
    size_t length = 0;
    ssize_t n;
    while ((n = read(pipe, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR)) {
        size_t got = n > 0 ? (size_t)n : 0, room = size - 1 - length;
        memcpy(text + length, piece, got < room ? got : room);
        length += got < room ? got : room;
    }
    text[length] = '\0';
}

/* Sets the streams of the program. Returns errno's value, 0 for success. */
static int set_streams(const struct process *process, int output, posix_spawn_file_actions_t *actions)
{
    int failed = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    if (failed == 0 && process->input > 0) {
        failed = posix_spawn_file_actions_adddup2(actions, process->input, STDIN_FILENO);
    }
    if (failed == 0 && process->errors == PROCESS_ERRORS_KEPT) {
        failed = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
    } else if (failed == 0 && process->errors == PROCESS_ERRORS_DROPPED) {
        failed = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    return failed;
}

/* Starts the program. Returns errno's value, 0 for success. */
static int start(const struct process *process, int output, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = set_streams(process, output, &actions);
    if (failed == 0) {
        failed = posix_spawnp(child, process->words[0], &actions, &attributes, (char *const *)process->words,
                              process->environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

int process_run(const struct process *process, char *text, size_t size)
{
    int ends[2], state = -1;
    pid_t child;
    text[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    int failed = start(process, ends[1], &child);
    close(ends[1]);
    if (failed == 0) {
        receive(ends[0], text, size);
        while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
        }
    }
    close(ends[0]);
    errno = failed;
    return failed == 0 ? state : -1;
}

static bool begins_with_any(const char *variable, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (strncmp(variable, *prefixes, strlen(*prefixes)) == 0) {
            return true;
        }
    }
    return false;
}

char **process_environment(const char *const *prefixes, const char *const *kept)
{
    size_t size = 1, count = 0;
    for (char **variable = environ; *variable; variable++) {
        size++;
    }
    char **list = calloc(size, sizeof *list);
    for (char **variable = environ; list && *variable; variable++) {
        if (!begins_with_any(*variable, prefixes) || begins_with_any(*variable, kept)) {
            list[count++] = *variable;
        }
    }
    return list;
}
