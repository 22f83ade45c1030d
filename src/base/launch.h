/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LAUNCH_H
#define MOAT_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slurm.h"

/* Where a run runs. Each run leaves it in the history of its results file. There a later run, on another node or after
   a crash, finds out whether the earlier one still writes the file. */
struct launch {
    struct slurm_job job; /* its id 0 outside SLURM */
    char host[256];
    long pid; /* of rank 0, on that host */
    int nodes, ranks;
    double since; /* s since 1970, when the process had begun; 0: not known */
};

enum launch_state { LAUNCH_GONE, LAUNCH_ALIVE, LAUNCH_UNKNOWN };

/* Fills *launch for this process as rank 0 of a run on so many nodes and ranks. Local. */
void launch_here(int nodes, int ranks, struct launch *launch);

/* Writes the launch as text, cut to `size`:
       job 12, restart 1, host node7, pid 4567, 2 nodes, 64 ranks
   without the job outside SLURM and without the restart before the first requeue; an element of a job array is "job
   12_3". Local. */
void launch_format(const struct launch *launch, char *text, size_t size);

/* Returns true if that run ran on this host. Local. */
bool launch_is_here(const struct launch *launch);

/* Returns whether that run still runs: by its process if it ran on this host, which is another's if it began only after
   launch->since, and gone if it is a zombie; otherwise by its SLURM job, which squeue knows from any node. Takes at
   most 20 s. Local. */
enum launch_state launch_find(const struct launch *launch);

#endif
