/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SLURM_H
#define MOAT_SLURM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What the program asks of SLURM. Each question is one call of SLURM's own commands, which are found on the PATH, and
 * takes no longer than is said here. Variables of the user that change what these commands show have no effect. No
 * other file but submission.c knows the commands, or SLURM's variables for a job.
 */

/* One job of SLURM, or one element of a job array. */
struct slurm_job {
    long id;      /* of the job or, for an element, of its array; 0: none */
    bool element; /* it is element `task` of an array */
    long task;
    long restart; /* how often SLURM has requeued it */
};

/* Whether a job has processes. */
enum slurm_state {
    SLURM_IDLE,    /* it waits in the queue, has ended, or SLURM does not know it */
    SLURM_RUNNING, /* it has, even if they are suspended or about to end */
    SLURM_UNKNOWN  /* SLURM did not answer, or with a state that is not known here */
};

/* Whether a job has processes now, or will have some. */
enum slurm_prospect {
    SLURM_SILENT, /* SLURM did not answer, or with a state that is not known here */
    SLURM_ENDED,  /* it has ended, or SLURM does not know it */
    SLURM_STUCK,  /* it is in the queue, and starts only if somebody changes it, or a limit */
    SLURM_WAITS,  /* it is in the queue */
    SLURM_RUNS
};

struct slurm_report {
    enum slurm_prospect prospect;
    char state[32];   /* in SLURM's words, such as PENDING or FAILED; "" if there are none */
    char reason[128]; /* why it waits or has failed, in SLURM's words, such as Resources; "" if there are none */
};

enum { SLURM_NAME_SIZE = 48 };

/* Sets *job to the job that this process belongs to, its id 0 outside SLURM. Local. */
void slurm_job_here(struct slurm_job *job);

/* Writes the name by which SLURM's commands and messages call the job: "12", "12_3" for an element of an array, whose
   own number may be that of the whole array; "(none)" if there is no job. Local. */
void slurm_job_name(const struct slurm_job *job, char name[SLURM_NAME_SIZE]);

/* Reads such a name of a job and sets *out. Returns false if the text is something else. Local. */
bool slurm_parse_job(const char *text, struct slurm_job *out);

/* Takes out of the environment what a job that was submitted from inside another has inherited from that one, and what
   would be taken for its own: the array, and sizes of memory that exclude each other. To be called in a batch script,
   before slurm_job_here. Takes at most 20 s. Local. */
void slurm_forget_outer_job(void);

/* Returns the seconds until SLURM ends the job, at its time limit or when its time to leave after a preemption is over.
   INFINITY: never. NAN: SLURM did not answer. Takes at most 20 s. Local. */
double slurm_time_left(const struct slurm_job *job);

/* Puts the job back into the queue, where it keeps its name. SLURM then ends the processes of the job, this one among
   them. Returns false if SLURM refused, or did not answer in time; then it may still do so later. Its message is on
   stderr. Takes at most 35 s. Local. */
bool slurm_requeue(const struct slurm_job *job);

/* Returns the state of a job, of this or another node. Takes at most 20 s. Local. */
enum slurm_state slurm_job_state(const struct slurm_job *job);

/* Fills *out with what SLURM says of a job, of this or another node. Of an array the element counts that is nearest to
   running. Takes at most 20 s. Local. */
void slurm_job_report(const struct slurm_job *job, struct slurm_report *out);

/* Returns true if SLURM is taking the nodes of a running job away, for a job of higher priority. Takes at most 20 s.
   Local. */
bool slurm_job_preempted(const struct slurm_job *job);

/* The nodes that a job may get. */
struct slurm_partition {
    double seconds; /* time limit, the shortest of several partitions; INFINITY: none, or not known */
    int node_cores; /* of the largest node; 0: not known */
};

/* Fills *out for the partition `name` or several, separated by commas; NULL: the one that jobs get by default. Takes at
   most 20 s. Local. */
void slurm_partition_find(const char *name, struct slurm_partition *out);

/* Reads a time as SLURM writes it, [days-][hours:]minutes[:seconds] or days-hours, and sets *seconds; INFINITY for
   UNLIMITED. Returns false if the text is something else. Local. */
bool slurm_parse_time(const char *text, double *seconds);

/* Returns the variables of this process without those of the job or launcher that it may run in, NULL at the end: what
   another job starts from. The caller frees the list, whose texts belong to the environment. Returns NULL when out of
   memory. Local. */
char **slurm_clean_environment(void);

#endif
