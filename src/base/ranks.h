/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RANKS_H
#define RANKS_H

#include "moat/error.h"

/*
 * Replaces this process by a launcher, which starts this program with the arguments `words` (NULL at the end) on
 * `ranks` ranks; with 0 the launcher chooses their number.
 *
 * `launcher` is a command line of the shell, such as "srun --mpi=pmix". NULL or "" stands for MOAT_LAUNCHER from the
 * environment, and if that is not set either, for the mpirun of the MPI library that moat is built with. For this
 * mpirun the environment is also set so that it works as root and with more ranks than cores.
 *
 * Returns only on failure, with MOAT_MEMORY or MOAT_USAGE. If the launcher does not exist, the process ends with code
 * 127. Local, not after MPI_Init.
 */
enum moat_status ranks_start(const char *launcher, int ranks, const char *const *words);

#endif
