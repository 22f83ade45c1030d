/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stage that samples data sets and solves them, on rank 0: which group gets which task, and when. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ridge/ridge.h"
#include "run/interrupt.h"
#include "run/measurement_choice.h"
#include "run/measurement_internal.h"
#include "run/shortage.h"

enum { NAP_NS = 500000 };

struct led {
    int size, ranks; /* of the group that a rank leads: that of its tasks, and its own with ranks left over */
    bool exhausted;  /* ran out of memory on such a task: it gets only tasks of smaller groups */
    bool idle;       /* waits for an order */
};

struct stage {
    struct ladder *ladder;
    struct measurement_choice choice;
    struct results *results;
    struct progress *progress;
    MPI_Comm comm;
    uint8_t *before; /* [tasks], of enum task_state, before this run */
    int ranks;
    struct led *led; /* [ranks] */
    size_t in_flight;
    struct shortage shortage;
    enum moat_status status; /* the first failure, after which no more tasks are handed out */
};

/* The next task for the group of `leader`; the number of tasks if there is none, or no more are to be handed out. */
static size_t next_task(struct stage *stage, int leader, int size)
{
    if (stage->status == MOAT_OK && interrupt_requested()) {
        stage->status = moat_error_set(MOAT_STOPPED, "stopped by a signal");
    }
    return stage->status == MOAT_OK ? measurement_choose(&stage->choice, leader, size) : stage->ladder->tasks;
}

/* Writes a task that was solved or failed. When a data set that failed in an earlier run is solved now, the points of
   the grid that were solved without it are to be solved again. */
static void store(struct stage *stage, size_t task, double seconds, int rank, const char *message)
{
    enum moat_status status = MOAT_OK;
    stage->choice.hold[task] = HOLD_CLOSED;
    if (stage->ladder->state[task] == TASK_FAILED) {
        stage->progress->failed++;
        progress_clear(stage->progress);
        fprintf(stderr, "moat: %s; the sweep continues without this data set\n", message);
    } else if (stage->before[task] == TASK_FAILED) {
        status = results_reopen_blocks(stage->results);
    }
    if (status == MOAT_OK) {
        status = results_write_task(stage->results, stage->ladder, task, seconds, rank, message);
    }
    if (status != MOAT_OK && (stage->status == MOAT_OK || stage->status == MOAT_STOPPED)) {
        stage->status = status;
    }
}

static void send_order(const struct stage *stage, int rank, int tag, unsigned long long value)
{
    MPI_Send(&value, 1, MPI_UNSIGNED_LONG_LONG, rank, tag, stage->comm);
}

/* Gives a task to the group that `rank` leads. If only tasks of smaller groups are left for it, the group is split into
   such groups first; if none are left, it waits. */
static void hand_out(struct stage *stage, int rank)
{
    struct led *led = &stage->led[rank];
    size_t task = next_task(stage, rank, led->exhausted ? led->size - 1 : led->size);
    led->idle = task == stage->ladder->tasks;
    if (led->idle) {
        return;
    }
    int size = measurement_task_ranks(&stage->choice, task);
    if (size < led->size) {
        int ranks = led->ranks, groups = ranks / size;
        send_order(stage, rank, MEASUREMENT_TAG_SPLIT, (unsigned long long)size);
        for (int i = 0; i < groups; i++) {
            int leader = rank + i * size;
            stage->led[leader] = (struct led){.size = size, .ranks = i + 1 < groups ? size : ranks - i * size};
            hand_out(stage, leader);
        }
    } else {
        bool sums = measurement_through_sums(stage->ladder, task);
        measurement_take(&stage->choice, task, rank);
        send_order(stage, rank, sums ? MEASUREMENT_TAG_RUNG : MEASUREMENT_TAG_TASK, task);
        stage->in_flight++;
    }
}

/* Takes back a task from a group that ran out of memory, and finds work for the groups that had none left. */
static void take_back(struct stage *stage, size_t task, int rank, const char *reason)
{
    measurement_return(&stage->choice, task, rank);
    progress_clear(stage->progress);
    shortage_note(&stage->shortage, rank, reason);
    stage->led[rank].exhausted = true;
    hand_out(stage, rank);
    for (int other = 1; other < stage->ranks; other++) {
        if (stage->led[other].idle) {
            hand_out(stage, other);
        }
    }
}

