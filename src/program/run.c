/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat run: sweeps a grid of markets into a results file. */
#include <argp.h>
#include <errno.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/detach.h"
#include "base/memory.h"
#include "base/ranks.h"
#include "program/command.h"
#include "program/output.h"
#include "program/prose.h"
#include "program/report.h"
#include "results/results.h"
#include "run/inputs.h"
#include "run/interrupt.h"
#include "run/launcher.h"
#include "run/session.h"
#include "run/shortage.h"
#include "sweep/config.h"

static const struct argp_option options[] = {
    COMMAND_OUTPUT_OPTION,
    COMMAND_SET_OPTION,
    COMMAND_TABLES_OPTION,
    {"ranks", 'n', "K", 0,
     "start K ranks under mpirun, or under MOAT_LAUNCHER from the environment; best one more than there are cores", 0},
    COMMAND_FORCE_OPTION,
    COMMAND_FSYNC_OPTION,
    COMMAND_WRITERS_OPTION,
    {"quiet", 'q', NULL, 0, "print nothing but errors", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct session_request *request = state->input;
    switch (key) {
    case 'o':
        request->output = argument;
        return 0;
    case 'n':
        command_parse_ranks(argument, state, &request->ranks);
        return 0;
    case 'f':
        request->results |= RESULTS_FORCE;
        return 0;
    case COMMAND_FSYNC:
        request->results |= RESULTS_FSYNC;
        return 0;
    case COMMAND_WRITERS:
        request->writers = command_parse_writers(argument, state);
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case COMMAND_TABLES:
        request->tables = argument;
        return 0;
    case COMMAND_SET:
        return command_add_word(argument, &request->settings) ? 0 : ENOMEM;
    default:
        return command_parse_file(key, argument, state, "config", &request->config);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "CONFIG.yaml",
    .doc = "Sweeps the grid of CONFIG.yaml into a results file (HDF5), under mpirun, srun or alone. The same command "
           "resumes a sweep that was stopped or killed."};

/* Returns whether this process is to become the launcher of the ranks asked for, being neither one of them nor all of
   them. */
static bool starts_ranks(const struct session_request *request)
{
    struct launcher launcher;
    return request->ranks > 1 && !getenv("MOAT_RANK_STARTED") && !(launcher_find(&launcher) && launcher.direct);
}

/* Becomes the launcher; returns only if that fails. A bad config or spectrum is refused here, by one process. */
static enum moat_status start_ranks(const struct session_request *request, char **words)
{
    enum moat_status status = inputs_check(request->config, request->settings);
    if (status == MOAT_OK) {
        status = detach_from_terminal();
    }
    if (status == MOAT_OK) {
        setenv("MOAT_RANK_STARTED", "1", 1);
        words[0] = "run";
        status = ranks_start(NULL, request->ranks, (const char *const *)words);
    }
    command_print_error(status);
    return status;
}

/* Runs the sweep on every rank; only rank 0 returns another status than MOAT_OK, for mpirun kills the other ranks at
   the first exit code that is not 0. */
static enum moat_status sweep(const struct session_request *request)
{
    struct session session;
    enum moat_status status = session_open(request, MPI_COMM_WORLD, &session);
    if (status == MOAT_OK) {
        status = session_measure(&session);
    }
    if (status == MOAT_OK) {
        status = session_solve(&session);
    }
    if (session.results && !request->quiet && (status == MOAT_OK || status == MOAT_STOPPED)) {
        enum moat_status reported = report_end(&session);
        status = reported == MOAT_OK ? status : reported;
    }
    if (status == MOAT_STOPPED && session.results) { /* else it is not even there */
        moat_error_set(status, "stopped by a signal; the same command resumes the sweep");
    }
    command_print_error(status);
    enum moat_status closed = session_close(&session);
    if (status != MOAT_MEMORY) { /* else closing fails of the same shortage, which is said */
        command_print_error(closed);
    }
    if (session.rank != 0) {
        return MOAT_OK;
    }
    return closed != MOAT_OK && (status == MOAT_OK || status == MOAT_STOPPED) ? closed : status;
}

/* Ends the run if this rank has no memory for messages to the others, and so could not even agree with them to end it.
 */
static void require_memory(int rank)
{
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks > 1 && !memory_left(MEMORY_TO_START)) {
        moat_error_set(MOAT_MEMORY, "out of memory: less than %zu MB are left, which MPI may need to begin",
                       MEMORY_TO_START >> 20);
        command_print_error(shortage_explain(rank));
        MPI_Abort(MPI_COMM_WORLD, command_exit_code(MOAT_MEMORY));
    }
}

static int run(int argc, char **argv)
{
    struct session_request request = {.begin = report_begin, .note = prose_print};
    int rank, code;
    char *line = command_line(argc, argv);
    request.command = line ? line : "";
    command_parse(&argp, argc, argv, &request);
    if (starts_ranks(&request)) {
        code = command_exit_code(start_ranks(&request, argv));
        free(request.settings);
        free(line);
        return code;
    }

    interrupt_install();
    results_prepare();
    if (command_start_mpi(&rank, &code)) {
        require_memory(rank);
        code = command_exit_code(sweep(&request));
        output_flush(); /* Open MPI 5 flushes it too, and keeps to itself why it could not */
        MPI_Finalize();
    }
    free(request.settings);
    free(line);
    return code;
}

const struct command command_run = {.name = "run",
                                    .summary =
                                        "sweep a grid of markets into a results file; under mpirun, srun or alone",
                                    .argp = &argp,
                                    .run = run};
