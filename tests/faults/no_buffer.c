/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LD_PRELOAD: no process in which NO_BUFFER is set gets private memory of 128 MB or more in one piece. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    if (getenv("NO_BUFFER") && flags & MAP_ANONYMOUS && flags & MAP_PRIVATE && length >= (size_t)128 << 20) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
    __attribute__((alias("mmap")));
