/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of the stage that samples data sets is done: by operations, since the largest data sets cost by far the
   most. */
#include "run/measurement_internal.h"
#include "sweep/ladder_known.h"

static double task_gflop(const struct ladder *ladder, size_t task)
{
    return ladder_task_flops(ladder, task) / 1e9;
}

void measurement_weigh(const struct ladder *ladder, int workers, struct progress *progress)
{
    double total = 0, before = 0;
    for (size_t task = 0; task < ladder->tasks; task++) {
        double work = task_gflop(ladder, task);
        total += work;
        before += ladder->state[task] == TASK_DONE ? work : 0;
    }
    progress_weigh(progress, "Gflop", total, before, workers);
}

void measurement_count(const struct ladder *ladder, size_t task, double seconds, int ranks, struct progress *progress)
{
    progress_add_work(progress, task_gflop(ladder, task), seconds * ranks);
}
