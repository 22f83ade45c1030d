/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SUBMISSION_H
#define SUBMISSION_H

#include <stdio.h>

#include "base/slurm.h"
#include "moat/error.h"

/* A batch script on its way to SLURM. */

/* Returns the value of an option among sbatch's words `options`, NULL at the end of them: of --NAME=VALUE, --NAME
   VALUE, -L VALUE or -LVALUE, L being its `letter`. The last one counts, as for sbatch. Returns NULL if it is not
   there. Local. */
const char *submission_option(const char *const *options, char letter, const char *name);

/* Submits a batch script and sets *job. `options` are sbatch's own, NULL at the end. `script` is a path that does not
   begin with a dash. The job gets the clean environment of slurm.h. Waits for sbatch, whose messages go to stderr.
   Returns MOAT_USAGE if sbatch is not there or refuses, MOAT_MEMORY if it cannot be started. Local. */
enum moat_status submission_send(const char *const *options, const char *script, struct slurm_job *job);

/* Asks sbatch whether the text of the open file `script` could ever start as a job with these options. If not, writes
   SLURM's reason into reason[size], else "", also where there is no sbatch or no answer. Takes at most 20 s. Local. */
void submission_try(const char *const *options, FILE *script, char *reason, size_t size);

#endif
