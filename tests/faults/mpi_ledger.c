/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * To be preloaded: keeps count of what a program asks of MPI, itself or through ScaLAPACK and HDF5, and at MPI_Finalize
 * appends one line of sums over all ranks to the file MPI_LEDGER. All but the first two, which are to be equal, are to
 * be 0: messages that no one received, objects that no one freed, requests that no one completed, and ranks whose
 * collectives on MPI_COMM_WORLD are not those of rank 0 in the same order.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENT, RECEIVED, WAITING, REQUESTS, COMMUNICATORS, TYPES, GROUPS, OPERATIONS, STRAYED, ENTRIES };
static const char *const name[ENTRIES] = {"sent",  "received", "waiting",    "requests", "communicators",
                                          "types", "groups",   "operations", "strayed"};
static long count[ENTRIES];
static unsigned long long collectives; /* what has been called on MPI_COMM_WORLD, in order */

static void note(MPI_Comm comm, unsigned kind)
{
    collectives = comm == MPI_COMM_WORLD ? collectives * 31 + kind : collectives;
}

static int made(MPI_Comm *comm, int result)
{
    count[COMMUNICATORS] += *comm != MPI_COMM_NULL;
    return result;
}

static int active(int requests, const MPI_Request *request)
{
    int found = 0;
    for (int i = 0; i < requests; i++) {
        found += request[i] != MPI_REQUEST_NULL;
    }
    return found;
}

/* --- Messages */

int MPI_Send(const void *buffer, int elements, MPI_Datatype type, int rank, int tag, MPI_Comm comm)
{
    count[SENT]++;
    return PMPI_Send(buffer, elements, type, rank, tag, comm);
}

int MPI_Rsend(const void *buffer, int elements, MPI_Datatype type, int rank, int tag, MPI_Comm comm)
{
    count[SENT]++;
    return PMPI_Rsend(buffer, elements, type, rank, tag, comm);
}

int MPI_Isend(const void *buffer, int elements, MPI_Datatype type, int rank, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    count[SENT]++;
    count[REQUESTS]++;
    return PMPI_Isend(buffer, elements, type, rank, tag, comm, request);
}

int MPI_Recv(void *buffer, int elements, MPI_Datatype type, int rank, int tag, MPI_Comm comm, MPI_Status *status)
{
    count[RECEIVED]++;
    return PMPI_Recv(buffer, elements, type, rank, tag, comm, status);
}

int MPI_Irecv(void *buffer, int elements, MPI_Datatype type, int rank, int tag, MPI_Comm comm, MPI_Request *request)
{
    count[RECEIVED]++;
    count[REQUESTS]++;
    return PMPI_Irecv(buffer, elements, type, rank, tag, comm, request);
}

int MPI_Sendrecv(const void *out, int outs, MPI_Datatype out_type, int to, int out_tag, void *in, int ins,
                 MPI_Datatype in_type, int from, int in_tag, MPI_Comm comm, MPI_Status *status)
{
    count[SENT] += to != MPI_PROC_NULL;
    count[RECEIVED] += from != MPI_PROC_NULL;
    return PMPI_Sendrecv(out, outs, out_type, to, out_tag, in, ins, in_type, from, in_tag, comm, status);
}

int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    int before = active(1, request), result = PMPI_Wait(request, status);
    count[REQUESTS] -= before - active(1, request);
    return result;
}

int MPI_Waitall(int requests, MPI_Request *request, MPI_Status *status)
{
    int before = active(requests, request), result = PMPI_Waitall(requests, request, status);
    count[REQUESTS] -= before - active(requests, request);
    return result;
}

int MPI_Testall(int requests, MPI_Request *request, int *done, MPI_Status *status)
{
    int before = active(requests, request), result = PMPI_Testall(requests, request, done, status);
    count[REQUESTS] -= before - active(requests, request);
    return result;
}

int MPI_Testany(int requests, MPI_Request *request, int *which, int *done, MPI_Status *status)
{
    int before = active(requests, request), result = PMPI_Testany(requests, request, which, done, status);
    count[REQUESTS] -= before - active(requests, request);
    return result;
}

/* --- Objects */

int MPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *new)
{
    note(comm, 1);
    return made(new, PMPI_Comm_split(comm, color, key, new));
}

int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *new)
{
    note(comm, 2);
    return made(new, PMPI_Comm_split_type(comm, type, key, info, new));
}

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *new)
{
    note(comm, 3);
    return made(new, PMPI_Comm_dup(comm, new));
}

int MPI_Comm_create(MPI_Comm comm, MPI_Group group, MPI_Comm *new)
{
    note(comm, 4);
    return made(new, PMPI_Comm_create(comm, group, new));
}

int MPI_Comm_free(MPI_Comm *comm)
{
    count[COMMUNICATORS]--;
    return PMPI_Comm_free(comm);
}

int MPI_Comm_group(MPI_Comm comm, MPI_Group *group)
{
    count[GROUPS]++;
    return PMPI_Comm_group(comm, group);
}

int MPI_Group_incl(MPI_Group group, int ranks, const int rank[], MPI_Group *new)
{
    count[GROUPS]++;
    return PMPI_Group_incl(group, ranks, rank, new);
}

int MPI_Group_free(MPI_Group *group)
{
    count[GROUPS]--;
    return PMPI_Group_free(group);
}

int MPI_Type_commit(MPI_Datatype *type)
{
    count[TYPES]++;
    return PMPI_Type_commit(type);
}

int MPI_Type_free(MPI_Datatype *type)
{
    count[TYPES]--;
    return PMPI_Type_free(type);
}

int MPI_Op_create(MPI_User_function *function, int commutes, MPI_Op *operation)
{
    count[OPERATIONS]++;
    return PMPI_Op_create(function, commutes, operation);
}

int MPI_Op_free(MPI_Op *operation)
{
    count[OPERATIONS]--;
    return PMPI_Op_free(operation);
}

/* --- Collectives that moat calls on MPI_COMM_WORLD */

int MPI_Allreduce(const void *in, void *out, int elements, MPI_Datatype type, MPI_Op operation, MPI_Comm comm)
{
    note(comm, 5);
    return PMPI_Allreduce(in, out, elements, type, operation, comm);
}

int MPI_Bcast(void *buffer, int elements, MPI_Datatype type, int root, MPI_Comm comm)
{
    note(comm, 6);
    return PMPI_Bcast(buffer, elements, type, root, comm);
}

/* --- The line */

static void append(const long total[ENTRIES])
{
    const char *path = getenv("MPI_LEDGER");
    FILE *file = path ? fopen(path, "a") : NULL;
    for (int i = 0; i < ENTRIES && file; i++) {
        fprintf(file, "%s %ld%c", name[i], total[i], i + 1 < ENTRIES ? ' ' : '\n');
    }
    if (!file || fclose(file) != 0) {
        perror("MPI_LEDGER");
    }
}

int MPI_Finalize(void)
{
    int rank, waiting = 0;
    long total[ENTRIES];
    unsigned long long first = collectives;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Barrier(MPI_COMM_WORLD); /* what has been sent has arrived */
    PMPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &waiting, MPI_STATUS_IGNORE);
    PMPI_Bcast(&first, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_COMM_WORLD);
    count[WAITING] = waiting;
    count[STRAYED] = collectives != first;
    PMPI_Reduce(count, total, ENTRIES, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        append(total);
    }
    return PMPI_Finalize();
}
