/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer's lock.
 *
 * HDF5 drops its own lock once SWMR writing starts, and the marks it leaves in the file are the same for a live writer
 * and a killed one. So a writer holds an open-file-description lock on the file: the kernel drops it when the process
 * dies, and HDF5's readers, which use flock, neither see it nor are hindered by it.
 */
#include "results/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/launch.h"
#include "base/shell.h"
#include "results/hdf5.h"
#include "results/history.h"

enum { LOCK_ATTEMPTS = 25, LOCK_PAUSE = 20000000 /* ns */ };
enum { WRITER_SIZE = 384 };

/* Reads who wrote the file last, whatever state it is in; false when that run left no trace. */
static bool find_launch(const char *path, struct launch *launch, bool *closed)
{
    hid_t list = hdf5_access_list(true), file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, list);
    bool found = file >= 0 && history_launch(file, launch, closed);
    hdf5_close(&file);
    hdf5_close(&list);
    return found;
}

static enum moat_status refuse_writer(const char *path)
{
    struct launch launch;
    char text[WRITER_SIZE] = "";
    bool closed;
    if (find_launch(path, &launch, &closed)) {
        launch_format(&launch, text, sizeof text);
    }
    return moat_error_set(MOAT_USAGE,
                          "%s: another process is writing it%s%s%s: wait until it ends, or choose another file with -o",
                          path, *text ? " (" : "", text, *text ? ")" : "");
}

static enum moat_status refuse_unknown_writer(const char *path, const char *writer)
{
    char *word = NULL;
    size_t length;
    FILE *text = open_memstream(&word, &length);
    if (text) {
        shell_write_path(text, path);
        fclose(text);
    }
    moat_error_set(
        MOAT_USAGE,
        "%s: its last writer (%s) did not close it, and without file locks on this disk moat cannot tell whether "
        "that writer is gone: if it is, run `HDF5_USE_FILE_LOCKING=FALSE h5clear -s --increment=0 %s`, then this "
        "command again",
        path, writer, word ? word : "FILE");
    free(word);
    return MOAT_USAGE;
}

/* Returns true if `path` still names the open file, which may have been replaced between open and lock. */
static bool names_descriptor(const char *path, int descriptor)
{
    struct stat by_name, by_descriptor;
    return stat(path, &by_name) == 0 && fstat(descriptor, &by_descriptor) == 0 &&
           by_name.st_dev == by_descriptor.st_dev && by_name.st_ino == by_descriptor.st_ino;
}

/* Takes the lock; returns errno on failure. A killed writer keeps its lock until the system has removed it. */
static int try_lock(int descriptor, const struct flock *lock)
{
    for (int attempt = 1;; attempt++) {
        int failed = fcntl(descriptor, F_OFD_SETLK, lock) != 0 ? errno : 0;
        if ((failed != EAGAIN && failed != EACCES) || attempt == LOCK_ATTEMPTS) {
            return failed;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE}, NULL);
    }
}

enum moat_status lock_take(const char *path, int flags, int *descriptor, bool *locked)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *descriptor = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (*descriptor < 0) {
        return moat_error_set(MOAT_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    int failed = try_lock(*descriptor, &lock);
    *locked = failed == 0;
    if (failed == EAGAIN || failed == EACCES || !names_descriptor(path, *descriptor)) {
        close(*descriptor);
        *descriptor = -1;
        return refuse_writer(path);
    }
    return MOAT_OK;
}

bool lock_held(const char *path)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    struct launch launch;
    bool closed;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    bool tells = descriptor >= 0 && fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return tells ? lock.l_type != F_UNLCK
                 : find_launch(path, &launch, &closed) && !closed && launch_find(&launch) != LAUNCH_GONE;
}

enum moat_status lock_check_writer_gone(const char *path)
{
    struct launch launch = {0};
    char text[WRITER_SIZE] = "unknown";
    enum launch_state state = LAUNCH_UNKNOWN;
    bool closed;
    if (find_launch(path, &launch, &closed)) {
        state = launch_find(&launch);
        launch_format(&launch, text, sizeof text);
    }
    switch (state) {
    case LAUNCH_GONE:
        return MOAT_OK;
    case LAUNCH_ALIVE:
        return refuse_writer(path);
    default:
        return refuse_unknown_writer(path, text);
    }
}
