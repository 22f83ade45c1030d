/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat run: the sweep, from the config to the file. */
#include <argp.h>
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/launch.h"
#include "base/ranks.h"
#include "program/command.h"
#include "results/results.h"
#include "run/coordinator.h"
#include "run/interrupt.h"
#include "run/launcher.h"
#include "run/measurement.h"
#include "run/progress.h"
#include "run/worker.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

struct arguments {
    const char *command; /* the line it was called with */
    const char *config, *output;
    int ranks; /* how many it asks for; 0: as many as were started */
    bool quiet;
    unsigned results; /* options of results_open */
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "results file, instead of the config's `output`", 0},
    {"ranks", 'n', "K", 0, "start K ranks under mpirun, or under MOAT_LAUNCHER; best one more than there are cores", 0},
    {"force", 'f', NULL, 0, "replace a results file of another sweep", 0},
    COMMAND_FSYNC_OPTION,
    {"quiet", 'q', NULL, 0, "print nothing but errors", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = argument;
        return 0;
    case 'n':
        command_parse_ranks(argument, state, &arguments->ranks);
        return 0;
    case 'f':
        arguments->results |= RESULTS_FORCE;
        return 0;
    case COMMAND_FSYNC:
        arguments->results |= RESULTS_FSYNC;
        return 0;
    case 'q':
        arguments->quiet = true;
        return 0;
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

/* Every rank but 0 gets rank 0's config. Collective. */
static enum moat_status share_config(struct config **config, int rank, MPI_Comm comm)
{
    unsigned long long length = rank == 0 ? strlen((*config)->text) : 0;
    MPI_Bcast(&length, 1, MPI_UNSIGNED_LONG_LONG, 0, comm);
    char *text = rank == 0 ? (*config)->text : calloc(length + 1, 1);
    enum moat_status status = text ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for the config");
    status = coordinator_agree(status, comm);
    if (status == MOAT_OK) {
        MPI_Bcast(text, (int)length, MPI_CHAR, 0, comm);
    }
    if (rank != 0) {
        status = status == MOAT_OK ? config_parse(text, "config", config) : status;
        free(text);
    }
    return status;
}

static void print_summary(const struct results_summary *summary, const struct progress *progress, const char *path)
{
    double seconds = progress_seconds(progress);
    size_t points = progress->done - progress->first;
    command_print_summary(summary);
    printf("%zu points in %.2f s, %.3g points/s: %s\n", points, seconds, seconds > 0 ? (double)points / seconds : 0,
           path);
}

static size_t points_done(const struct config *config, const struct results *results)
{
    size_t points = 0;
    for (size_t i = 0; i < grid_blocks(&config->grid); i++) {
        struct block block = grid_block(&config->grid, i);
        points += results_block_done(results, i) ? block_points(&block) : 0;
    }
    return points;
}

/* Rank 0's part once all ranks are ready. */
static enum moat_status coordinate(const struct arguments *arguments, const struct config *config,
                                   struct results *results, struct worker *worker, MPI_Comm comm)
{
    struct progress progress;
    progress_begin(&progress, "points", grid_points(&config->grid), points_done(config, results), arguments->quiet);
    enum moat_status status = coordinator_run(config, results, worker, &progress, comm);
    progress_end(&progress);
    if (!arguments->quiet && (status == MOAT_OK || status == MOAT_STOPPED)) {
        struct results_summary summary;
        enum moat_status counted = results_count(results, &summary);
        if (counted != MOAT_OK) {
            return counted;
        }
        print_summary(&summary, &progress, arguments->output ? arguments->output : config->output);
    }
    return status;
}

static size_t tasks_left(const struct ladder *ladder)
{
    size_t left = 0;
    for (size_t task = 0; task < ladder->tasks; task++) {
        left += ladder->state[task] == TASK_PENDING;
    }
    return left;
}

/* The group size of each rung, the caller's to free; refuses what does not fit into `bytes` on a rank. Local. */
static enum moat_status plan_groups(const struct config *config, double bytes, MPI_Comm comm, int **group)
{
    int ranks;
    MPI_Comm_size(comm, &ranks);
    *group = calloc(config->ridge.N.size, sizeof **group);
    return *group ? measurement_groups(config, ranks > 1 ? ranks - 1 : 1, bytes, *group)
                  : moat_error_set(MOAT_MEMORY, "out of memory for %zu rungs", config->ridge.N.size);
}

/* The command line and where it runs, for the file's history; NULL when out of memory. */
static char *history_line(const struct arguments *arguments, int nodes, int ranks)
{
    struct launch launch;
    char where[384], *line;
    launch_here(nodes, ranks, &launch);
    launch_format(&launch, where, sizeof where);
    return asprintf(&line, "%s [%s]", arguments->command, where) >= 0 ? line : NULL;
}

/* Nodes of the run, and the cores that its ranks can keep busy there. Collective. */
static int count_nodes(MPI_Comm comm, double *cores)
{
    MPI_Comm node;
    int ranks, first, nodes;
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &ranks);
    MPI_Comm_rank(node, &first);
    MPI_Comm_free(&node);
    nodes = first == 0;
    *cores = first == 0 ? fmin(ranks, (double)sysconf(_SC_NPROCESSORS_ONLN)) : 0;
    MPI_Allreduce(MPI_IN_PLACE, &nodes, 1, MPI_INT, MPI_SUM, comm);
    MPI_Allreduce(MPI_IN_PLACE, cores, 1, MPI_DOUBLE, MPI_SUM, comm);
    return nodes;
}

