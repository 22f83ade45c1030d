/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decisions about a job that runs a sweep.
 *
 * At the signal before the time limit (USR1, see jobs/sweep.sbatch) the run stops cleanly. A run that does not stop in
 * time, as in the middle of a large factorisation, is killed: the file loses only the work in progress. The job is then
 * requeued. It is not if this attempt has added nothing to the file, since a further attempt would not either. At a
 * TERM (scancel, preemption, requeue) SLURM has already decided about the job, and only the run is stopped.
 *
 * SLURM's controller may be away when the job is to be requeued. It is asked again as long as the job may stay.
 */
#include "program/attempt.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "program/command.h"
#include "results/results.h"

enum {
    MARGIN = 20,        /* s before its end at which a run that has not stopped is killed and the job requeued */
    GRACE = 8,          /* s from TERM to KILL */
    REQUEUE_WAIT = 60,  /* s within which SLURM ends the processes of a requeued job */
    ASK_PAUSE = 5,      /* s between two requests to requeue the job */
    ASK_SECONDS = 3600, /* for so long SLURM is asked to requeue a job that may stay longer */
    REFUSALS = 3        /* so many are an answer if SLURM answers other questions meanwhile */
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

void attempt_begin(const char *path, struct attempt *attempt)
{
    sigset_t set;
    bool complete;
    slurm_forget_outer_job();
    *attempt = (struct attempt){.path = path, .end = INFINITY, .killing = INFINITY};
    slurm_job_here(&attempt->job);
    slurm_job_name(&attempt->job, attempt->name);
    attempt->before = count_work(path, &complete);
    fill_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void attempt_unblock_signals(void)
{
    sigset_t set;
    fill_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Asks when SLURM ends the job. Without an answer the last one stands. */
static void learn_end(struct attempt *attempt)
{
    double left = attempt->job.id > 0 ? slurm_time_left(&attempt->job) : INFINITY;
    if (!isnan(left)) {
        attempt->end = clock_seconds() + left;
    }
}

/* Returns whether the launcher has ended, and then sets its code. */
static bool has_ended(struct attempt *attempt)
{
    int state;
    if (waitpid(attempt->launcher, &state, WNOHANG) != attempt->launcher) {
        return false;
    }
    attempt->code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return true;
}

/* Acts on a signal that SLURM has sent to the job. After the first the run stops already, and a second changes only the
   reason. */
static void take_signal(struct attempt *attempt, int number)
{
    bool first = !attempt->limit && !attempt->ended;
    attempt->ended = attempt->ended || (number != SIGUSR1 && number != SIGUSR2);
    if (first) {
        /* Never TERM or INT, at which mpirun ends its ranks before they have closed the file. */
        kill(attempt->launcher, SIGUSR1);
    }
    if (!attempt->ended && first) {
        attempt->limit = true;
        learn_end(attempt); /* the limit may have changed since the start */
        double left = attempt->end - clock_seconds();
        if (isinf(left)) {
            fprintf(stderr, "moat: signal %d: stopping the run\n", number);
        } else {
            fprintf(stderr, "moat: signal %d, %.0f s before the time limit: stopping the run\n", number, left);
        }
    }
}

/* Waits until the launcher has ended. */
static void wait_beside(struct attempt *attempt)
{
    const struct timespec tick = {.tv_sec = 1};
    sigset_t set;
    fill_signals(&set);
    while (!has_ended(attempt)) {
        int number = sigtimedwait(&set, NULL, &tick);
        if (number > 0 && number != SIGCHLD) {
            take_signal(attempt, number);
        }
        if (clock_seconds() > attempt->killing) {
            kill(attempt->launcher, SIGKILL);
        } else if (attempt->limit && clock_seconds() > attempt->end - (double)MARGIN && isinf(attempt->killing)) {
            fprintf(stderr, "moat: the run does not stop in time: killing it, the work in progress is lost\n");
            kill(attempt->launcher, SIGTERM);
            attempt->killing = clock_seconds() + (double)GRACE;
        }
    }
}

/* Returns whether SLURM ends the job: its TERM is there or arrives within `seconds`. */
static bool wait_for_term(int seconds)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    return sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = seconds}) == SIGTERM;
}

