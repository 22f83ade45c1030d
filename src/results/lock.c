/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer's lock.
 *
 * HDF5 drops its own lock once SWMR writing starts, and the marks it leaves in the file are the same for a live writer
 * and a killed one. So a writer holds an open-file-description lock on the file: the kernel drops it when the process
 * dies, and HDF5's readers, which use flock, neither see it nor are hindered by it.
 *
 * Some disks of networks have no locks, or locks that each host grants by itself. So the writer that the history names
 * counts too: by its process on this host, by its SLURM job, or else by the file's sign of life (pulse.h).
 */
#include "results/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/launch.h"
#include "results/hdf5.h"
#include "results/history.h"
#include "results/pulse.h"

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
    bool closed = false;
    if (find_launch(path, &launch, &closed)) {
        launch_format(&launch, text, sizeof text);
    }
    return moat_error_set(MOAT_USAGE,
                          "%s: another process is writing it%s%s%s: wait until it ends, or choose another file with -o",
                          path, *text ? " (" : "", text, *text ? ")" : "");
}

/* For a writer on a host that cannot be asked, which gave a sign of life so many seconds ago. */
static enum moat_status refuse_distant_writer(const char *path, const char *writer, double age)
{
    return moat_error_set(MOAT_USAGE,
                          "%s: its last writer (%s) did not close it and may be writing: the file was changed %.0f s "
                          "ago. If that writer is gone, repeat this command in %.0f s, or now with --force",
                          path, writer, age, ceil(PULSE_LOST - age));
}

/* For a writer on another host whose job runs, though it gives no sign of life: the job may do something else by now.
 */
static enum moat_status refuse_silent_writer(const char *path, const char *writer, double age)
{
    return moat_error_set(MOAT_USAGE,
                          "%s: its last writer (%s) did not close it and its job runs, but the file was changed %.0f s "
                          "ago: end the job, or, if nothing in it writes the file, repeat this command with --force",
                          path, writer, age);
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

enum moat_status lock_take(const char *path, int flags, int *descriptor)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *descriptor = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (*descriptor < 0) {
        return moat_error_set(MOAT_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    int failed = try_lock(*descriptor, &lock);
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
    bool closed = false;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    bool held = descriptor >= 0 && fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (held || !find_launch(path, &launch, &closed) || closed) {
        return held;
    }
    enum launch_state state = launch_find(&launch);
    return state == LAUNCH_ALIVE || (state == LAUNCH_UNKNOWN && pulse_age(path) < PULSE_LOST);
}

enum moat_status lock_check_writer_gone(const char *path, bool force)
{
    struct launch launch = {0};
    char text[WRITER_SIZE] = "unknown";
    enum launch_state state = LAUNCH_UNKNOWN;
    double age = pulse_age(path);
    bool closed = false;
    if (find_launch(path, &launch, &closed)) {
        state = launch_find(&launch);
        launch_format(&launch, text, sizeof text);
    }
    if (state == LAUNCH_ALIVE && (age < PULSE_LOST || launch_is_here(&launch))) {
        return refuse_writer(path);
    }
    if (state == LAUNCH_ALIVE && !force) {
        return refuse_silent_writer(path, text, age);
    }
    return state == LAUNCH_UNKNOWN && age < PULSE_LOST && !force ? refuse_distant_writer(path, text, age) : MOAT_OK;
}
