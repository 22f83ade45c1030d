/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: a machine that is short of memory. On rank MEMORY_RANK (-1: on every rank) the program's own allocations
 * fail from that of number MEMORY_FROM on to that of number MEMORY_TO, counted from 1. Those of libraries succeed, but
 * for GSL's tables, which count as the program's: MPI ends a process that has no memory. At its end a process of that
 * rank writes how many there were to the file MEMORY_COUNT.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static uintptr_t first, last; /* addresses of the program; 0 and 0 on ranks that are not meant */
static long allocations, from, to;

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void find_program(void)
{
    char line[1024], path[512], program[512] = "";
    long rank = number_of("OMPI_COMM_WORLD_RANK", number_of("PMI_RANK", 0)), wanted = number_of("MEMORY_RANK", -1);
    if ((wanted >= 0 && rank != wanted) || readlink("/proc/self/exe", program, sizeof program - 1) < 0 ||
        !strstr(program, "/moat")) {
        return;
    }
    from = number_of("MEMORY_FROM", 0);
    to = number_of("MEMORY_TO", 0);
    FILE *maps = fopen("/proc/self/maps", "r");
    uintptr_t low, high;
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %511s", &low, &high, path) == 3 && strcmp(path, program) == 0) {
            first = first ? first : low;
            last = high;
        }
    }
    if (maps) {
        fclose(maps);
    }
}

__attribute__((destructor)) static void write_count(void)
{
    const char *path = getenv("MEMORY_COUNT");
    FILE *file = last && path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", allocations);
        fclose(file);
    }
}

/* Counts an allocation of `caller`; whether it is to fail. */
static bool fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if (at < first || at >= last) {
        return false;
    }
    allocations++;
    bool failing = allocations >= from && allocations <= to;
    errno = failing ? ENOMEM : errno;
    return failing;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

char *strdup(const char *text)
{
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

int asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    if (fails(__builtin_return_address(0))) {
        return -1;
    }
    va_start(arguments, format);
    int length = vasprintf(out, format, arguments);
    va_end(arguments);
    return length;
}

/* GSL reports to its error handler first. */
static void *fail_in_gsl(void)
{
    void (*report)(const char *, const char *, int, int);
    *(void **)&report = dlsym(RTLD_DEFAULT, "gsl_error");
    report("no memory", "failing_memory.c", 0, 8 /* GSL_ENOMEM */);
    return NULL;
}

void *gsl_interp2d_alloc(const void *type, size_t columns, size_t rows)
{
    void *(*allocate)(const void *, size_t, size_t);
    *(void **)&allocate = dlsym(RTLD_NEXT, "gsl_interp2d_alloc");
    return fails(__builtin_return_address(0)) ? fail_in_gsl() : allocate(type, columns, rows);
}

void *gsl_integration_glfixed_table_alloc(size_t nodes)
{
    void *(*allocate)(size_t);
    *(void **)&allocate = dlsym(RTLD_NEXT, "gsl_integration_glfixed_table_alloc");
    return fails(__builtin_return_address(0)) ? fail_in_gsl() : allocate(nodes);
}
