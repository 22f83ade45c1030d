/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LD_PRELOAD: a file system without file locks, as a network disk may be: fcntl and flock refuse them with ENOLCK. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>

static int refuse(void)
{
    errno = ENOLCK;
    return -1;
}

int fcntl(int descriptor, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    switch (command) {
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
    case F_OFD_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_GETLK:
        return refuse();
    default:
        return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl"))(descriptor, command, argument);
    }
}

int fcntl64(int descriptor, int command, ...) __attribute__((alias("fcntl")));

int flock(int descriptor, int operation)
{
    (void)descriptor, (void)operation;
    return refuse();
}
