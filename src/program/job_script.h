/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JOB_SCRIPT_H
#define JOB_SCRIPT_H

#include <stdbool.h>
#include <stdio.h>

#include "moat/error.h"
#include "run/plan.h"
#include "run/writers.h"

/* A batch script that runs one sweep. It does the same from whatever folder it is submitted: its paths are absolute. */
struct job_script {
    char *config, *output;       /* absolute paths */
    char *path;                  /* of the script, beside the results file */
    char *folder;                /* of the results file, the script and the log */
    char *tables;                /* absolute path of another results file, whose tables are taken; NULL: none */
    const char *launcher;        /* the command that starts the ranks; NULL: mpirun */
    const char *const *settings; /* changes of the config, as of config_load */
    bool force, fsync;           /* options of the run */
    enum writers writers;        /* likewise */
    const struct plan *plan;     /* what the job asks for follows from it; NULL until it is there */
    double seconds_limit;        /* longest time that the job may ask for; INFINITY: any */
};

/* Sets the paths of *script for a config, a results file and, if not NULL, a file of tables as the user named them; the
   rest is zero. The caller calls job_script_free, also after a failure. Returns MOAT_USAGE if the path of the results
   file has characters that sbatch cannot take, MOAT_MEMORY. Local. */
enum moat_status job_script_place(const char *config, const char *output, const char *tables,
                                  struct job_script *script);

/* Frees the paths. Local. */
void job_script_free(struct job_script *script);

/* What a job asks for. */
struct job_size {
    double minutes;      /* of time */
    double notice;       /* s, of SLURM's signal before the time limit */
    double megabytes;    /* of memory, for each rank */
    double task_seconds; /* what the longest data set may take, with a margin */
    double usable;       /* s of an attempt that are left for work */
};

/* Works out what the job of a script with a plan asks for. Local. */
void job_script_size(const struct job_script *script, struct job_size *size);

/* Writes the text of a script with a plan. A failure shows in ferror(out). Local. */
void job_script_write(FILE *out, const struct job_script *script);

/* Writes the script to its path. An earlier script of moat's there is replaced; a link, or a file that moat or this
   user did not write, is not. Returns MOAT_USAGE. Local. */
enum moat_status job_script_save(const struct job_script *script);

#endif
