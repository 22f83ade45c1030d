/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stand-ins for the solvers and the results file, complete enough for the coordinator and the workers. */
#include "standins.h"

#include <mpi.h>
#include <stdlib.h>
#include <time.h>

#include "base/hangup.h"
#include "moat/market.h"
#include "results/results.h"
#include "run/measurement_internal.h"
#include "run/worker.h"
#include "run/worker_internal.h"

struct standins standins;
struct seen seen;
const char *const moat_market_status_name[MOAT_MARKET_STATUSES] = {
    0}; /* the table of fields refers to it; nothing reads it */

void pass(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)(1e9 * (seconds - (double)time.tv_sec));
    if (seconds > 0) {
        nanosleep(&time, NULL);
    }
}

/* --- Blocks */

struct worker {
    const struct config *config;
    unsigned char *message;
};

/*
 * Thousands of workers share one process. Their records come from calloc, because pages that are never written take no
 * memory.
 */
struct worker *standin_worker(const struct config *config)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker) {
        worker->config = config;
        worker->message = calloc(1, worker_message_size(config));
    }
    return worker;
}

size_t worker_message_size(const struct config *config)
{
    return sizeof(struct solved_header) + record_size(config, 0);
}

enum moat_status worker_solve(struct worker *worker, size_t index, struct solved_header *header,
                              const unsigned char **record)
{
    *header = (struct solved_header){.block = index, .seconds = standins.seconds[index % standins.durations]};
    pass(header->seconds);
    *record = worker->message + sizeof *header;
    return MOAT_OK;
}

const void *worker_answer(struct worker *worker, size_t index, size_t *size)
{
    const unsigned char *record;
    struct solved_header *header = (struct solved_header *)(void *)worker->message;
    worker_solve(worker, index, header, &record);
    header->written = standins.put_seconds >= 0;
    pass(standins.put_seconds);
    *size = sizeof *header + (header->written ? 0 : record_size(worker->config, index));
    return worker->message;
}

bool results_block_done(const struct results *results, size_t index)
{
    (void)results;
    (void)index;
    return false;
}

enum moat_status results_write(struct results *results, size_t index, const unsigned char *record, uint32_t checksum,
                               double seconds, int rank)
{
    (void)results;
    (void)index;
    (void)record;
    (void)checksum;
    (void)rank;
    seen.work += seconds;
    seen.records++;
    pass(standins.record_seconds);
    return MOAT_OK;
}

enum moat_status results_mark(struct results *results, size_t index, uint32_t checksum, double seconds, int rank)
{
    return results_write(results, index, NULL, checksum, seconds, rank);
}

enum moat_status results_put_failed(struct results *results, int rank, const char *reason)
{
    (void)results, (void)rank, (void)reason;
    return MOAT_IO;
}

enum moat_status results_flush(struct results *results)
{
    (void)results;
    return MOAT_OK;
}

enum moat_status results_reopen_blocks(struct results *results)
{
    (void)results;
    return MOAT_OK;
}

/* smpicc makes a shared library, which cannot have what runs before main. */
bool hangup_ignored(void)
{
    return false;
}

/* --- Tasks of the ladder */

void standin_ladder(const struct config *config, struct ladder *ladder)
{
    *ladder = (struct ladder){.config = config,
                              .rungs = standins.durations,
                              .trials = config->ridge.trials,
                              .nus = 1,
                              .lambdas = LADDER_LAMBDAS,
                              .tasks = standins.durations * config->ridge.trials};
    size_t values = ladder->tasks * ladder_task_size(ladder);
    ladder->A1 = calloc(values, sizeof(double));
    ladder->A2 = calloc(values, sizeof(double));
    ladder->D = calloc(values, sizeof(double));
    ladder->state = calloc(ladder->tasks, 1);
}

int ladder_tables(const struct ladder *ladder)
{
    (void)ladder;
    return 3;
}

double *ladder_table(const struct ladder *ladder, int table)
{
    return table == 0 ? ladder->A1 : table == 1 ? ladder->A2 : ladder->D;
}

size_t ladder_task_size(const struct ladder *ladder)
{
    return ladder->nus * ladder->lambdas;
}

void measurement_weigh(const struct ladder *ladder, int workers, struct progress *progress)
{
    (void)ladder, (void)workers, (void)progress;
}

void measurement_count(const struct ladder *ladder, size_t task, double seconds, int ranks, struct progress *progress)
{
    (void)ladder, (void)task;
    progress_add_work(progress, 0, seconds * ranks);
}

void measurement_trial_groups(const struct ladder *ladder, const int *group, int workers, int *ranks)
{
    (void)ladder, (void)group, (void)workers, (void)ranks; /* no task goes through sums */
}

void ridge_sums_release(struct ridge_sums **sums)
{
    (void)sums;
}

enum moat_status measurement_solve(struct ladder *ladder, size_t task, MPI_Comm group, struct ridge_sums **sums,
                                   double *seconds)
{
    (void)sums;
    int ranks;
    MPI_Comm_size(group, &ranks);
    *seconds = standins.seconds[task / ladder->trials] / ranks;
    pass(*seconds);
    MPI_Barrier(group);
    ladder->state[task] = TASK_DONE;
    return MOAT_OK;
}

enum moat_status results_write_task(struct results *results, const struct ladder *ladder, size_t task, double seconds,
                                    int rank, const char *message)
{
    (void)results;
    (void)rank;
    (void)message;
    (void)seconds;
    seen.work += standins.seconds[task / ladder->trials];
    seen.records++;
    pass(standins.record_seconds);
    return MOAT_OK;
}
