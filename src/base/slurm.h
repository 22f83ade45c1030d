/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SLURM_H
#define MOAT_SLURM_H

#include <stdbool.h>
#include <stddef.h>

#include "moat/error.h"

/*
 * What the program asks of SLURM. Each question is one call of SLURM's own commands, which are found on the PATH, and
 * takes no longer than is said here. No other file knows these commands or SLURM's variables for a job.
 */

/* One job of SLURM. */
struct slurm_job {
    long id;      /* 0: none */
    long restart; /* how often SLURM has requeued it */
};

/* Whether a job has processes. */
enum slurm_state {
    SLURM_IDLE,    /* it waits in the queue, has ended, or SLURM does not know it */
    SLURM_RUNNING, /* it has, even if they are suspended or about to end */
    SLURM_UNKNOWN  /* SLURM did not answer, or with a state that is not known here */
};

enum { SLURM_NAME_SIZE = 32 };

/* Sets *job to the job that this process belongs to, its id 0 outside SLURM. Local. */
void slurm_job_here(struct slurm_job *job);

/* Writes the name by which SLURM's commands and messages call the job, "(none)" if there is none. Local. */
void slurm_job_name(const struct slurm_job *job, char name[SLURM_NAME_SIZE]);

/* Returns the seconds to the job's time limit, INFINITY if it has none or SLURM does not say. Takes at most 15 s.
   Local. */
double slurm_time_left(const struct slurm_job *job);

/* Puts the job back into the queue, where it keeps its id. SLURM then ends the processes of the job, this one among
   them. Returns false if SLURM refused; its message is on stderr. Takes at most 60 s. Local. */
bool slurm_requeue(const struct slurm_job *job);

/* Returns the state of a job, of this or another node. Takes at most 30 s. Local. */
enum slurm_state slurm_job_state(const struct slurm_job *job);

/* Returns the number of cores of the cluster's largest node, 0 if SLURM does not say. Takes at most 15 s. Local. */
int slurm_node_cores(void);

/* Submits a batch script and sets *job. `options` are sbatch's own, NULL at the end. The job gets `environment`, NULL
   at the end. Waits for sbatch, whose messages go to stderr. Returns MOAT_USAGE if sbatch is not there or refuses,
   MOAT_MEMORY if it cannot be started. Local. */
enum moat_status slurm_submit(const char *const *options, const char *script, char *const *environment,
                              struct slurm_job *job);

#endif
