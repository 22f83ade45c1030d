/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LD_PRELOAD: a slow disk. Each pwrite of 64 kB or more takes DISK_DELAY seconds longer. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

ssize_t pwrite(int descriptor, const void *from, size_t bytes, off_t at)
{
    const char *delay = getenv("DISK_DELAY");
    long nanoseconds = delay && bytes >= 65536 ? (long)(strtod(delay, NULL) * 1e9) : 0;
    nanosleep(&(struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}, NULL);
    return ((ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"))(descriptor, from, bytes, at);
}

ssize_t pwrite64(int descriptor, const void *from, size_t bytes, off_t at) __attribute__((alias("pwrite")));
