/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stage that samples data sets and solves them: who gets which task, and when. */
#include "moat/measurement.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "moat/interrupt.h"

enum { TAG_TASK = 11, TAG_STOP = 12, TAG_MEASURED = 13, TAG_TABLE = 14 };
enum { TABLES = 3 };
enum { NAP_NS = 500000 };

/* What a leader sends back, followed by one message for each table. */
struct measured_header {
    unsigned long long task;
    double seconds;
    int status;
    char message[256];
};

static int rung_group(const struct ladder *ladder, const int *group, size_t task)
{
    return group[task / ladder->trials];
}

/* The largest group size below `bound` that a pending task wants; 0 when there is none. */
static int next_size(const struct ladder *ladder, const int *group, int bound)
{
    int size = 0;
    for (size_t task = 0; task < ladder->tasks; task++) {
        int wanted = rung_group(ladder, group, task);
        if (ladder->state[task] == TASK_PENDING && wanted < bound && wanted > size) {
            size = wanted;
        }
    }
    return size;
}

/* --- Rank 0 */

struct stage {
    struct ladder *ladder;
    const int *group;
    struct results *results;
    struct progress *progress;
    MPI_Comm comm;
    int size;    /* group size of the phase */
    size_t left; /* tasks of that number and above have been handed out, or are of other phases */
    size_t in_flight;
    enum status status; /* the first failure: nothing more is handed out */
};

/* The costliest pending task of the phase; ladder->tasks when there is none. Rungs rise with the task's number. */
static size_t next_task(struct stage *stage)
{
    if (stage->status == STATUS_OK && interrupt_requested()) {
        stage->status = error_set(STATUS_STOPPED, "stopped by a signal");
    }
    while (stage->status == STATUS_OK && stage->left > 0) {
        size_t task = --stage->left;
        if (stage->ladder->state[task] == TASK_PENDING &&
            rung_group(stage->ladder, stage->group, task) == stage->size) {
            return task;
        }
    }
    return stage->ladder->tasks;
}

static void keep(struct stage *stage, size_t task, double seconds, int rank, const char *message)
{
    if (stage->ladder->state[task] == TASK_FAILED) {
        fprintf(stderr, "moat: %s; the sweep goes on without this data set\n", message);
    }
    enum status status = results_write_task(stage->results, stage->ladder, task, seconds, rank, message);
    if (status != STATUS_OK && (stage->status == STATUS_OK || stage->status == STATUS_STOPPED)) {
        stage->status = status;
    }
    progress_add(stage->progress, 1);
}

static void hand_out(struct stage *stage, int rank)
{
    unsigned long long task = next_task(stage);
    bool stop = task == stage->ladder->tasks;
    MPI_Send(&task, 1, MPI_UNSIGNED_LONG_LONG, rank, stop ? TAG_STOP : TAG_TASK, stage->comm);
    stage->in_flight += stop ? 0 : 1;
}

/* The tables of `task`, as they travel. */
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
    ladder->state[task] = header.status == STATUS_OK ? TASK_DONE : TASK_FAILED;
    hand_out(stage, rank);
    keep(stage, task, header.seconds, rank, header.message);
}

/* One phase: every group gets a task, and another for each that it returns, until it is told to stop. */
static void serve_groups(struct stage *stage, int workers)
{
    int groups = workers / stage->size;
    stage->left = stage->ladder->tasks;
    for (int i = 0; i < groups; i++) {
        hand_out(stage, 1 + i * stage->size);
    }
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
    stage->left = stage->ladder->tasks;
    for (size_t task = next_task(stage); task < stage->ladder->tasks; task = next_task(stage)) {
        double seconds;
        enum status status = ladder_solve(stage->ladder, task, MPI_COMM_SELF, &seconds);
        keep(stage, task, seconds, 0, status == STATUS_OK ? "" : error_message());
    }
}

/* The groups of one phase; the ranks of no group get MPI_COMM_NULL. Collective over comm. */
static MPI_Comm split(int size, MPI_Comm comm)
{
    int rank, ranks;
    MPI_Comm group;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    int groups = (ranks - 1) / size, mine = (rank - 1) / size;
    MPI_Comm_split(comm, rank == 0 ? MPI_UNDEFINED : mine < groups ? mine : groups - 1, rank, &group);
    return group;
}

enum status measurement_coordinate(struct ladder *ladder, const int *group, struct results *results,
                                   struct progress *progress, MPI_Comm comm)
{
    struct stage stage = {ladder, group, results, progress, comm, 0, 0, 0, STATUS_OK};
    int ranks;
    MPI_Comm_size(comm, &ranks);
    /* The tasks of the phases to come are as they were at the start, which is what every rank knows. */
    for (int size = next_size(ladder, group, INT32_MAX); size > 0; size = next_size(ladder, group, size)) {
        stage.size = size;
        if (ranks == 1) {
            solve_alone(&stage);
        } else {
            split(size, comm);
            serve_groups(&stage, ranks - 1);
        }
    }
    return stage.status;
}

/* --- The other ranks */

static void send_measured(struct ladder *ladder, size_t task, enum status status, double seconds, MPI_Comm comm)
{
    struct measured_header header = {task, seconds, (int)status, ""};
    snprintf(header.message, sizeof header.message, "%s", status == STATUS_OK ? "" : error_message());
    MPI_Send(&header, sizeof header, MPI_BYTE, 0, TAG_MEASURED, comm);
    for (int i = 0; i < TABLES; i++) {
        MPI_Send(task_tables(ladder, task, i), (int)ladder_task_size(ladder), MPI_DOUBLE, 0, TAG_TABLE, comm);
    }
}

/* One phase in `group`: its leader hears from rank 0 and tells the others. */
static void work_in_group(struct ladder *ladder, MPI_Comm group, MPI_Comm comm)
{
    int rank;
    MPI_Comm_rank(group, &rank);
    for (;;) {
        unsigned long long task = ladder->tasks;
        if (rank == 0) {
            MPI_Recv(&task, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_ANY_TAG, comm, MPI_STATUS_IGNORE);
        }
        MPI_Bcast(&task, 1, MPI_UNSIGNED_LONG_LONG, 0, group);
        if (task == ladder->tasks) {
            return;
        }
        double seconds;
        enum status status = ladder_solve(ladder, (size_t)task, group, &seconds);
        if (rank == 0) {
            send_measured(ladder, (size_t)task, status, seconds, comm);
        }
    }
}

void measurement_work(struct ladder *ladder, const int *group, MPI_Comm comm)
{
    for (int size = next_size(ladder, group, INT32_MAX); size > 0; size = next_size(ladder, group, size)) {
        MPI_Comm mine = split(size, comm);
        work_in_group(ladder, mine, comm);
        MPI_Comm_free(&mine);
    }
}
