/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LAUNCHER_H
#define MOAT_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

/* What started this process as one of several, as far as its environment says. */
struct launcher {
    const char *name; /* for a sentence: "MPICH's mpiexec" */
    int rank, size;   /* where the environment does not say how many there are, size is the least it can be */
    bool direct;      /* the launcher itself started this process, not a shell or script among its ranks */
    int above;        /* generations from this process to the one that the user started; 0: not an ancestor */
    char unset[128];  /* env's options for a process that is to be alone: " -u OMPI_COMM_WORLD_RANK -u PMIX_RANK" */
};

/*
 * Fills *launcher from the environment: the variables of Open MPI's mpirun, MPICH's mpiexec and its relatives, srun
 * with any --mpi, and PMIx. Where launchers are nested, the one of the MPI library that moat is built with counts. A
 * batch script and an interactive shell of SLURM, which have a SLURM_PROCID too, are no launcher. Returns false where
 * there is none: the process is alone.
 *
 * Local. To be called before MPI_Init where PMIx matters: Open MPI's adds PMIX_RANK to a process that is alone.
 */
bool launcher_find(struct launcher *launcher);

/* Cuts what MPI_Get_library_version says to name and version, "Open MPI v4.1.4" or "MPICH 4.0.2", into name[size].
   Local. */
void launcher_library(const char *version, char *name, size_t size);

#endif