/* Has SLURM requeue the job, for as long as the job may stay. Returns false if SLURM refuses or does not answer. */
static bool is_requeued(const struct attempt *attempt)
{
    double limit = fmin(attempt->end, clock_seconds() + (double)ASK_SECONDS);
    bool said = false;
    for (int refusals = 0; refusals < REFUSALS && clock_seconds() < limit;) {
        if (slurm_requeue(&attempt->job)) {
            wait_for_term(REQUEUE_WAIT); /* SLURM would take an exit before for the end of the next attempt */
            return true;
        }
        if (wait_for_term(ASK_PAUSE)) {
            return true; /* it answered too late, but has done it */
        }
        enum slurm_state state = slurm_job_state(&attempt->job);
        if (state == SLURM_IDLE) {
            wait_for_term(REQUEUE_WAIT);
            return true;
        }
        refusals += state == SLURM_RUNNING;
        if (state == SLURM_UNKNOWN && !said) {
            fprintf(stderr, "moat: job %s: SLURM does not answer: asking again while time is left\n", attempt->name);
            said = true;
        }
    }
    return false;
}

/* Requeues the job and returns the exit code. */
static int requeue(const struct attempt *attempt)
{
    if (attempt->job.id > 0) {
        fprintf(stderr, "moat: job %s: requeueing it, the next attempt resumes the sweep\n", attempt->name);
        if (!is_requeued(attempt)) {
            fprintf(stderr, "moat: job %s failed: it could not be requeued; submit it again to resume the sweep\n",
                    attempt->name);
        }
    }
    return command_exit_code(MOAT_STOPPED);
}

/* Returns whether SLURM has stopped the run, rather than the run itself. A preemption with a grace time first ends the
   steps of a job: the ranks under srun, Open MPI's daemons on other nodes under mpirun. When SLURM ends a whole job,
   its ranks may also stop before the TERM arrives here. */
static bool was_interrupted(struct attempt *attempt, bool *preempted)
{
    bool asks = attempt->job.id > 0;
    attempt->ended = attempt->ended || wait_for_term(asks);
    *preempted = asks && !attempt->ended && slurm_job_preempted(&attempt->job);
    attempt->ended = attempt->ended || wait_for_term(0);
    return attempt->ended || *preempted;
}

/* Decides about the job once the launcher has ended. Returns the exit code. */
static int conclude(struct attempt *attempt)
{
    const char *job = attempt->name, *path = attempt->path;
    bool complete = false, preempted = false, killed = !isinf(attempt->killing);
    size_t after = count_work(path, &complete);
    bool silent = attempt->code == 0 && attempt->limit; /* MPICH's mpiexec may return 0 after a USR1 */
    bool stopped = attempt->code == command_exit_code(MOAT_STOPPED) || silent || killed;
    bool fails = !stopped || after <= attempt->before;
    if (attempt->code == 0 && complete) {
        fprintf(stderr, "moat: job %s: %s is complete\n", job, path);
        return 0;
    }
    bool interrupted = attempt->ended || (fails && was_interrupted(attempt, &preempted));
    if (attempt->ended) {
        fprintf(stderr, "moat: job %s was ended by SLURM; when it runs again it resumes %s\n", job, path);
        return command_exit_code(MOAT_STOPPED);
    }
    if (interrupted) {
        fprintf(stderr, "moat: job %s: SLURM takes its nodes for a job of higher priority\n", job);
        return requeue(attempt);
    }
    if (!stopped) {
        fprintf(stderr, "moat: job %s failed: the run ended with code %d; its message is above\n", job, attempt->code);
        return attempt->code != 0 ? attempt->code : EXIT_FAILURE;
    }
    if (fails) {
        fprintf(stderr,
                "moat: job %s failed: this run added nothing to %s, and another would not either: submit it with a "
                "longer --time, or with more ranks\n",
                job, path);
        return EXIT_FAILURE;
    }
    return requeue(attempt);
}

int attempt_finish(struct attempt *attempt, pid_t launcher)
{
    attempt->launcher = launcher;
    learn_end(attempt); /* now, as SLURM may not answer later */
    wait_beside(attempt);
    return conclude(attempt);
}
