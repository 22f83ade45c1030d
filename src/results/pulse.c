/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that touches the file; it makes no other call, so that HDF5 and MPI need not know of it. */
#include "results/pulse.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { STACK_BYTES = 65536 };

struct pulse {
    int descriptor;
    bool stop;
    pthread_mutex_t lock; /* for `stop` */
    pthread_cond_t stopped;
    pthread_t thread;
};

static void *beat(void *argument)
{
    struct pulse *pulse = argument;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&pulse->lock);
    while (!pulse->stop) {
        futimens(pulse->descriptor, NULL);
        next.tv_sec += PULSE_SECONDS;
        while (!pulse->stop && pthread_cond_timedwait(&pulse->stopped, &pulse->lock, &next) == 0) {
        }
    }
    pthread_mutex_unlock(&pulse->lock);
    return NULL;
}

/* Starts the thread, which gets no signals: they are for the thread that waits for them in MPI. Returns errno. */
static int start_thread(struct pulse *pulse)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed = pthread_attr_init(&attributes);
    if (failed) {
        return failed;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES > PTHREAD_STACK_MIN ? STACK_BYTES : (size_t)PTHREAD_STACK_MIN);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&pulse->thread, &attributes, beat, pulse);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

enum moat_status pulse_start(int descriptor, struct pulse **out)
{
    struct pulse *pulse = *out = calloc(1, sizeof *pulse);
    pthread_condattr_t monotonic;
    int failed = pulse ? pthread_condattr_init(&monotonic) : ENOMEM;
    if (!failed) {
        pulse->descriptor = descriptor;
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_mutex_init(&pulse->lock, NULL);
        pthread_cond_init(&pulse->stopped, &monotonic);
        pthread_condattr_destroy(&monotonic);
        failed = start_thread(pulse);
    }
    if (failed) {
        free(pulse);
        *out = NULL;
        return moat_error_set(failed == ENOMEM ? MOAT_MEMORY : MOAT_IO, "no thread can be started: %s: see `ulimit -u`",
                              strerror(failed));
    }
    return MOAT_OK;
}

void pulse_stop(struct pulse **pulse)
{
    if (*pulse) {
        pthread_mutex_lock(&(*pulse)->lock);
        (*pulse)->stop = true;
        pthread_cond_signal(&(*pulse)->stopped);
        pthread_mutex_unlock(&(*pulse)->lock);
        pthread_join((*pulse)->thread, NULL);
        pthread_cond_destroy(&(*pulse)->stopped);
        pthread_mutex_destroy(&(*pulse)->lock);
        free(*pulse);
        *pulse = NULL;
    }
}

double pulse_time(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (double)about.st_mtim.tv_sec + 1e-9 * (double)about.st_mtim.tv_nsec : -INFINITY;
}

double pulse_age(const char *path)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double age = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - pulse_time(path);
    return fmax(age, 0); /* the clock of the disk may be ahead */
}
