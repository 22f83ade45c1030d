/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures the costs on which the simulation is based, with the program's own library in one process. They are CPU
 * seconds: a busy machine matters little, and a disk behind the page cache not at all. Prints lines of a name and
 * values:
 *
 *   solve SECONDS...              for every block of THRESHOLD.yaml
 *   shape N_I TAU_E               points of a block along these two axes
 *   record_bytes BYTES            size of a block's record
 *   write_block, write_task       seconds to write one record, and the tables of one task
 *   mark_block                    seconds of rank 0 to mark a block that a worker has written, with its share of a
 * flush message_block, message_task   seconds to send the same from this process to itself message_report seconds to
 * send the report of a worker that writes, and to hand out a block rung N SECONDS                for one task of every
 * rung on one rank. Tasks of more than LONGEST_FLOPS operations are not run; their time is computed at the rate of the
 * last task that was groups WORKERS TRIALS RANKS.. number of ranks in the group of every rung
 *
 * Usage: costs THRESHOLD.yaml LADDER.yaml FILE WORKERS...; FILE is overwritten.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "results/results.h"
#include "ridge/ridge.h"
#include "run/measurement.h"
#include "run/worker.h"
#include "sweep/config.h"
#include "sweep/ladder.h"
#include "sweep/record.h"

enum { WORKERS_PER_TRIAL = 8, MESSAGES = 1000 };
#define RANK_BYTES 4e9
#define LONGEST_FLOPS 1e10

static double cpu(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void check(enum moat_status status)
{
    if (status != MOAT_OK) {
        fprintf(stderr, "costs: %s\n", moat_error_message());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

/*
 * CPU seconds of an answer that consists of `pieces` messages of `bytes` each. Rank 0 needs less than that, because
 * this process is the sender too.
 */
static double message_seconds(size_t bytes, int pieces)
{
    char *out = calloc(1, bytes), *in = calloc(1, bytes);
    double start = cpu();
    for (int i = 0; out && in && i < MESSAGES * pieces; i++) {
        int arrived = 0;
        MPI_Request sent;
        MPI_Isend(out, (int)bytes, MPI_BYTE, 0, 1, MPI_COMM_SELF, &sent);
        while (!arrived) {
            MPI_Iprobe(MPI_ANY_SOURCE, 1, MPI_COMM_SELF, &arrived, MPI_STATUS_IGNORE);
        }
        MPI_Recv(in, (int)bytes, MPI_BYTE, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
        MPI_Wait(&sent, MPI_STATUS_IGNORE);
    }
    free(in);
    free(out);
    return (cpu() - start) / (double)MESSAGES;
}

static void measure_blocks(const struct config *config, const char *path)
{
    struct results *results = NULL;
    struct worker *worker = NULL;
    size_t blocks = grid_blocks(&config->grid), shape[GRID_AXES];
    double writing = 0;
    check(results_open(path, config, &(struct results_run){.command = "costs"}, RESULTS_FORCE, &results));
    check(worker_create(config, NULL, &worker));
    printf("solve");
    for (size_t block = 0; block < blocks; block++) {
        struct solved_header header;
        double start = cpu();
        const unsigned char *record;
        check(worker_solve(worker, block, &header, &record));
        double solved = cpu();
        check(results_write(results, block, record, header.checksum, header.seconds, 1));
        writing += cpu() - solved;
        printf(" %.4g", solved - start);
    }
    size_t bytes = record_size(config, 0);
    grid_block_shape(&config->grid, shape);
    printf("\nshape %zu %zu\nrecord_bytes %zu\nwrite_block %.4g\n", shape[GRID_N_I], shape[GRID_TAU_E], bytes,
           writing / (double)blocks);
    printf("message_block %.4g\n", message_seconds(bytes, 1) + message_seconds(sizeof(unsigned long long), 1));
    printf("message_report %.4g\n",
           message_seconds(sizeof(struct solved_header), 1) + message_seconds(sizeof(unsigned long long), 1));
    double start = cpu();
    for (size_t block = 0; block < blocks; block++) {
        check(results_mark(results, block, 0, 1, 1));
    }
    check(results_flush(results));
    printf("mark_block %.4g\n", (cpu() - start) / (double)blocks);
    check(results_close(&results));
    worker_destroy(&worker);
}

static double rung_flops(const struct config *config, size_t rung)
{
    return ridge_flops((size_t)config->P, (size_t)config->ridge.N.values[rung], config->grid.axis[GRID_NU].size,
                       LADDER_LAMBDAS);
}

static void measure_rungs(const struct config *config, struct ladder *ladder)
{
    double rate = 0;
    for (size_t k = 0; k < ladder->rungs; k++) {
        double seconds = 0, flops = rung_flops(config, k), start = cpu();
        if (k == 0 || flops < LONGEST_FLOPS) {
            check(measurement_solve(ladder, k * ladder->trials, MPI_COMM_SELF, NULL, &seconds));
            rate = flops / (cpu() - start);
        }
        printf("rung %.0f %.4g\n", config->ridge.N.values[k], flops / rate);
    }
}

static void measure_ladder(struct config *config, const char *path, char **workers)
{
    struct results *results = NULL;
    struct ladder *ladder = NULL;
    check(results_open(path, config, &(struct results_run){.command = "costs"}, RESULTS_FORCE, &results));
    check(ladder_create(config, &ladder));
    measure_rungs(config, ladder);
    check(ladder_expect(ladder));
    double start = cpu();
    for (size_t task = 0; task < ladder->tasks; task++) {
        check(results_write_task(results, ladder, task, 1, 1, ""));
    }
    printf("write_task %.4g\n", (cpu() - start) / (double)ladder->tasks);
    printf("message_task %.4g\n", message_seconds(ladder_task_size(ladder) * sizeof(double), 5));
    check(results_close(&results));

    int *group = calloc(ladder->rungs, sizeof *group);
    for (; group && *workers; workers++) {
        int count = atoi(*workers);
        config->ridge.trials = count > WORKERS_PER_TRIAL ? (size_t)count / WORKERS_PER_TRIAL : 1;
        check(measurement_groups(config, NULL, count, RANK_BYTES, group));
        printf("groups %d %zu", count, config->ridge.trials);
        for (size_t k = 0; k < ladder->rungs; k++) {
            printf(" %d", group[k]);
        }
        printf("\n");
    }
    free(group);
    ladder_destroy(&ladder);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    struct config *threshold = NULL, *ladder = NULL;
    if (argc < 5) {
        fprintf(stderr, "costs: usage: costs THRESHOLD.yaml LADDER.yaml FILE WORKERS...\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    check(config_load(argv[1], NULL, &threshold));
    measure_blocks(threshold, argv[3]);
    check(config_load(argv[2], NULL, &ladder));
    measure_ladder(ladder, argv[3], argv + 4);
    config_destroy(&ladder);
    config_destroy(&threshold);
    MPI_Finalize();
    return 0;
}
