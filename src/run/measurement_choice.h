/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASUREMENT_CHOICE_H
#define MOAT_MEASUREMENT_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "sweep/ladder.h"

/* The tasks that are left to hand out, and which of them a group is to solve next. All functions: rank 0. */
struct measurement_choice {
    const struct ladder *ladder;
    const int *group; /* [rungs] */
    uint8_t *hold;    /* [tasks], of enum hold */
    size_t *left;     /* [rungs]: only trials below this number can be left to hand out */
    int *ranks;       /* [trials]: of the group for the rungs that go through the trial's sums */
    int *leader;      /* [trials]: of the group that has these sums; -1: none */
};

/* A task of this run. One that was given back is handed out once more. */
enum hold { HOLD_WAITS, HOLD_OUT, HOLD_RETURNED, HOLD_OUT_AGAIN, HOLD_LEFT, HOLD_CLOSED };

/* All tasks that are not done, for so many workers. Returns MOAT_MEMORY. measurement_choice_free frees what there is,
   also after a failure. */
enum moat_status measurement_choice_create(const struct ladder *ladder, const int *group, int workers,
                                           struct measurement_choice *choice);
void measurement_choice_free(struct measurement_choice *choice);

/* The task that the group of `leader` is to solve if it is of that size, ladder->tasks if there is none for it: the
   largest rung left of the trial whose sums it has; or else one for the largest group that fits into this one, of
   several a trial that nobody has begun, or the costliest rung. A group is thus never split while there are tasks of
   its size. */
size_t measurement_choose(struct measurement_choice *choice, int leader, int size);

/* The size of the group for a task. */
int measurement_task_ranks(const struct measurement_choice *choice, size_t task);

/* Whether a task goes through the sums of its trial. */
bool measurement_through_sums(const struct ladder *ladder, size_t task);

/* Hands a task that was chosen to the group of `leader`, with the others that need the same sums. */
void measurement_take(struct measurement_choice *choice, size_t task, int leader);

/* Takes back a task that ran out of memory: it waits again, the first time. Its group has no sums any more. */
void measurement_return(struct measurement_choice *choice, size_t task, int leader);

#endif
