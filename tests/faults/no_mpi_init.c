/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An MPI that cannot be started, as inside a step of srun that another library serves. For LD_PRELOAD. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

static int refuse(void)
{
    fprintf(stderr, "MPI_Init was called\n");
    _exit(99);
}

int MPI_Init(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return refuse();
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    (void)argc, (void)argv, (void)required, (void)provided;
    return refuse();
}
