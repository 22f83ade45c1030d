/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs the program's own coordinator and workers with stand-ins for the solvers and the results file. smpicc compiles
 * it to run thousands of ranks in SimGrid; mpicc can compile it too. Rank 0 prints one line: workers, makespan in s,
 * work in s, seconds rank 0 was busy, records, rank 0's CPU seconds (which mean nothing in a simulation).
 *
 *   scale blocks BLOCKS N_I TAU_E PUT_SECONDS RECORD_SECONDS SECONDS...      blocks of N_I x TAU_E points
 *   scale ladder TRIALS RECORD_SECONDS SECONDS:RANKS...          one pair for each rung, N rising; SECONDS on one rank
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/coordinator.h"
#include "run/measurement.h"
#include "standins.h"

/* Rank 0 counts as idle from a probe or test that finds no message until the next one that does. */
static struct {
    double since, seconds;
    bool now;
} idle;

static void note_idle(bool arrived)
{
    double time = PMPI_Wtime();
    if (arrived && idle.now) {
        idle.seconds += time - idle.since;
        idle.now = false;
    } else if (!arrived && !idle.now) {
        idle.since = time;
        idle.now = true;
    }
}

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *arrived, MPI_Status *envelope)
{
    int result = PMPI_Iprobe(source, tag, comm, arrived, envelope);
    note_idle(*arrived);
    return result;
}

int MPI_Testany(int requests, MPI_Request *request, int *which, int *arrived, MPI_Status *envelope)
{
    int result = PMPI_Testany(requests, request, which, arrived, envelope);
    note_idle(*arrived);
    return result;
}

static double *zeros(size_t count)
{
    return calloc(count, sizeof(double));
}

static void run_blocks(int rank, size_t blocks, size_t N_Is, size_t tau_Es, struct progress *progress)
{
    const size_t size[GRID_AXES] = {1, N_Is, tau_Es, blocks, 1};
    struct config config = {
        .sweep = SWEEP_MARKET_ENTRY, .solver = SOLVER_DETERMINISTIC, .P = INFINITY, .stored = UINT64_MAX};
    for (int a = 0; a < GRID_AXES; a++) {
        config.grid.axis[a] = (struct axis){.size = size[a], .values = zeros(size[a]), .scalar = a == GRID_TAU_I};
    }
    struct worker *worker = standin_worker(&config);
    if (rank == 0) {
        coordinator_run(&config, NULL, NULL, progress, MPI_COMM_WORLD);
    } else {
        worker_run(worker, MPI_COMM_WORLD);
    }
    MPI_Barrier(MPI_COMM_WORLD); /* the stand-ins must outlive every message */
}

static void run_ladder(int rank, size_t trials, const int *group, struct progress *progress)
{
    struct config config = {.solver = SOLVER_RIDGE, .ridge = {.trials = trials}};
    struct ladder ladder;
    standin_ladder(&config, &ladder);
    if (rank == 0) {
        measurement_coordinate(&ladder, group, NULL, progress, MPI_COMM_WORLD);
    } else {
        measurement_work(&ladder, MPI_COMM_WORLD);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    bool blocks = argc > 7 && strcmp(argv[1], "blocks") == 0;
    int first = blocks ? 7 : 4;
    if (argc <= first || (!blocks && strcmp(argv[1], "ladder") != 0)) {
        fprintf(stderr, "scale: usage: see scale.c\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    size_t durations = (size_t)(argc - first);
    double *seconds = zeros(durations);
    int *group = calloc(durations, sizeof *group);
    for (size_t i = 0; i < durations; i++) {
        char *end;
        seconds[i] = strtod(argv[first + (int)i], &end);
        group[i] = *end == ':' ? atoi(end + 1) : 1;
    }
    standins = (struct standins){strtod(argv[first - 1], NULL), blocks ? strtod(argv[5], NULL) : 0, seconds, durations};

    struct progress progress;
    size_t count = strtoul(argv[2], NULL, 10);
    progress_begin(&progress, "records", count, 0, true);
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    clock_t cpu = clock();
    if (blocks) {
        run_blocks(rank, count, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10), &progress);
    } else {
        run_ladder(rank, count, group, &progress);
    }
    if (rank == 0) {
        double makespan = MPI_Wtime() - start;
        printf("%d %.9g %.9g %.9g %zu %.9g\n", ranks - 1, makespan, seen.work, makespan - idle.seconds, seen.records,
               (double)(clock() - cpu) / CLOCKS_PER_SEC);
    }
    MPI_Finalize();
    return 0;
}
