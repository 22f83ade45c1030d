/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * moat batch: a run as a SLURM job, which goes on through time limits until the file is complete.
 *
 * Starts `moat run` under mpirun or srun as a child and stays beside it. At the signal before the time limit (USR1, see
 * jobs/sweep.sbatch) the run is told to stop in good order; should that take too long, as in the middle of a large
 * factorisation, it is ended: the file loses only what was in flight. The job is then requeued, unless the file has
 * nothing more than when it started, which no further attempt would change. At a TERM (scancel, preemption, requeue)
 * SLURM has decided already: only the run is stopped.
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
#include <time.h>
#include <unistd.h>

#include "base/ranks.h"
#include "program/command.h"
#include "results/results.h"
#include "run/launcher.h"
#include "sweep/config.h"

enum { MARGIN = 20 /* s before the limit: to end the run and requeue */, GRACE = 8 /* s from TERM to KILL */ };
enum { REQUEUE_WAIT = 60 /* s until SLURM ends a requeued job */ };

struct arguments {
    const char *config, *output, *launcher;
    bool force, fsync;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "results file, instead of the config's `output`", 0},
    {"force", 'f', NULL, 0, "replace a results file of another sweep; one of this sweep is resumed", 0},
    COMMAND_FSYNC_OPTION,
    {"launcher", 'l', "COMMAND", 0,
     "starts the ranks; default: MOAT_LAUNCHER in the environment, or mpirun. For example \"srun --mpi=pmix\"", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
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
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

struct batch {
    const char *job, *path; /* NULL outside SLURM; the results file */
    pid_t launcher;
    bool limit, ended;        /* the time limit comes, or SLURM ends the job */
    double deadline, killing; /* s of the monotonic clock: when to send TERM, when to send KILL */
    int code;                 /* the launcher's exit code, 128 + signal when it was killed */
};

/* Blocks and data sets in the file; 0 when there is none. */
static size_t work_done(const char *path, bool *complete)
{
    struct results_summary summary;
    bool read = results_summarise(path, &summary) == MOAT_OK;
    *complete = read && summary.blocks_done == summary.blocks;
    return read ? summary.blocks_done + summary.tasks_done + summary.tasks_failed : 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Seconds to the job's time limit, from squeue: [[days-]hours:]minutes:seconds; INFINITY when it does not say. */
static double seconds_left(const char *job)
{
    char command[128], line[64] = "";
    long days = 0, part[3] = {0};
    snprintf(command, sizeof command, "timeout 15 squeue --noheader --format=%%L --jobs=%ld", strtol(job, NULL, 10));
    FILE *answer = popen(command, "r"); // NOLINT(cert-env33-c): a number is all that goes into the command
    bool got = answer && fgets(line, sizeof line, answer);
    if (answer) {
        pclose(answer);
    }
    char *dash = strchr(line, '-');
    const char *clock = dash ? dash + 1 : line;
    days = dash ? strtol(line, NULL, 10) : 0;
    int parts = got ? sscanf(clock, "%ld:%ld:%ld", &part[0], &part[1], &part[2]) : 0;
    if (parts < 2) {
        return INFINITY;
    }
    return 86400.0 * (double)days + (parts == 3 ? 3600.0 * (double)part[0] + 60.0 * (double)part[1] + (double)part[2]
                                                : 60.0 * (double)part[0] + (double)part[1]);
}

static void signals_of(sigset_t *set)
{
    const int signals[] = {SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaddset(set, signals[i]);
    }
}

/* Starts the launcher. */
static pid_t start(const struct arguments *arguments, const char *path)
{
    const char *words[8] = {"run", arguments->config, "-o", path};
    size_t count = 4;
    if (arguments->force) {
        words[count++] = "--force";
    }
    if (arguments->fsync) {
        words[count++] = "--fsync";
    }
    pid_t child = fork();
    if (child == 0) {
        sigset_t set;
        signals_of(&set);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        ranks_start(arguments->launcher, 0, words);
        fprintf(stderr, "moat: %s\n", moat_error_message());
        _exit(127);
    }
    return child;
}

/* Whether the launcher has ended; sets its code. */
static bool has_ended(struct batch *batch)
{
    int state;
    if (waitpid(batch->launcher, &state, WNOHANG) != batch->launcher) {
        return false;
    }
    batch->code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return true;
}

/* A signal that SLURM sends to the job. A second one comes too late to matter. */
static void take_signal(struct batch *batch, int number)
{
    bool first = !batch->limit && !batch->ended;
    batch->ended = batch->ended || (number != SIGUSR1 && number != SIGUSR2);
    if (!batch->ended && first) {
        double left = batch->job ? seconds_left(batch->job) : INFINITY;
        fprintf(stderr, "moat: signal %d, %.0f s before the time limit: the run is told to stop\n", number, left);
        batch->limit = true;
        batch->deadline = now() + fmax(left - MARGIN, 0);
    }
    if (first) {
        kill(batch->launcher,
             SIGUSR1); /* at a TERM or INT mpirun would end its ranks before they have closed the file */
    }
}

/* Stays beside the launcher until it has ended. */
static void follow(struct batch *batch)
{
    const struct timespec tick = {.tv_sec = 1};
    sigset_t set;
    signals_of(&set);
    while (!has_ended(batch)) {
        int number = sigtimedwait(&set, NULL, &tick);
        if (number > 0 && number != SIGCHLD) {
            take_signal(batch, number);
        }
        if (now() > batch->killing) {
            kill(batch->launcher, SIGKILL);
        } else if (now() > batch->deadline && isinf(batch->killing)) {
            fprintf(stderr, "moat: the run does not stop in time: it is ended, what is in flight is lost\n");
            kill(batch->launcher, SIGTERM);
            batch->killing = now() + GRACE;
        }
    }
    /* The ranks of an ended job may stop before the TERM arrives here. */
    if (batch->code != 0 && !batch->limit && sigtimedwait(&set, NULL, &tick) == SIGTERM) {
        batch->ended = true;
    }
}

/* Back into the queue, where the job keeps its id. Returns only when SLURM does not end this process. */
static int requeue(const struct batch *batch)
{
    char command[128];
    sigset_t set;
    fprintf(stderr, "moat: job %s goes back into the queue and will go on from there\n", batch->job);
    snprintf(command, sizeof command, "timeout 60 scontrol requeue %ld", strtol(batch->job, NULL, 10));
    int failed = system(command); // NOLINT(cert-env33-c): a number is all that goes into the command
    if (failed == 0) {
        /* An exit before SLURM's TERM would be taken for the end of the next attempt. */
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = REQUEUE_WAIT});
        return command_exit_code(MOAT_STOPPED);
    }
    fprintf(stderr, "moat: job %s failed: it could not be requeued; submit it again, it goes on from there\n",
            batch->job);
    return command_exit_code(MOAT_STOPPED);
}

