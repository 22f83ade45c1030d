/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose file it is, and who writes it.
 *
 * HDF5 drops its own lock once SWMR writing starts, and the marks it leaves in the file are the same for a live writer
 * and a killed one. So a writer holds an open-file-description lock on the file: the kernel drops it when the process
 * dies, and HDF5's readers, which use flock, neither see it nor hinder it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "results/internal.h"

enum { SIGNATURE_SIZE = 8 };
enum { LOCK_ATTEMPTS = 25, LOCK_PAUSE = 20000000 /* ns */ };
static const unsigned char hdf5_signature[SIGNATURE_SIZE] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

const char results_refused[] = ": it is left as it is; choose another file with -o";

enum moat_status results_check_kind(const char *path, const char *advice, bool *exists)
{
    struct stat about;
    unsigned char start[SIGNATURE_SIZE];
    *exists = true;
    if (stat(path, &about) != 0) {
        *exists = errno != ENOENT && errno != ENOTDIR;
        return *exists ? moat_error_set(MOAT_IO, "%s: %s", path, strerror(errno)) : MOAT_OK;
    }
    if (!S_ISREG(about.st_mode)) {
        return moat_error_set(MOAT_USAGE, "%s: found a %s, expected a results file of moat%s", path,
                              S_ISDIR(about.st_mode) ? "folder" : "device or pipe", advice);
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return moat_error_set(MOAT_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    ssize_t got = pread(descriptor, start, sizeof start, 0);
    close(descriptor);
    if (got == 0) {
        return moat_error_set(MOAT_USAGE, "%s: found an empty file, expected a results file of moat%s", path, advice);
    }
    if (got != SIGNATURE_SIZE || memcmp(start, hdf5_signature, SIGNATURE_SIZE) != 0) {
        return moat_error_set(MOAT_USAGE, "%s: not an HDF5 file, expected a results file of moat%s", path, advice);
    }
    return MOAT_OK;
}

/* Whether `path` still names the open file: it may have been replaced between open and lock. */
static bool names_descriptor(const char *path, int descriptor)
{
    struct stat by_name, by_descriptor;
    return stat(path, &by_name) == 0 && fstat(descriptor, &by_descriptor) == 0 &&
           by_name.st_dev == by_descriptor.st_dev && by_name.st_ino == by_descriptor.st_ino;
}

/* A killed writer has its lock until the system has done away with it, and with a child that read a text for it. */
static int take(int descriptor, const struct flock *lock)
{
    for (int attempt = 1;; attempt++) {
        int failed = fcntl(descriptor, F_OFD_SETLK, lock) != 0 ? errno : 0;
        if ((failed != EAGAIN && failed != EACCES) || attempt == LOCK_ATTEMPTS) {
            return failed;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE}, NULL);
    }
}

enum moat_status results_lock(const char *path, int flags, int *descriptor, bool *locked)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *descriptor = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (*descriptor < 0) {
        return moat_error_set(MOAT_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    int failed = take(*descriptor, &lock);
    *locked = failed == 0;
    if (failed == EAGAIN || failed == EACCES || !names_descriptor(path, *descriptor)) {
        close(*descriptor);
        *descriptor = -1;
        return results_refuse_writer(path);
    }
    return MOAT_OK;
}

bool results_written_now(const char *path)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    struct launch launch;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    bool tells = descriptor >= 0 && fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return tells ? lock.l_type != F_UNLCK : results_find_launch(path, &launch) && launch_find(&launch) != LAUNCH_GONE;
}

/* Opens the locked file for reading. What a killed writer left opens only when its marks are ignored, which reading
   does in memory alone. */
static hid_t open_locked(struct results *results)
{
    hid_t file = -1;
    for (int left_open = 0; left_open <= 1 && file < 0; left_open++) {
        hid_t access = hdf5_access_list(left_open);
        /* SWMR reading takes the file's own size for its end: a killed writer's last word on it is stale. */
        file = H5Fopen(results->target, H5F_ACC_RDONLY | (left_open ? H5F_ACC_SWMR_READ : 0), access);
        results->left_open = left_open;
        hdf5_close(&access);
    }
    return file;
}

enum moat_status results_identify(struct results *results, const struct config *config, enum match *match)
{
    enum moat_status status = MOAT_OK;
    struct config *stored = NULL;
    char *text = NULL;
    hid_t file = open_locked(results);
    *match = MATCH_NONE;
    if (file < 0) {
        status = hdf5_error(MOAT_USAGE, results->path, "not a results file that can be read, left as it is");
        goto cleanup;
    }
    hdf5_begin();
    status = results_check_content(file, results->path, results_refused);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    text = hdf5_text_read(file, "config");
    if (!text) {
        status = moat_error_set(MOAT_USAGE, "%s: an HDF5 file, but not of moat%s", results->path, results_refused);
        goto cleanup;
    }
    /* A config that this version does not take is another sweep's. */
    status = config_parse(text, results->path, &stored);
    if (status == MOAT_OK && config_equal(stored, config)) {
        *match = results_layout_fits(file, config) ? MATCH_FILE : MATCH_SWEEP;
    }
    status = status == MOAT_MEMORY ? MOAT_MEMORY : MOAT_OK;
    hdf5_begin();

cleanup:
    config_destroy(&stored);
    free(text);
    hdf5_close(&file);
    return status;
}