/* Rank 0, before any work: reads the config, then opens the file, so that a refusal leaves no file. */
static enum moat_status prepare(const struct arguments *arguments, int nodes, double bytes, MPI_Comm comm,
                                struct config **config, struct results **results)
{
    int ranks, *group = NULL;
    MPI_Comm_size(comm, &ranks);
    if (arguments->ranks > 0 && arguments->ranks != ranks) {
        return moat_error_set(MOAT_USAGE, "--ranks: found %d, but the launcher has started %d: leave --ranks out",
                              arguments->ranks, ranks);
    }
    enum moat_status status = config_load(arguments->config, config);
    if (status == MOAT_OK && (*config)->solver == SOLVER_RIDGE) {
        status = plan_groups(*config, bytes, comm, &group);
        free(group);
    }
    if (status == MOAT_OK) {
        const char *output = arguments->output ? arguments->output : (*config)->output;
        char *line = history_line(arguments, nodes, ranks);
        status = line ? results_open(output, *config, line, arguments->results, results)
                      : moat_error_set(MOAT_MEMORY, "out of memory");
        free(line);
    }
    return status;
}

/* With SOLVER_RIDGE: every rank gets the measured tables, those that the file lacks are made. Collective. */
static enum moat_status measure(const struct arguments *arguments, const struct config *config, struct results *results,
                                double bytes, MPI_Comm comm, struct ladder **out)
{
    int rank, *group = NULL;
    MPI_Comm_rank(comm, &rank);
    enum moat_status status = plan_groups(config, bytes, comm, &group);
    if (status == MOAT_OK) {
        status = ladder_create(config, out);
    }
    if (status == MOAT_OK && rank == 0) {
        status = results_read_tables(results, *out);
    }
    enum moat_status agreed = coordinator_agree(status, comm);
    if (agreed == MOAT_OK && *out) {
        measurement_share(*out, comm);
        bool left = tasks_left(*out) > 0; /* the same on every rank */
        if (rank == 0 && left) {
            struct progress progress;
            progress_begin(&progress, "data sets", (*out)->tasks, (*out)->tasks - tasks_left(*out), arguments->quiet);
            status = measurement_coordinate(*out, group, results, &progress, comm);
            progress_end(&progress);
        } else if (left) {
            measurement_work(*out, comm);
        }
        agreed = coordinator_agree(status, comm);
        if (agreed == MOAT_OK) {
            measurement_share(*out, comm);
        }
    }
    free(group);
    return status != MOAT_OK ? status : agreed;
}

static enum moat_status sweep(const struct arguments *arguments, MPI_Comm comm)
{
    struct config *config = NULL;
    struct results *results = NULL;
    struct ladder *ladder = NULL;
    struct worker *worker = NULL;
    int rank = 0;
    MPI_Comm_rank(comm, &rank);

