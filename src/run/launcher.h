/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LAUNCHER_H
#define MOAT_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

/* The launcher that started this process as one of several, as far as the environment tells. */
struct launcher {
    const char *name; /* for messages: "MPICH's mpiexec" */
    int rank, size;   /* of the launch; if its size is not in the environment, rank + 1, the smallest possible */
    bool direct;      /* started by the launcher itself, not by a shell or script among its ranks */
    int above;        /* generations from this process up to the launcher that the user started; 0: no ancestor */
    char unset[128];  /* options of env for a process that is to be alone: " -u OMPI_COMM_WORLD_RANK -u PMIX_RANK" */
};

/*
 * Finds the launcher in the environment: Open MPI's mpirun, MPICH's mpiexec and its relatives, srun with any --mpi, or
 * PMIx. Of nested launchers the one of the MPI library that moat is built with counts. Batch scripts and interactive
 * shells of SLURM do not count as launched, although they have a SLURM_PROCID. Returns false if there is no launcher:
 * the process is alone.
 *
 * Local. Call it before MPI_Init: Open MPI's MPI_Init adds such variables to the environment of a process that is
 * alone, for its children.
 */
bool launcher_find(struct launcher *launcher);

/* Shortens `version`, the answer of MPI_Get_library_version, to the library's name and number, such as "Open MPI
   v4.1.4" or "MPICH 4.0.2". Writes name[size]. Local. */
void launcher_library(const char *version, char *name, size_t size);

#endif
