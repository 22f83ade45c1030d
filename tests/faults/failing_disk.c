/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: a disk that fails, for files with .h5 in their name. Calls that change such a file or bring it to disk
 * are counted from 1 in each process; DISK_FAULT in the environment says what happens at call k:
 *
 *   EIO:k[:n]      it and the next n - 1 calls (all, without n) fail with EIO; likewise ENOSPC
 *   short:k[:n]    of what they are to write, they write a half
 *   kill:k         the process is killed in the middle of it
 *
 * DISK_CALLS=fsync counts only fsync and fdatasync. DISK_LOG=FILE records every call, "name offset length\n" and the
 * bytes, so that what a loss of power may leave can be told from it; a line of standard output is "say 0 length".
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, SHORT = -2 };

static long calls;

static long raw_pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

static int ours(int descriptor)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return strstr(path, ".h5") != NULL;
}

static void record(const char *name, off_t offset, size_t size, const void *bytes)
{
    const char *path = getenv("DISK_LOG");
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (log >= 0) {
        char line[96];
        int length = snprintf(line, sizeof line, "%s %lld %zu\n", name, (long long)offset, size);
        const struct iovec parts[] = {{line, (size_t)length}, {(void *)(uintptr_t)bytes, size}};
        syscall(SYS_writev, log, parts, bytes ? 2 : 1); /* in one call, as several processes append */
        close(log);
    }
}

/* What happens at this call: 0 nothing, -1 the process is to be killed in it, SHORT, else the errno it fails with. */
static int fate(int is_sync)
{
    const char *fault = getenv("DISK_FAULT"), *only = getenv("DISK_CALLS");
    char kind[16] = "";
    long first = 0, count = LONG_MAX;
    if (!fault || (only && !is_sync) || sscanf(fault, "%15[^:]:%ld:%ld", kind, &first, &count) < 2) {
        return 0;
    }
    calls++;
    if (calls < first || calls - first >= count) {
        return 0;
    }
    return strcmp(kind, "kill") == 0     ? (calls == first ? -1 : 0)
           : strcmp(kind, "short") == 0  ? SHORT
           : strcmp(kind, "ENOSPC") == 0 ? ENOSPC
                                         : EIO;
}

/* A write is cut where a kill or a full disk may cut it: at a page of memory. */
static ssize_t faulty_write(int descriptor, const void *bytes, size_t size, off_t offset)
{
    int error = fate(0);
    if (error == SHORT) {
        return raw_pwrite(descriptor, bytes, size > 1 ? size / 2 : size, offset);
    }
    if (error) {
        off_t end = (offset + (off_t)size / 2) / PAGE * PAGE;
        if (end > offset) {
            raw_pwrite(descriptor, bytes, (size_t)(end - offset), offset);
        }
        if (error < 0) {
            raise(SIGKILL);
        }
        errno = error;
        return -1;
    }
    record("write", offset, size, bytes);
    return raw_pwrite(descriptor, bytes, size, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    return ours(descriptor) ? faulty_write(descriptor, bytes, size, offset)
                            : raw_pwrite(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off_t offset) __attribute__((alias("pwrite")));

/* Whether a call without data fails. */
static int fails(const char *name, int descriptor, int is_sync, off_t length)
{
    int error = ours(descriptor) ? fate(is_sync) : 0;
    error = error == SHORT ? 0 : error;
    if (error < 0) {
        raise(SIGKILL);
    }
    if (!error && ours(descriptor)) {
        record(name, length, 0, NULL);
    }
    errno = error ? error : errno;
    return error;
}

int ftruncate(int descriptor, off_t length)
{
    return fails("truncate", descriptor, 0, length) ? -1 : (int)syscall(SYS_ftruncate, descriptor, length);
}

int ftruncate64(int descriptor, off_t length) __attribute__((alias("ftruncate")));

int posix_fallocate(int descriptor, off_t offset, off_t length)
{
    int error = fails("truncate", descriptor, 0, offset + length);
    return error || syscall(SYS_fallocate, descriptor, 0, offset, length) == 0 ? error : errno;
}

int posix_fallocate64(int descriptor, off_t offset, off_t length) __attribute__((alias("posix_fallocate")));

int fsync(int descriptor)
{
    return fails("sync", descriptor, 1, 0) ? -1 : (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    return fails("sync", descriptor, 1, 0) ? -1 : (int)syscall(SYS_fdatasync, descriptor);
}

int rename(const char *from, const char *to)
{
    if (strstr(to, ".h5")) {
        record("rename", 0, 0, NULL);
    }
    return (int)syscall(SYS_rename, from, to);
}
