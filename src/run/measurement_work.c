/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stage that samples data sets and solves them, on the workers: groups that form, split and solve tasks. */
#include <stdio.h>

#include "ridge/ridge.h"
#include "run/measurement_internal.h"
#include "run/shortage.h"

MPI_Comm measurement_gather(MPI_Comm comm)
{
    int rank;
    MPI_Comm group;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_split(comm, rank == 0 ? MPI_UNDEFINED : 0, rank, &group);
    return group;
}

double *measurement_table(struct ladder *ladder, size_t task, int table)
{
    return ladder_table(ladder, table) + task * ladder_task_size(ladder);
}

static void send_measured(struct ladder *ladder, size_t task, enum moat_status status, double seconds, MPI_Comm comm)
{
    struct measured_header header = {task, seconds, (int)status, ""};
    if (status == MOAT_MEMORY) {
        shortage_reason(header.message, sizeof header.message);
    } else {
        snprintf(header.message, sizeof header.message, "%s", status == MOAT_OK ? "" : moat_error_message());
    }
    MPI_Send(&header, sizeof header, MPI_BYTE, 0, MEASUREMENT_TAG_MEASURED, comm);
    for (int i = 0; i < ladder_tables(ladder); i++) {
        MPI_Send(measurement_table(ladder, task, i), (int)ladder_task_size(ladder), MPI_DOUBLE, 0,
                 MEASUREMENT_TAG_TABLE, comm);
    }
}

/* Splits `group`, which is freed, into groups of `size`, the last of which takes the ranks that are left over. Returns
   the group of this rank. Collective over `group`. */
static MPI_Comm split(MPI_Comm group, int size)
{
    int rank, ranks;
    MPI_Comm smaller;
    MPI_Comm_rank(group, &rank);
    MPI_Comm_size(group, &ranks);
    int groups = ranks / size, mine = rank / size;
    MPI_Comm_split(group, mine < groups ? mine : groups - 1, rank, &smaller);
    MPI_Comm_free(&group);
    return smaller;
}

/* Receives an order of rank 0 in the leader and passes it to the others of its group. Returns the tag. Collective over
   `group`. */
static int receive_order(MPI_Comm group, MPI_Comm comm, unsigned long long *value)
{
    int rank;
    unsigned long long order[2] = {0, 0}; /* tag, value */
    MPI_Comm_rank(group, &rank);
    if (rank == 0) {
        MPI_Status envelope;
        MPI_Recv(&order[1], 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_ANY_TAG, comm, &envelope);
        order[0] = (unsigned long long)envelope.MPI_TAG;
    }
    MPI_Bcast(order, 2, MPI_UNSIGNED_LONG_LONG, 0, group);
    *value = order[1];
    return (int)order[0];
}

void measurement_work(struct ladder *ladder, MPI_Comm comm)
{
    MPI_Comm group = measurement_gather(comm);
    struct ridge_sums *sums = NULL;
    unsigned long long value = 0;
    for (int tag = receive_order(group, comm, &value); tag != MEASUREMENT_TAG_STOP;
         tag = receive_order(group, comm, &value)) {
        if (tag != MEASUREMENT_TAG_RUNG) {
            ridge_sums_release(&sums);
        }
        if (tag == MEASUREMENT_TAG_SPLIT) {
            group = split(group, (int)value);
            continue;
        }
        int rank;
        double seconds;
        enum moat_status status =
            measurement_solve(ladder, (size_t)value, group, tag == MEASUREMENT_TAG_RUNG ? &sums : NULL, &seconds);
        if (status == MOAT_MEMORY) {
            ridge_sums_release(&sums);
        }
        MPI_Comm_rank(group, &rank);
        if (rank == 0) {
            send_measured(ladder, (size_t)value, status, seconds, comm);
        }
    }
    ridge_sums_release(&sums);
    MPI_Comm_free(&group);
}
