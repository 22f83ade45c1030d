/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LAUNCH_H
#define MOAT_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where a run runs: what its line in the file's history ends with, and what another run finds out from that line, on
 * another node or after a crash. The line ends, while the run lasts, in
 *     [job 12, restart 1, host node7, pid 4567, 2 nodes, 64 ranks]
 * without the job outside SLURM and without the restart before the first requeue.
 */
struct launch {
    long job, restart; /* SLURM's job id, and how often it was requeued; 0 for none */
    char host[256];
    long pid; /* of rank 0 */
    int nodes, ranks;
};

enum launch_state { LAUNCH_GONE, LAUNCH_ALIVE, LAUNCH_UNKNOWN };

/* Fills *launch for this process, rank 0 of a run of that size. Local. */
void launch_here(int nodes, int ranks, struct launch *launch);

/* The text in brackets above, without the brackets, cut to `size`. Local. */
void launch_format(const struct launch *launch, char *text, size_t size);

/* Reads the end of one line of a history into *launch; false when it does not end like that. Local. */
bool launch_parse(const char *line, struct launch *launch);

/* Whether that run goes on: by its process where it ran on this host, else by its SLURM job, which squeue knows from
   any node. Takes 30 s at most. Local. */
enum launch_state launch_find(const struct launch *launch);

#endif
