/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stage that samples data sets and solves them: which group gets which task, and when. */
#include "run/measurement.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run/interrupt.h"

enum { TAG_TASK = 11, TAG_SPLIT, TAG_STOP, TAG_MEASURED, TAG_TABLE };
enum { TABLES = 3 };
enum { NAP_NS = 500000 };

/* A leader's answer, followed by one message for each table. */
struct measured_header {
    unsigned long long task;
    double seconds;
    int status;
    char message[256];
};

/* --- Rank 0 */

struct led {
    int size, ranks; /* of the group that a rank leads: that of its tasks, and its own with ranks left over */
};

struct stage {
    struct ladder *ladder;
    const int *group;
    struct results *results;
    struct progress *progress;
    MPI_Comm comm;
    size_t *left;    /* [rungs]: the trials below this number are left; the others have been handed out */
    struct led *led; /* [ranks] */
    size_t in_flight;
    enum moat_status status; /* the first failure, after which no more tasks are handed out */
};

/* The rung whose tasks a group of that size is to solve: of the rungs whose groups are no larger, the one with the
   largest groups, and of several the costliest; ladder->rungs if there is none. A group is thus never split while there
   are tasks of its size. */
static size_t next_rung(struct stage *stage, int size)
{
    const struct ladder *ladder = stage->ladder;
    size_t next = ladder->rungs;
    if (stage->status == MOAT_OK && interrupt_requested()) {
        stage->status = moat_error_set(MOAT_STOPPED, "stopped by a signal");
    }
    for (size_t k = ladder->rungs; k-- > 0 && stage->status == MOAT_OK;) {
        while (stage->left[k] > 0 && ladder->state[k * ladder->trials + stage->left[k] - 1] != TASK_PENDING) {
            stage->left[k]--;
        }
        bool fits = stage->left[k] > 0 && stage->group[k] <= size;
        next = fits && (next == ladder->rungs || stage->group[k] > stage->group[next]) ? k : next;
    }
    return next;
}

static void store(struct stage *stage, size_t task, double seconds, int rank, const char *message)
{
    if (stage->ladder->state[task] == TASK_FAILED) {
        fprintf(stderr, "moat: %s; the sweep continues without this data set\n", message);
    }
    enum moat_status status = results_write_task(stage->results, stage->ladder, task, seconds, rank, message);
    if (status != MOAT_OK && (stage->status == MOAT_OK || stage->status == MOAT_STOPPED)) {
        stage->status = status;
    }
    progress_add(stage->progress, 1);
}

static void send_order(const struct stage *stage, int rank, int tag, unsigned long long value)
{
    MPI_Send(&value, 1, MPI_UNSIGNED_LONG_LONG, rank, tag, stage->comm);
}

/* Gives a task to the group that `rank` leads. If only tasks of smaller groups are left, the group is split into such
   groups first; if no tasks are left, it is stopped. */
static void hand_out(struct stage *stage, int rank)
{
    struct led led = stage->led[rank];
    size_t k = next_rung(stage, led.size);
    if (k == stage->ladder->rungs) {
        send_order(stage, rank, TAG_STOP, 0);
    } else if (stage->group[k] < led.size) {
        int size = stage->group[k], groups = led.ranks / size;
        send_order(stage, rank, TAG_SPLIT, (unsigned long long)size);
        for (int i = 0; i < groups; i++) {
            int leader = rank + i * size;
            stage->led[leader] = (struct led){size, i + 1 < groups ? size : led.ranks - i * size};
            hand_out(stage, leader);
        }
    } else {
        send_order(stage, rank, TAG_TASK, k * stage->ladder->trials + --stage->left[k]);
        stage->in_flight++;
    }
}

/* The part of a table that belongs to `task`, as it is sent. */
static double *task_tables(struct ladder *ladder, size_t task, int table)
{
    double *const tables[] = {ladder->A1, ladder->A2, ladder->D};
    return tables[table] + task * ladder_task_size(ladder);
}