static void take_in(struct stage *stage, int rank)
{
    struct ladder *ladder = stage->ladder;
    struct measured_header header;
    MPI_Recv(&header, sizeof header, MPI_BYTE, rank, MEASUREMENT_TAG_MEASURED, stage->comm, MPI_STATUS_IGNORE);
    size_t task = (size_t)header.task;
    for (int i = 0; i < ladder_tables(ladder); i++) {
        MPI_Recv(measurement_table(ladder, task, i), (int)ladder_task_size(ladder), MPI_DOUBLE, rank,
                 MEASUREMENT_TAG_TABLE, stage->comm, MPI_STATUS_IGNORE);
    }
    stage->in_flight--;
    if (header.status == MOAT_MEMORY) {
        take_back(stage, task, rank, header.message);
        return;
    }
    ladder->state[task] = header.status == MOAT_OK ? TASK_DONE : TASK_FAILED;
    int ranks = stage->led[rank].ranks; /* before the group is split */
    hand_out(stage, rank);
    measurement_count(ladder, task, header.seconds, ranks, stage->progress);
    store(stage, task, header.seconds, rank, header.message);
}

/* At first all workers are one group, larger than that of any task. */
static void serve_groups(struct stage *stage)
{
    stage->led[1] = (struct led){.size = INT_MAX, .ranks = stage->ranks - 1};
    hand_out(stage, 1);
    while (stage->in_flight > 0) {
        int arrived = 0;
        MPI_Status envelope;
        MPI_Iprobe(MPI_ANY_SOURCE, MEASUREMENT_TAG_MEASURED, stage->comm, &arrived, &envelope);
        if (arrived) {
            take_in(stage, envelope.MPI_SOURCE);
        } else {
            progress_add(stage->progress, 0);
            nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        }
    }
    for (int rank = 1; rank < stage->ranks; rank++) {
        if (stage->led[rank].idle) {
            send_order(stage, rank, MEASUREMENT_TAG_STOP, 0);
        }
    }
}

static void solve_alone(struct stage *stage)
{
    struct ladder *ladder = stage->ladder;
    struct ridge_sums *sums = NULL;
    for (size_t task = next_task(stage, 0, INT_MAX); task < ladder->tasks; task = next_task(stage, 0, INT_MAX)) {
        double seconds;
        bool through = measurement_through_sums(ladder, task);
        measurement_take(&stage->choice, task, 0);
        if (!through) {
            ridge_sums_release(&sums);
        }
        enum moat_status status = measurement_solve(ladder, task, MPI_COMM_SELF, through ? &sums : NULL, &seconds);
        if (status == MOAT_MEMORY) {
            stage->choice.hold[task] = HOLD_LEFT;
            stage->shortage.workers = 1;
            shortage_reason(stage->shortage.reason, sizeof stage->shortage.reason);
            break;
        }
        measurement_count(ladder, task, seconds, 1, stage->progress);
        store(stage, task, seconds, 0, status == MOAT_OK ? "" : moat_error_message());
    }
    ridge_sums_release(&sums);
}

static enum moat_status allocate(struct stage *stage, const int *group)
{
    const struct ladder *ladder = stage->ladder;
    int workers = stage->ranks > 1 ? stage->ranks - 1 : 1;
    stage->before = malloc(ladder->tasks + 1);
    stage->led = calloc((size_t)stage->ranks, sizeof *stage->led);
    if (!stage->before || !stage->led) {
        return moat_error_set(MOAT_MEMORY,
                              "rank 0 is out of memory for %zu data sets on %d ranks: give it more; the "
                              "same command resumes the sweep",
                              ladder->tasks, stage->ranks);
    }
    memcpy(stage->before, ladder->state, ladder->tasks);
    return measurement_choice_create(ladder, group, workers, &stage->choice);
}

/* The status of a stage that is over: a shortage counts if it has left something. */
static enum moat_status judge(const struct stage *stage)
{
    size_t left = 0;
    if (stage->status != MOAT_OK || stage->shortage.workers == 0) {
        return stage->status;
    }
    for (size_t task = 0; task < stage->ladder->tasks; task++) {
        left += stage->choice.hold[task] != HOLD_CLOSED;
    }
    return shortage_judge(&stage->shortage, left, stage->ladder->tasks);
}

enum moat_status measurement_coordinate(struct ladder *ladder, const int *group, struct results *results,
                                        struct progress *progress, MPI_Comm comm)
{
    struct stage stage = {
        .ladder = ladder, .results = results, .progress = progress, .comm = comm, .shortage.thing = "data sets"};
    MPI_Comm_size(comm, &stage.ranks);
    measurement_weigh(ladder, stage.ranks > 1 ? stage.ranks - 1 : 1, progress);
    stage.status = allocate(&stage, group);
    if (stage.ranks > 1) {
        measurement_gather(comm);
    }
    if (stage.status == MOAT_OK && stage.ranks > 1) {
        serve_groups(&stage);
    } else if (stage.status == MOAT_OK) {
        solve_alone(&stage);
    } else if (stage.ranks > 1) {
        send_order(&stage, 1, MEASUREMENT_TAG_STOP, 0);
    }
    enum moat_status status = judge(&stage);
    free(stage.before);
    measurement_choice_free(&stage.choice);
    free(stage.led);
    return status;
}
