/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LD_PRELOAD: a disk of a network whose locks are local to each host, as Lustre's with localflock and NFS's with
   nolock: nobody sees the locks of others, all are granted. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>

int fcntl(int descriptor, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    switch (command) {
    case F_OFD_GETLK:
    case F_GETLK:
        ((struct flock *)argument)->l_type = F_UNLCK;
        return 0;
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
    case F_SETLK:
    case F_SETLKW:
        return 0;
    default:
        return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl"))(descriptor, command, argument);
    }
}

int fcntl64(int descriptor, int command, ...) __attribute__((alias("fcntl")));

int flock(int descriptor, int operation)
{
    (void)descriptor, (void)operation;
    return 0;
}
