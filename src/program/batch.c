/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * moat batch: a run as a SLURM job that is requeued at each time limit until the file is complete.
 *
 * The command starts `moat run` under mpirun or srun as a child and waits beside it. The signal before the time limit
 * (USR1, see jobs/sweep.sbatch) is passed on, and the run stops cleanly. A run that does not stop in time, as in the
 * middle of a large factorisation, is killed: the file loses only the work in progress. The job is then requeued. It is
 * not if this attempt has added nothing to the file, since a further attempt would not either. At a TERM (scancel,
 * preemption, requeue) SLURM has already decided about the job, and only the run is stopped.
 */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ranks.h"
#include "base/slurm.h"
#include "program/command.h"
#include "results/results.h"
#include "run/launcher.h"
#include "sweep/config.h"

enum {
    MARGIN = 20,      /* s before the time limit at which a run that has not stopped is killed and the job requeued */
    GRACE = 8,        /* s from TERM to KILL */
    REQUEUE_WAIT = 60 /* s within which SLURM ends the processes of a requeued job */
};

struct batch_arguments {
    const char *config, *output, *launcher, **settings;
    bool force, fsync;
};

static const struct argp_option options[] = {
    COMMAND_OUTPUT_OPTION,
    COMMAND_SET_OPTION,
    COMMAND_FORCE_OPTION,
    COMMAND_FSYNC_OPTION,
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
    case 'l':
        arguments->launcher = argument;
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

struct batch {
    struct slurm_job job;
    char name[SLURM_NAME_SIZE]; /* of the job, for messages */
    const char *path;           /* the results file */
    pid_t launcher;
    bool limit, ended; /* SLURM has announced the time limit; it ends the job */
    double deadline;   /* when to send the launcher a TERM, on clock_seconds; INFINITY: never */
    double killing;    /* when to send it a KILL, likewise */
    int code;          /* the launcher's exit code, 128 + signal if it was killed */
};

/* Returns how many blocks and data sets the file has, 0 if there is no file. */
static size_t count_work(const char *path, bool *complete)
{
    struct results_summary summary;
    bool read = results_summarise(path, &summary) == MOAT_OK;
    *complete = read && summary.blocks_done == summary.blocks;
    return read ? summary.blocks_done + summary.tasks_done + summary.tasks_failed : 0;
}

/* The signals that end the wait beside the launcher. */
static void fill_signals(sigset_t *set)
{
    const int signals[] = {SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaddset(set, signals[i]);
    }
}

/* Starts the launcher of `moat run`, and returns its process id. */
static pid_t start_run(const struct batch_arguments *arguments, const char *path)
{
    const char **words = NULL;
    bool ok = command_add_word("run", &words) && command_add_word(arguments->config, &words) &&
              command_add_word("-o", &words) && command_add_word(path, &words);
    for (const char **setting = arguments->settings; ok && setting && *setting; setting++) {
        ok = command_add_word("--set", &words) && command_add_word(*setting, &words);
    }
    ok = ok && (!arguments->force || command_add_word("--force", &words)) &&
         (!arguments->fsync || command_add_word("--fsync", &words));
    pid_t child = ok ? fork() : -1;
    if (child == 0) {
        sigset_t set;
        fill_signals(&set);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        ranks_start(arguments->launcher, 0, words);
        fprintf(stderr, "moat: %s\n", moat_error_message());
        _exit(127);
    }
    free(words);
    return child;
}

/* Returns whether the launcher has ended, and then sets its code. */
static bool has_ended(struct batch *batch)
{
    int state;
    if (waitpid(batch->launcher, &state, WNOHANG) != batch->launcher) {
        return false;
    }
    batch->code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return true;
}

/* Acts on a signal that SLURM has sent to the job. After the first the run stops already, and a second changes only the
   reason. */
static void take_signal(struct batch *batch, int number)
{
    bool first = !batch->limit && !batch->ended;
    batch->ended = batch->ended || (number != SIGUSR1 && number != SIGUSR2);
    if (!batch->ended && first) {
        double left = batch->job.id > 0 ? slurm_time_left(&batch->job) : INFINITY;
        fprintf(stderr, "moat: signal %d, %.0f s before the time limit: stopping the run\n", number, left);
        batch->limit = true;
        batch->deadline = clock_seconds() + fmax(left - (double)MARGIN, 0);
    }
    if (first) {
        /* Never TERM or INT, at which mpirun ends its ranks before they have closed the file. */
        kill(batch->launcher, SIGUSR1);
    }
}

/* Waits until the launcher has ended. */
static void wait_beside(struct batch *batch)
{
    const struct timespec tick = {.tv_sec = 1};
    sigset_t set;
    fill_signals(&set);
    while (!has_ended(batch)) {
        int number = sigtimedwait(&set, NULL, &tick);
        if (number > 0 && number != SIGCHLD) {
            take_signal(batch, number);
        }
        if (clock_seconds() > batch->killing) {
            kill(batch->launcher, SIGKILL);
        } else if (clock_seconds() > batch->deadline && isinf(batch->killing)) {
            fprintf(stderr, "moat: the run does not stop in time: killing it, the work in progress is lost\n");
            kill(batch->launcher, SIGTERM);
            batch->killing = clock_seconds() + (double)GRACE;
        }
    }
    /* When SLURM ends a job, its ranks may stop before the TERM arrives here. */
    if (batch->code != 0 && !batch->limit && sigtimedwait(&set, NULL, &tick) == SIGTERM) {
        batch->ended = true;
    }
}

/* Requeues the job and returns the exit code. Normally SLURM ends this process first. */
static int requeue(const struct batch *batch)
{
    fprintf(stderr, "moat: job %s: requeueing it, the next attempt resumes the sweep\n", batch->name);
    if (slurm_requeue(&batch->job)) {
        /* SLURM would take an exit before its TERM for the end of the next attempt. */
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = REQUEUE_WAIT});
    } else {
        fprintf(stderr, "moat: job %s failed: it could not be requeued; submit it again to resume the sweep\n",
                batch->name);
    }
    return command_exit_code(MOAT_STOPPED);
}