static void take_in(struct stage *stage, int rank)
{
    struct ladder *ladder = stage->ladder;
    struct measured_header header;
    MPI_Recv(&header, sizeof header, MPI_BYTE, rank, TAG_MEASURED, stage->comm, MPI_STATUS_IGNORE);
    size_t task = (size_t)header.task;
    for (int i = 0; i < TABLES; i++) {
        MPI_Recv(task_tables(ladder, task, i), (int)ladder_task_size(ladder), MPI_DOUBLE, rank, TAG_TABLE, stage->comm,
                 MPI_STATUS_IGNORE);
    }
    stage->in_flight--;
    ladder->state[task] = header.status == MOAT_OK ? TASK_DONE : TASK_FAILED;
    hand_out(stage, rank);
    store(stage, task, header.seconds, rank, header.message);
}

/* At first all workers are one group, larger than that of any task. */
static void serve_groups(struct stage *stage, int workers)
{
    stage->led[1] = (struct led){INT_MAX, workers};
    hand_out(stage, 1);
    while (stage->in_flight > 0) {
        int arrived = 0;
        MPI_Status envelope;
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_MEASURED, stage->comm, &arrived, &envelope);
        if (arrived) {
            take_in(stage, envelope.MPI_SOURCE);
        } else {
            progress_add(stage->progress, 0);
            nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        }
    }
}

static void solve_alone(struct stage *stage)
{
    for (size_t k = next_rung(stage, INT_MAX); k < stage->ladder->rungs; k = next_rung(stage, INT_MAX)) {
        double seconds;
        size_t task = k * stage->ladder->trials + --stage->left[k];
        enum moat_status status = measurement_solve(stage->ladder, task, MPI_COMM_SELF, &seconds);
        store(stage, task, seconds, 0, status == MOAT_OK ? "" : moat_error_message());
    }
}

/* The workers as one group; MPI_COMM_NULL on rank 0. Collective over comm. */
static MPI_Comm gather_workers(MPI_Comm comm)
{
    int rank;
    MPI_Comm group;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_split(comm, rank == 0 ? MPI_UNDEFINED : 0, rank, &group);
    return group;
}

enum moat_status measurement_coordinate(struct ladder *ladder, const int *group, struct results *results,
                                        struct progress *progress, MPI_Comm comm)
{
    struct stage stage = {ladder, group, results, progress, comm, NULL, NULL, 0, MOAT_OK};
    int ranks;
    MPI_Comm_size(comm, &ranks);
    stage.left = malloc(ladder->rungs * sizeof *stage.left);
    stage.led = calloc((size_t)ranks, sizeof *stage.led);
    bool ready = stage.left && stage.led;
    if (!ready) {
        stage.status = moat_error_set(MOAT_MEMORY, "out of memory for %zu rungs on %d ranks", ladder->rungs, ranks);
    }
    for (size_t k = 0; ready && k < ladder->rungs; k++) {
        stage.left[k] = ladder->trials;
    }
    if (ranks > 1) {
        gather_workers(comm);
    }
    if (ready && ranks > 1) {
        serve_groups(&stage, ranks - 1);
    } else if (ready) {
        solve_alone(&stage);
    } else if (ranks > 1) {
        send_order(&stage, 1, TAG_STOP, 0);
    }
    free(stage.left);
    free(stage.led);
    return stage.status;
}

/* --- The other ranks */

static void send_measured(struct ladder *ladder, size_t task, enum moat_status status, double seconds, MPI_Comm comm)
{
    struct measured_header header = {task, seconds, (int)status, ""};
    snprintf(header.message, sizeof header.message, "%s", status == MOAT_OK ? "" : moat_error_message());
    MPI_Send(&header, sizeof header, MPI_BYTE, 0, TAG_MEASURED, comm);
    for (int i = 0; i < TABLES; i++) {
        MPI_Send(task_tables(ladder, task, i), (int)ladder_task_size(ladder), MPI_DOUBLE, 0, TAG_TABLE, comm);
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
    MPI_Comm group = gather_workers(comm);
    unsigned long long value = 0;
    for (int tag = receive_order(group, comm, &value); tag != TAG_STOP; tag = receive_order(group, comm, &value)) {
        if (tag == TAG_SPLIT) {
            group = split(group, (int)value);
            continue;
        }
        int rank;
        double seconds;
        enum moat_status status = measurement_solve(ladder, (size_t)value, group, &seconds);
        MPI_Comm_rank(group, &rank);
        if (rank == 0) {
            send_measured(ladder, (size_t)value, status, seconds, comm);
        }
    }
    MPI_Comm_free(&group);
}
