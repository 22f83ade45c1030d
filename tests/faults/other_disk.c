/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: another file system, another node, for files with .h5 in their name. By the environment of the process:
 *
 *   DISK_TYPE=NUMBER    fstatfs names a file system of that type
 *   DISK_KERNEL=TEXT    the process runs on the node whose kernel has that boot id
 *   DISK_SHOWS=PATH     opened for writing, such a file is that of PATH
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

static int is_ours(int descriptor)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return strstr(path, ".h5") != NULL;
}

int fstatfs(int descriptor, struct statfs *about)
{
    const char *type = getenv("DISK_TYPE");
    int failed = ((int (*)(int, struct statfs *))dlsym(RTLD_NEXT, "fstatfs"))(descriptor, about);
    if (!failed && type && is_ours(descriptor)) {
        about->f_type = (__typeof__(about->f_type))strtoul(type, NULL, 0);
    }
    return failed;
}

static int open_boot_id(const char *text)
{
    int file = memfd_create("boot_id", 0);
    if (file >= 0 && (write(file, text, strlen(text)) < 0 || lseek(file, 0, SEEK_SET) < 0)) {
        close(file);
        return -1;
    }
    return file;
}

int open(const char *path, int flags, ...)
{
    const char *kernel = getenv("DISK_KERNEL"), *shows = getenv("DISK_SHOWS");
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (kernel && strstr(path, "/boot_id")) {
        return open_boot_id(kernel);
    }
    path = shows && strstr(path, ".h5") && (flags & O_ACCMODE) == O_RDWR ? shows : path;
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int fstatfs64(int descriptor, struct statfs64 *about) __attribute__((alias("fstatfs")));