/* What becomes of the job after the launcher has ended; the exit code. */
static int conclude(const struct batch *batch, size_t before)
{
    const char *job = batch->job ? batch->job : "(none)";
    bool complete = false, killed = !isinf(batch->killing);
    size_t after = work_done(batch->path, &complete);
    if (batch->code == 0 && complete) {
        fprintf(stderr, "moat: job %s: %s is complete\n", job, batch->path);
        return 0;
    }
    if (batch->ended) {
        fprintf(stderr, "moat: job %s was ended by SLURM; %s goes on from there when it runs again\n", job,
                batch->path);
        return command_exit_code(MOAT_STOPPED);
    }
    bool silent = batch->code == 0 && batch->limit; /* MPICH's mpiexec may return 0 after a USR1 */
    if (batch->code != command_exit_code(MOAT_STOPPED) && !silent && !killed) {
        fprintf(stderr, "moat: job %s failed: the run ended with code %d; its message is above\n", job, batch->code);
        return batch->code != 0 ? batch->code : EXIT_FAILURE;
    }
    if (after <= before) {
        fprintf(stderr,
                "moat: job %s failed: this run added nothing to %s, so another would not either: submit it with a "
                "longer --time, or more ranks\n",
                job, batch->path);
        return EXIT_FAILURE;
    }
    return batch->job ? requeue(batch) : command_exit_code(MOAT_STOPPED);
}

static int run(const struct arguments *arguments, const char *path)
{
    struct batch batch = {.job = getenv("SLURM_JOB_ID"), .path = path, .deadline = INFINITY, .killing = INFINITY};
    sigset_t set;
    bool complete;
    size_t before = work_done(path, &complete);
    signals_of(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    batch.launcher = start(arguments, path);
    if (batch.launcher < 0) {
        fprintf(stderr, "moat: the launcher cannot be started: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    follow(&batch);
    return conclude(&batch, before);
}

int command_batch(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "CONFIG.yaml",
                              .doc = "Runs the sweep of CONFIG.yaml as a SLURM job: `moat run` under mpirun or srun, "
                                     "requeued at the time limit until the file is complete. For the last line of a "
                                     "batch script; jobs/sweep.sbatch is one."};
    command_parse(&argp, argc, argv, &arguments);
    struct launcher launcher;
    if (launcher_find(&launcher) && launcher.size > 1 && launcher.direct) {
        if (launcher.rank == 0) {
            fprintf(stderr,
                    "moat: %s started %d processes of `moat batch`, which starts the ranks itself: call it without, or "
                    "name the launcher with --launcher\n",
                    launcher.name, launcher.size);
        }
        return launcher.rank == 0 ? command_exit_code(MOAT_USAGE) : EXIT_SUCCESS;
    }
    struct config *config = NULL;
    enum moat_status status = config_load(arguments.config, &config);
    if (status != MOAT_OK) {
        fprintf(stderr, "moat: %s\n", moat_error_message());
        return command_exit_code(status);
    }
    int code = run(&arguments, arguments.output ? arguments.output : config->output);
    config_destroy(&config);
    return code;
}
