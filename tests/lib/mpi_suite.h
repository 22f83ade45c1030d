/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MPI_SUITE_H
#define MPI_SUITE_H

#include <mpi.h>
#include <stdbool.h>

#include "suite.h"

/* For suites that run on any number of ranks: all run the same tests, rank 0 prints. */

/* Returns true if `condition` holds on all ranks. Collective. */
static inline bool everywhere(bool condition)
{
    int all = condition;
    MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    return all;
}

/* The body of main: suite_run between MPI_Init and MPI_Finalize. Collective. */
static inline int mpi_suite_run(const char *name, CU_TestInfo *tests, int *argc, char ***argv)
{
    int rank;
    MPI_Init(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank > 0 && !freopen("/dev/null", "w", stdout)) {
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    int failed = suite_run(name, tests);
    MPI_Finalize();
    return failed;
}

#endif