/* Decides about the job once the launcher has ended. `before` is count_work at its start. Returns the exit code. */
static int conclude(const struct batch *batch, size_t before)
{
    const char *job = batch->name;
    bool complete = false, killed = !isinf(batch->killing);
    size_t after = count_work(batch->path, &complete);
    if (batch->code == 0 && complete) {
        fprintf(stderr, "moat: job %s: %s is complete\n", job, batch->path);
        return 0;
    }
    if (batch->ended) {
        fprintf(stderr, "moat: job %s was ended by SLURM; when it runs again it resumes %s\n", job, batch->path);
        return command_exit_code(MOAT_STOPPED);
    }
    bool silent = batch->code == 0 && batch->limit; /* MPICH's mpiexec may return 0 after a USR1 */
    if (batch->code != command_exit_code(MOAT_STOPPED) && !silent && !killed) {
        fprintf(stderr, "moat: job %s failed: the run ended with code %d; its message is above\n", job, batch->code);
        return batch->code != 0 ? batch->code : EXIT_FAILURE;
    }
    if (after <= before) {
        fprintf(stderr,
                "moat: job %s failed: this run added nothing to %s, and another would not either: submit it with a "
                "longer --time, or with more ranks\n",
                job, batch->path);
        return EXIT_FAILURE;
    }
    return batch->job.id > 0 ? requeue(batch) : command_exit_code(MOAT_STOPPED);
}

static int run_job(const struct batch_arguments *arguments, const char *path)
{
    struct batch batch = {.path = path, .deadline = INFINITY, .killing = INFINITY};
    sigset_t set;
    bool complete;
    slurm_job_here(&batch.job);
    slurm_job_name(&batch.job, batch.name);
    size_t before = count_work(path, &complete);
    fill_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    batch.launcher = start_run(arguments, path);
    if (batch.launcher < 0) {
        fprintf(stderr, "moat: the launcher cannot be started: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    wait_beside(&batch);
    return conclude(&batch, before);
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
