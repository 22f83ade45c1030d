/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/slurm.h"

/*
 * One attempt of a SLURM job at a sweep: the launcher of its ranks, the signals that the job gets meanwhile, and what
 * becomes of the job when the launcher has ended.
 */
struct attempt {
    struct slurm_job job;
    char name[SLURM_NAME_SIZE]; /* of the job, for messages */
    const char *path;           /* the results file */
    size_t before;              /* blocks and data sets that it had at the start */
    pid_t launcher;
    bool limit, ended; /* SLURM has announced the time limit; it ends the job */
    double end;        /* when SLURM ends the job, on clock_seconds; INFINITY: never, or not known */
    double killing;    /* when to send the launcher a KILL, likewise; INFINITY: it has had no TERM */
    int code;          /* the launcher's exit code, 128 + signal if it was killed */
};

/* Fills *attempt for the job of this process, and blocks the signals that attempt_finish waits for. `path` must outlive
   it. To be called before the launcher is started. Takes at most 20 s. Local. */
void attempt_begin(const char *path, struct attempt *attempt);

/* Lets the signals through again: to be called in the child that becomes the launcher. Local. */
void attempt_unblock_signals(void);

/* Waits beside the launcher until it has ended, passes signals on, and requeues the job if another attempt resumes the
   sweep. Returns the exit code of the batch script. Normally SLURM ends the processes of a requeued job before that.
   Local. */
int attempt_finish(struct attempt *attempt, pid_t launcher);

#endif
