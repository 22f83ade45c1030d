/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work of a sweep, and the rate at which ranks have done theirs. */
#include "results/workload.h"

#include <math.h>
#include <stdlib.h>

#include "sweep/grid.h"
#include "sweep/ladder_cost.h"

/* What each rank has done, and the seconds that it took. */
struct tally {
    int first, ranks;       /* the ranks that count are first to ranks - 1 */
    double *work, *seconds; /* [ranks]; NULL: nothing is counted */
};

static void tally_begin(int ranks, struct tally *tally)
{
    *tally = (struct tally){.first = ranks > 1 ? 1 : 0, .ranks = ranks > 0 ? ranks : 0};
    tally->work = calloc((size_t)tally->ranks + 1, sizeof *tally->work);
    tally->seconds = calloc((size_t)tally->ranks + 1, sizeof *tally->seconds);
}

static void tally_add(struct tally *tally, int rank, double work, double seconds)
{
    if (tally->work && tally->seconds && rank >= tally->first && rank < tally->ranks && seconds > 0) {
        tally->work[rank] += work;
        tally->seconds[rank] += seconds;
    }
}

/* Ends the tally and returns the rate of all ranks together, NAN if none has done anything. */
static double tally_end(struct tally *tally)
{
    double rate = 0;
    for (int rank = tally->first; tally->work && tally->seconds && rank < tally->ranks; rank++) {
        rate += tally->seconds[rank] > 0 ? tally->work[rank] / tally->seconds[rank] : 0;
    }
    free(tally->work);
    free(tally->seconds);
    return rate > 0 ? rate : NAN;
}

void workload_blocks(const struct config *config, const struct block_record *block, size_t blocks, int ranks,
                     struct results_work *out)
{
    struct tally tally;
    *out = (struct results_work){NAN, NAN, NAN};
    if (!config || grid_blocks(&config->grid) != blocks) {
        return;
    }
    out->total = out->done = 0;
    tally_begin(ranks, &tally);
    for (size_t i = 0; i < blocks; i++) {
        struct block box = grid_block(&config->grid, i);
        double points = (double)block_points(&box);
        out->total += points;
        if (block[i].state == BLOCK_DONE) {
            out->done += points;
            tally_add(&tally, block[i].rank, points, block[i].seconds);
        }
    }
    out->rate = tally_end(&tally);
}

void workload_tasks(const struct config *config, const struct task_record *task, size_t tasks, int ranks,
                    struct results_work *out)
{
    struct tally tally;
    *out = (struct results_work){0, 0, NAN};
    if (tasks == 0) {
        return;
    }
    if (!config || config->solver != SOLVER_RIDGE || config->ridge.N.size * config->ridge.trials != tasks) {
        *out = (struct results_work){NAN, NAN, NAN};
        return;
    }
    size_t reach = ladder_reach(config);
    tally_begin(ranks, &tally);
    for (size_t i = 0; i < tasks; i++) {
        double flops = ladder_flops(config, reach, i / config->ridge.trials);
        out->total += flops;
        if (task[i].state != TASK_PENDING) {
            out->done += flops;
        }
        if (task[i].state == TASK_DONE) {
            tally_add(&tally, task[i].rank, flops, task[i].seconds);
        }
    }
    out->rate = tally_end(&tally);
}
