/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a file in the making is: a new one of ours, one that a dead run has left, or somebody else's. */
#include "results/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "results/lock.h"
#include "results/pulse.h"

const char claim_suffix[] = ".moat-new";
static const char maker_attribute[] = "user.moat.maker"; /* pid, nodes, ranks, job, task or -1, restart, host */
static const char maker_format[] = "%ld %d %d %ld %ld %ld %s";
enum { MAKER_SIZE = 512, HEAD_SIZE = 8 };

static void write_maker(int descriptor, const struct launch *launch)
{
    char maker[MAKER_SIZE];
    const struct slurm_job *job = &launch->job;
    int length = snprintf(maker, sizeof maker, maker_format, launch->pid, launch->nodes, launch->ranks, job->id,
                          job->element ? job->task : -1, job->restart, launch->host);
    fsetxattr(descriptor, maker_attribute, maker, (size_t)length, 0); /* if it cannot be kept, the file's age tells */
}

/* Reads who makes the file; false if it does not say. */
static bool read_maker(const char *temporary, const struct stat *about, struct launch *launch)
{
    char maker[MAKER_SIZE] = "";
    struct slurm_job *job = &launch->job;
    *launch = (struct launch){.since = (double)about->st_mtim.tv_sec};
    ssize_t length = lgetxattr(temporary, maker_attribute, maker, sizeof maker - 1);
    bool found = length > 0 && sscanf(maker, "%ld %d %d %ld %ld %ld %255s", &launch->pid, &launch->nodes,
                                      &launch->ranks, &job->id, &job->task, &job->restart, launch->host) == 7;
    job->element = job->task >= 0;
    return found;
}

static enum moat_status refuse_kind(const char *temporary, mode_t mode)
{
    const char *kind = S_ISLNK(mode) ? "a symbolic link" : S_ISDIR(mode) ? "a folder" : "no file";
    return moat_error_set(MOAT_USAGE,
                          "%s: found %s, but moat makes a results file under this name: remove it, or choose another "
                          "file with -o",
                          temporary, kind);
}

/* Says whose the file is and since when. */
static enum moat_status refuse_file(const char *temporary, const struct stat *about, const char *why)
{
    char when[32] = "";
    struct tm utc;
    const struct passwd *user = getpwuid(about->st_uid);
    if (gmtime_r(&about->st_mtim.tv_sec, &utc)) {
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    return moat_error_set(MOAT_USAGE,
                          "%s: found a file of %s, last changed %s, but moat makes a results file under this name: %s",
                          temporary, user ? user->pw_name : "an unknown user", when, why);
}

/* Whether the file can be what a run of moat leaves: nothing, or the beginning of an HDF5 file, which may be a hole. */
static bool looks_like_ours(int descriptor)
{
    const unsigned char signature[HEAD_SIZE] = "\211HDF\r\n\032\n", zeros[HEAD_SIZE] = {0};
    unsigned char head[HEAD_SIZE];
    ssize_t length = pread(descriptor, head, sizeof head, 0);
    return length == 0 ||
           (length == HEAD_SIZE && (memcmp(head, signature, HEAD_SIZE) == 0 || memcmp(head, zeros, HEAD_SIZE) == 0));
}

/* Says that a run is making the file, or may be; `launch` is NULL if the file does not say which. */
static enum moat_status refuse_maker(const char *temporary, const struct stat *about, const struct launch *launch,
                                     bool alive, double age)
{
    char maker[MAKER_SIZE] = "a run elsewhere", why[2 * MAKER_SIZE];
    if (launch) {
        launch_format(launch, maker, sizeof maker);
    }
    if (alive) {
        snprintf(why, sizeof why, "another run (%s) is making it: wait until it is there", maker);
    } else {
        snprintf(why, sizeof why, "%s may be making it; if none does, remove it, or repeat this command in %.0f s",
                 maker, ceil(PULSE_LOST - age));
    }
    return refuse_file(temporary, about, why);
}

/* Judges a file of this user, on which the lock is taken or not. Returns MOAT_OK if it is what a dead run has left. */
static enum moat_status judge(const char *temporary, int descriptor, const struct stat *about)
{
    struct launch launch;
    bool marked = read_maker(temporary, about, &launch);
    enum launch_state state = marked ? launch_find(&launch) : LAUNCH_UNKNOWN;
    double age = pulse_age(temporary);
    if (descriptor < 0 || state == LAUNCH_ALIVE || (state == LAUNCH_UNKNOWN && age < PULSE_LOST)) {
        return refuse_maker(temporary, about, marked ? &launch : NULL, descriptor < 0 || state == LAUNCH_ALIVE, age);
    }
    if (!marked && !looks_like_ours(descriptor)) {
        return refuse_file(temporary, about, "no run has left it: move it away, or choose another file with -o");
    }
    return MOAT_OK;
}

/* Removes what stands there if it is what a dead run of this user has left. */
static enum moat_status remove_left(const char *temporary)
{
    struct stat about;
    int descriptor = -1;
    if (lstat(temporary, &about) != 0) {
        return errno == ENOENT ? MOAT_OK : moat_error_set(MOAT_IO, "%s: %s", temporary, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return refuse_kind(temporary, about.st_mode);
    }
    if (about.st_uid != geteuid()) {
        return refuse_file(temporary, &about, "ask its owner to remove it, or choose another file with -o");
    }
    enum moat_status status = lock_take(temporary, O_NOFOLLOW, &descriptor);
    if (status == MOAT_OK || status == MOAT_USAGE) { /* MOAT_USAGE: somebody holds the lock */
        status = judge(temporary, descriptor, &about);
    }
    if (status == MOAT_OK && unlink(temporary) != 0) {
        status = moat_error_set(MOAT_IO, "%s: was left by a run that is gone, and cannot be removed: %s", temporary,
                                strerror(errno));
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return status;
}

enum moat_status claim_take(const char *temporary, const struct launch *launch, int *descriptor)
{
    struct stat about;
    enum moat_status status = MOAT_OK;
    *descriptor = -1;
    for (int attempt = 0; attempt < 2 && *descriptor < 0; attempt++) { /* again if another run was a little faster */
        status = remove_left(temporary);
        if (status != MOAT_OK) {
            return status;
        }
        status = lock_take(temporary, O_CREAT | O_EXCL | O_NOFOLLOW, descriptor);
        if (status != MOAT_OK && lstat(temporary, &about) != 0) {
            return status;
        }
    }
    if (status == MOAT_OK) {
        write_maker(*descriptor, launch);
    }
    return status;
}

void claim_end(int descriptor)
{
    fremovexattr(descriptor, maker_attribute);
}
