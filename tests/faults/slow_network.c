/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: a slow network. Each MPI_Send takes NETWORK_DELAY seconds longer, so that a sweep lasts as long as a test
 * needs to interrupt it, however fast the machine and the program are.
 */
#include <dlfcn.h>
#include <mpi.h>
#include <stdlib.h>
#include <time.h>

int MPI_Send(const void *buffer, int elements, MPI_Datatype type, int rank, int tag, MPI_Comm comm)
{
    const char *delay = getenv("NETWORK_DELAY");
    long nanoseconds = delay ? (long)(strtod(delay, NULL) * 1e9) : 0;
    nanosleep(&(struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}, NULL);
    int (*send)(const void *, int, MPI_Datatype, int, int, MPI_Comm);
    *(void **)&send = dlsym(RTLD_NEXT, "MPI_Send");
    return send(buffer, elements, type, rank, tag, comm);
}
