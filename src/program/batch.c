/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat batch: a run as a SLURM job that is requeued at each time limit until the file is complete. The command starts
   `moat run` under mpirun or srun as a child and waits beside it; attempt.c decides about the job. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ranks.h"
#include "program/attempt.h"
#include "program/command.h"
#include "run/launcher.h"
#include "sweep/config.h"

struct batch_arguments {
    const char *config, *output, *tables, *launcher, **settings;
    enum writers writers;
    bool force, fsync;
};

static const struct argp_option options[] = {
    COMMAND_OUTPUT_OPTION,
    COMMAND_SET_OPTION,
    COMMAND_TABLES_OPTION,
    COMMAND_FORCE_OPTION,
    COMMAND_FSYNC_OPTION,
    COMMAND_WRITERS_OPTION,
    {"launcher", 'l', "COMMAND", 0,
     "command that starts the ranks, such as \"srun --mpi=pmix\"; default: MOAT_LAUNCHER from the environment, or "
     "mpirun",
     0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct batch_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = argument;
        return 0;
    case 'f':
        arguments->force = true;
        return 0;
    case COMMAND_FSYNC:
        arguments->fsync = true;
        return 0;
    case COMMAND_WRITERS:
        arguments->writers = command_parse_writers(argument, state);
        return 0;
    case 'l':
        arguments->launcher = argument;
        return 0;
    case COMMAND_TABLES:
        arguments->tables = argument;
        return 0;
    case COMMAND_SET:
        return command_add_word(argument, &arguments->settings) ? 0 : ENOMEM;
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "CONFIG.yaml",
    .doc = "Runs the sweep of CONFIG.yaml inside a SLURM job: starts `moat run` under mpirun or srun, stops it before "
           "the time limit, and requeues the job until the file is complete. This is the last line of a batch script, "
           "such as jobs/sweep.sbatch."};

/* Starts the launcher of `moat run`, and returns its process id. */
static pid_t start_run(const struct batch_arguments *arguments, const char *path)
{
    const char **words = NULL;
    bool ok = command_add_word("run", &words) && command_add_word(arguments->config, &words) &&
              command_add_word("-o", &words) && command_add_word(path, &words);
    for (const char **setting = arguments->settings; ok && setting && *setting; setting++) {
        ok = command_add_word("--set", &words) && command_add_word(*setting, &words);
    }
    ok = ok &&
         (!arguments->tables || (command_add_word("--tables", &words) && command_add_word(arguments->tables, &words)));
    ok = ok && (!arguments->force || command_add_word("--force", &words)) &&
         (!arguments->fsync || command_add_word("--fsync", &words)) &&
         (!arguments->writers ||
          (command_add_word("--writers", &words) && command_add_word(writers_name[arguments->writers], &words)));
    pid_t child = ok ? fork() : -1;
    if (child == 0) {
        attempt_unblock_signals();
        ranks_start(arguments->launcher, 0, words);
        fprintf(stderr, "moat: %s\n", moat_error_message());
        _exit(127);
    }
    free(words);
    return child;
}

static int run_job(const struct batch_arguments *arguments, const char *path)
{
    struct attempt attempt;
    attempt_begin(path, &attempt);
    pid_t launcher = start_run(arguments, path);
    if (launcher < 0) {
        fprintf(stderr, "moat: the launcher cannot be started: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    return attempt_finish(&attempt, launcher);
}

/* Refuses to be one of several processes of `moat batch`: the first says why. Sets the exit code. */
static bool is_alone(int *code)
{
    struct launcher launcher;
    if (!launcher_find(&launcher) || launcher.size <= 1 || !launcher.direct) {
        return true;
    }
    *code = EXIT_SUCCESS;
    if (launcher.rank == 0) {
        fprintf(stderr,
                "moat: %s started %d processes of `moat batch`, which starts the ranks itself: call it without a "
                "launcher, or "
                "name the launcher with --launcher\n",
                launcher.name, launcher.size);
        *code = command_exit_code(MOAT_USAGE);
    }
    return false;
}

static int run(int argc, char **argv)
{
    struct batch_arguments arguments = {0};
    struct config *config = NULL;
    int code;
    command_parse(&argp, argc, argv, &arguments);
    if (!is_alone(&code)) {
        return code;
    }
    enum moat_status status = config_load(arguments.config, arguments.settings, &config);
    command_print_error(status);
    code = status == MOAT_OK ? run_job(&arguments, arguments.output ? arguments.output : config->output)
                             : command_exit_code(status);
    config_destroy(&config);
    free(arguments.settings);
    return code;
}

const struct command command_batch = {.name = "batch",
                                      .summary = "run a sweep inside a SLURM job, requeued until the file is complete",
                                      .argp = &argp,
                                      .run = run};
