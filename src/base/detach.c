/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session of its own for a program that is to outlive its terminal. */
#include "base/detach.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hangup.h"

static volatile sig_atomic_t child; /* global, since the signal handler reads it */

static void pass_on(int signal_number)
{
    int before = errno;
    kill((pid_t)child, signal_number);
    errno = before;
}

/* Waits for the child and exits as it did. */
static _Noreturn void stand_in(void)
{
    int status = 0;
    while (waitpid((pid_t)child, &status, 0) < 0 && errno == EINTR) {
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

enum moat_status detach_from_terminal(void)
{
    const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};
    enum { COUNT = sizeof signals / sizeof signals[0] };
    struct sigaction forward = {.sa_handler = pass_on};
    sigset_t passed, before;
    if (!hangup_ignored()) {
        return MOAT_OK;
    }
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&passed);
    for (int i = 0; i < COUNT; i++) {
        sigaddset(&passed, signals[i]);
    }
    sigemptyset(&forward.sa_mask);
    sigprocmask(SIG_BLOCK, &passed, &before); /* one that comes too soon waits for the handlers */
    pid_t parent = getpid(), forked = fork();
    if (forked > 0) {
        child = forked;
        for (int i = 0; i < COUNT; i++) {
            sigaction(signals[i], &forward, NULL);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
        stand_in();
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (forked < 0) {
        return moat_error_set(MOAT_MEMORY, "no process can be started beside this one: %s", strerror(errno));
    }
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* stays in force for the launcher */
    if (getppid() != parent) {
        raise(SIGTERM);
    }
    return MOAT_OK;
}
