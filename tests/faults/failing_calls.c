/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: a machine that is short of file descriptors and processes. On rank CALLS_RANK (-1: on every rank) the
 * calls of the program and of HDF5 that need one fail from that of number CALLS_FROM on to that of number CALLS_TO,
 * counted from 1. At its end a process of that rank writes how many there were to the file CALLS_COUNT.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long calls, from, to;
static bool meant;

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
    char program[512] = "";
    long rank = number_of("OMPI_COMM_WORLD_RANK", number_of("PMI_RANK", 0)), wanted = number_of("CALLS_RANK", -1);
    meant = (wanted < 0 || rank == wanted) && readlink("/proc/self/exe", program, sizeof program - 1) > 0 &&
            strstr(program, "/moat");
    from = number_of("CALLS_FROM", 0);
    to = number_of("CALLS_TO", 0);
}

__attribute__((destructor)) static void write_count(void)
{
    const char *path = getenv("CALLS_COUNT");
    FILE *(*open_file)(const char *, const char *);
    *(void **)&open_file = dlsym(RTLD_NEXT, "fopen");
    FILE *file = meant && path ? open_file(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", calls);
        fclose(file);
    }
}

/* Counts a call of `caller`; whether it is to fail, with `code`. */
static bool fails(const void *caller, int code)
{
    Dl_info about;
    if (!meant || !dladdr(caller, &about) || !about.dli_fname) {
        return false;
    }
    const char *name = strrchr(about.dli_fname, '/');
    if (strcmp(name ? name + 1 : about.dli_fname, "moat") != 0 && !strstr(about.dli_fname, "libhdf5")) {
        return false;
    }
    calls++;
    bool failing = calls >= from && calls <= to;
    errno = failing ? code : errno;
    return failing;
}

#define NEXT(name, pointer) *(void **)&(pointer) = dlsym(RTLD_NEXT, name)
#define SHORT(code) fails(__builtin_return_address(0), code)

static int open_next(const char *name, const char *path, int flags, mode_t mode)
{
    int (*next)(const char *, int, ...);
    NEXT(name, next);
    return next(path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return SHORT(EMFILE) ? -1 : open_next("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return SHORT(EMFILE) ? -1 : open_next("open64", path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*next)(const char *, const char *);
    NEXT("fopen", next);
    return SHORT(EMFILE) ? NULL : next(path, mode);
}

FILE *tmpfile(void)
{
    FILE *(*next)(void);
    NEXT("tmpfile", next);
    return SHORT(EMFILE) ? NULL : next();
}

int dup(int descriptor)
{
    int (*next)(int);
    NEXT("dup", next);
    return SHORT(EMFILE) ? -1 : next(descriptor);
}

int pipe2(int ends[2], int flags)
{
    int (*next)(int[2], int);
    NEXT("pipe2", next);
    return SHORT(EMFILE) ? -1 : next(ends, flags);
}

pid_t fork(void)
{
    pid_t (*next)(void);
    NEXT("fork", next);
    return SHORT(EAGAIN) ? -1 : next();
}

int posix_spawnp(pid_t *child, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const words[], char *const environment[])
{
    int (*next)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
                char *const[]);
    NEXT("posix_spawnp", next);
    return SHORT(EAGAIN) ? EAGAIN : next(child, file, actions, attributes, words, environment);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    NEXT("pthread_create", next);
    return SHORT(EAGAIN) ? EAGAIN : next(thread, attributes, start, argument);
}
