/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RANKS_H
#define RANKS_H

#include "moat/error.h"

/*
 * Becomes the launcher, which starts this program with the arguments `words` (NULL at the end): `ranks` times, or as
 * often as the launcher chooses when it is 0. `launcher` is a command line of the shell, such as "srun --mpi=pmix";
 * NULL stands for MOAT_LAUNCHER in the environment or else for the mpirun of the MPI that moat is built with. That one
 * also gets what it needs as root and on a machine with fewer cores than ranks. Returns only when that fails, with
 * MOAT_MEMORY or MOAT_USAGE; a launcher that is not there ends the process with code 127. Local; not after
 * MPI_Init.
 */
enum moat_status ranks_start(const char *launcher, int ranks, const char *const *words);

#endif
