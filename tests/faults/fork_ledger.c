/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: a ledger of new processes. Each call that makes one adds the line "CALL OBJECT" to the file FORK_LOG of
 * the environment, where OBJECT is the program or library that made the call.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void record(const char *call, void *caller)
{
    const char *path = getenv("FORK_LOG");
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    Dl_info about;
    if (log >= 0) {
        char line[512];
        int length = snprintf(line, sizeof line, "%s %s\n", call, dladdr(caller, &about) ? about.dli_fname : "?");
        syscall(SYS_write, log, line, (size_t)length);
        close(log);
    }
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define RECORD(call) record(call, __builtin_return_address(0))

pid_t fork(void)
{
    RECORD("fork");
    return ((pid_t(*)(void))next("fork"))();
}

/* A child of vfork may not return from here: a fork does for it. */
pid_t vfork(void)
{
    RECORD("vfork");
    return ((pid_t(*)(void))next("fork"))();
}

pid_t _Fork(void)
{
    RECORD("_Fork");
    return ((pid_t(*)(void))next("_Fork"))();
}

FILE *popen(const char *command, const char *mode)
{
    RECORD("popen");
    return ((FILE * (*)(const char *, const char *)) next("popen"))(command, mode);
}

int system(const char *command)
{
    RECORD("system");
    return ((int (*)(const char *))next("system"))(command);
}

typedef int spawn(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
                  char *const *);

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *how,
                char *const argv[], char *const environment[])
{
    RECORD("posix_spawn");
    return ((spawn *)next("posix_spawn"))(pid, path, actions, how, argv, environment);
}

int posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *how,
                 char *const argv[], char *const environment[])
{
    RECORD("posix_spawnp");
    return ((spawn *)next("posix_spawnp"))(pid, path, actions, how, argv, environment);
}

int clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
    va_list more;
    RECORD(flags & CLONE_THREAD ? "thread" : "clone");
    va_start(more, argument);
    pid_t *parent = va_arg(more, pid_t *);
    void *tls = va_arg(more, void *);
    pid_t *child = va_arg(more, pid_t *);
    va_end(more);
    return ((int (*)(int (*)(void *), void *, int, void *, ...))next("clone"))(function, stack, flags, argument, parent,
                                                                               tls, child);
}