    double bytes = measurement_memory(comm), cores = 0;
    int nodes = count_nodes(comm, &cores);
    enum moat_status status = MOAT_OK, agreed;
    if (rank == 0) {
        status = prepare(arguments, nodes, bytes, comm, &config, &results);
    }
    if (status == MOAT_OK && results) {
        results_account(results, cores);
    }
    agreed = coordinator_agree(status, comm);
    if (agreed == MOAT_OK) {
        status = share_config(&config, rank, comm);
        agreed = coordinator_agree(status, comm);
    }
    if (agreed == MOAT_OK && config && config->solver == SOLVER_RIDGE) {
        status = measure(arguments, config, results, bytes, comm, &ladder);
        agreed = coordinator_agree(status, comm);
    }
    if (agreed == MOAT_OK) {
        status = worker_create(config, ladder, &worker);
        agreed = coordinator_agree(status, comm);
    }
    if (agreed == MOAT_OK && rank == 0 && config) {
        status = coordinate(arguments, config, results, worker, comm);
    } else if (agreed == MOAT_OK) {
        worker_run(worker, comm);
    }

    bool shared = status == MOAT_USAGE || status == MOAT_STOPPED; /* what every rank finds, rank 0 says */
    if (status != MOAT_OK && *moat_error_message() && (rank == 0 || !shared)) {
        fprintf(stderr, status == MOAT_STOPPED ? "moat: %s; the same command goes on from there\n" : "moat: %s\n",
                moat_error_message());
    }
    enum moat_status closed = results_close(&results);
    if (closed != MOAT_OK) {
        fprintf(stderr, "moat: %s\n", moat_error_message());
    }
    worker_destroy(&worker);
    ladder_destroy(&ladder);
    config_destroy(&config);
    if (rank != 0) {
        return MOAT_OK; /* rank 0 speaks for all: mpirun kills the others at the first nonzero exit */
    }
    status = status == MOAT_OK ? agreed : status;
    return status == MOAT_OK || status == MOAT_STOPPED ? (closed == MOAT_OK ? status : closed) : status;
}

/* The command line as one string, for the file's history, where a line is a line; NULL when out of memory. */
static char *join(int argc, char **argv)
{
    size_t size = 1;
    for (int i = 0; i < argc; i++) {
        size += strlen(argv[i]) + 1;
    }
    char *line = calloc(size, 1);
    for (int i = 0; line && i < argc; i++) {
        strcat(line, argv[i]);
        strcat(line, i + 1 < argc ? " " : "");
    }
    for (char *c = line; c && *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    return line;
}

/* Whether this process is to become the launcher of the ranks asked for: it is neither one of them nor all of them. */
static bool starts_ranks(const struct arguments *arguments)
{
    struct launcher launcher;
    return arguments->ranks > 1 && !getenv("MOAT_RANK_STARTED") && !(launcher_find(&launcher) && launcher.direct);
}

/* Becomes the launcher; returns only a failure. A bad config is refused once, before there are ranks. */
static enum moat_status start_ranks(const struct arguments *arguments, char **words)
{
    struct config *config = NULL;
    enum moat_status status = config_load(arguments->config, &config);
    config_destroy(&config);
    if (status == MOAT_OK) {
        setenv("MOAT_RANK_STARTED", "1", 1);
        words[0] = "run";
        status = ranks_start(NULL, arguments->ranks, (const char *const *)words);
    }
    fprintf(stderr, "moat: %s\n", moat_error_message());
    return status;
}

int command_run(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "CONFIG.yaml",
                              .doc =
                                  "Sweeps the grid of CONFIG.yaml into an HDF5 file. The same command resumes a sweep "
                                  "that was stopped or killed."};
    char *command = join(argc, argv); /* before argp orders the words anew */
    arguments.command = command ? command : "";
    command_parse(&argp, argc, argv, &arguments);
    if (starts_ranks(&arguments)) {
        free(command);
        return command_exit_code(start_ranks(&arguments, argv));
    }

    interrupt_install();
    results_prepare();
    int rank, code;
    if (command_start_mpi(&rank, &code)) {
        code = command_exit_code(sweep(&arguments, MPI_COMM_WORLD));
        MPI_Finalize();
    }
    free(command);
    return code;
}
