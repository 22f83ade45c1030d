/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stage that samples data sets and solves them, on rank 0: the next task for a group. */
#include "run/measurement_choice.h"

#include <stdlib.h>

#include "run/measurement.h"

enum { NOBODY = -1 };

bool measurement_through_sums(const struct ladder *ladder, size_t task)
{
    return task < ladder->reach * ladder->trials;
}

int measurement_task_ranks(const struct measurement_choice *choice, size_t task)
{
    const struct ladder *ladder = choice->ladder;
    size_t trials = ladder->trials > 0 ? ladder->trials : 1;
    return measurement_through_sums(ladder, task) ? choice->ranks[task % trials] : choice->group[task / trials];
}

static bool waits(const struct measurement_choice *choice, size_t task)
{
    return choice->hold[task] == HOLD_WAITS || choice->hold[task] == HOLD_RETURNED;
}

/* The largest rung of a trial that waits and goes through its sums; ladder->tasks if there is none. */
static size_t next_of_trial(const struct measurement_choice *choice, size_t trial)
{
    const struct ladder *ladder = choice->ladder;
    for (size_t k = ladder->reach; k-- > 0;) {
        if (waits(choice, k * ladder->trials + trial)) {
            return k * ladder->trials + trial;
        }
    }
    return ladder->tasks;
}

/* The trial whose sums the group of `leader` has; ladder->trials if there is none. */
static size_t trial_of(const struct measurement_choice *choice, int leader)
{
    size_t trial = 0;
    while (trial < choice->ladder->trials && choice->leader[trial] != leader) {
        trial++;
    }
    return trial;
}

/* Whether a rung that goes through its data has a task to hand out, which is then the one below left[k]. */
static bool has_task(struct measurement_choice *choice, size_t k)
{
    for (size_t *left = &choice->left[k]; *left > 0; (*left)--) {
        if (waits(choice, k * choice->ladder->trials + *left - 1)) {
            return true;
        }
    }
    return false;
}

size_t measurement_choose(struct measurement_choice *choice, int leader, int size)
{
    const struct ladder *ladder = choice->ladder;
    size_t own = trial_of(choice, leader), none = ladder->tasks, next = none;
    if (own < ladder->trials && choice->ranks[own] <= size) {
        next = next_of_trial(choice, own);
    }
    bool goes_on = next != none;
    for (size_t trial = 0; trial < ladder->trials && !goes_on; trial++) {
        bool larger = next == none || choice->ranks[trial] > measurement_task_ranks(choice, next);
        if (choice->leader[trial] == NOBODY && choice->ranks[trial] <= size && larger) {
            size_t task = next_of_trial(choice, trial);
            next = task == none ? next : task;
        }
    }
    for (size_t k = ladder->rungs; k-- > ladder->reach && !goes_on;) {
        bool fits = choice->group[k] <= size && has_task(choice, k);
        bool larger = next == none || choice->group[k] > measurement_task_ranks(choice, next);
        next = fits && larger ? k * ladder->trials + choice->left[k] - 1 : next;
    }
    return next;
}

void measurement_take(struct measurement_choice *choice, size_t task, int leader)
{
    const struct ladder *ladder = choice->ladder;
    size_t own = trial_of(choice, leader), trial = task % ladder->trials;
    if (own < ladder->trials) {
        choice->leader[own] = NOBODY;
    }
    if (measurement_through_sums(ladder, task)) {
        choice->leader[trial] = leader;
    } else {
        choice->left[task / ladder->trials] = trial;
    }
    choice->hold[task] = choice->hold[task] == HOLD_WAITS ? HOLD_OUT : HOLD_OUT_AGAIN;
}

void measurement_return(struct measurement_choice *choice, size_t task, int leader)
{
    const struct ladder *ladder = choice->ladder;
    size_t own = trial_of(choice, leader), *left = &choice->left[task / ladder->trials];
    choice->hold[task] = choice->hold[task] == HOLD_OUT_AGAIN ? HOLD_LEFT : HOLD_RETURNED;
    *left = *left > task % ladder->trials ? *left : task % ladder->trials + 1;
    if (own < ladder->trials) {
        choice->leader[own] = NOBODY;
    }
}

enum moat_status measurement_choice_create(const struct ladder *ladder, const int *group, int workers,
                                           struct measurement_choice *choice)
{
    *choice = (struct measurement_choice){.ladder = ladder, .group = group};
    choice->hold = calloc(ladder->tasks + 1, sizeof *choice->hold);
    choice->left = malloc(ladder->rungs * sizeof *choice->left);
    choice->ranks = calloc(ladder->trials, sizeof *choice->ranks);
    choice->leader = malloc(ladder->trials * sizeof *choice->leader);
    if (!choice->hold || !choice->left || !choice->ranks || !choice->leader) {
        return moat_error_set(MOAT_MEMORY,
                              "rank 0 is out of memory for %zu data sets on %d workers: give it more; the "
                              "same command resumes the sweep",
                              ladder->tasks, workers);
    }
    for (size_t task = 0; task < ladder->tasks; task++) {
        choice->hold[task] = ladder->state[task] == TASK_DONE ? HOLD_CLOSED : HOLD_WAITS;
        choice->left[task / ladder->trials] = ladder->trials;
    }
    for (size_t trial = 0; trial < ladder->trials; trial++) {
        choice->leader[trial] = NOBODY;
    }
    measurement_trial_groups(ladder, group, workers, choice->ranks);
    return MOAT_OK;
}

void measurement_choice_free(struct measurement_choice *choice)
{
    free(choice->hold);
    free(choice->left);
    free(choice->ranks);
    free(choice->leader);
}
