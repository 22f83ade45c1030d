/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat status: prints how far a sweep is, from its results file alone, once or as long as a run writes it. */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "program/command.h"
#include "program/output.h"
#include "program/status.h"
#include "run/progress.h"

#define PAUSE_MIN 1.0      /* s between two looks at the file */
#define PAUSE_MAX 60.0     /* s */
#define PAUSE_PER_LOOK 20  /* s of pause for each s that a look took: looks must not keep the disk busy */
#define JOB_PAUSE_MAX 30.0 /* s between two questions to SLURM, which come less and less often */

struct status_arguments {
    const char *path;
    bool follow, json;
    double wait;          /* s without a writer after which --follow gives up */
    struct slurm_job job; /* that is to write the file; its id 0 for none */
};

/* What --follow remembers from look to look. */
struct watch {
    struct progress progress;
    double written;  /* when the file was last seen to be written, or a job to be there that will */
    double patience; /* s that are left of --wait; INFINITY while it does not count */
    int hopeless;    /* looks since there is nothing to wait for */
    char said[1024]; /* what was last said about a file that no process writes */
};

static const struct argp_option options[] = {
    {"follow", 'f', NULL, 0, "watch until the sweep is complete (exit 0) or no process writes the file (exit 75)", 0},
    {"wait", 'w', "SECONDS", 0,
     "with --follow: wait this long for a process that writes the file, if no job in the queue will; default 10", 0},
    {"job", 'j', "JOB", 0,
     "the SLURM job that is to write the file, instead of the latest run's: its state is shown, and --follow waits for "
     "it",
     0},
    COMMAND_JSON_OPTION,
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct status_arguments *arguments = state->input;
    char *end;
    switch (key) {
    case 'f':
        arguments->follow = true;
        return 0;
    case 'w':
        arguments->wait = strtod(argument, &end);
        if (*end || end == argument || !(arguments->wait >= 0 && arguments->wait <= 1e9)) {
            argp_error(state, "--wait: found `%s`, expected seconds, 0 or more", argument);
        }
        return 0;
    case 'j':
        if (!slurm_parse_job(argument, &arguments->job)) {
            argp_error(state, "--job: found `%s`, expected the number of a SLURM job, or ARRAY_TASK", argument);
        }
        return 0;
    case COMMAND_JSON:
        arguments->json = true;
        return 0;
    default:
        return command_parse_file(key, argument, state, "results file", &arguments->path);
    }
}

static const struct argp argp = {.options = options,
                                 .parser = parse_option,
                                 .args_doc = "FILE",
                                 .doc =
                                     "Prints how far the sweep in FILE is, who writes it, or why nobody does. Reads "
                                     "the file, and asks SLURM about the job if no process writes it, so it works from "
                                     "any node and while a run writes the file."};

static void pause_for(double seconds)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * fmod(seconds, 1))}, NULL);
}

static void end_progress(struct progress *progress)
{
    if (progress->unit) {
        progress_end(progress);
    }
    progress->unit = NULL;
}

/* Shows the progress of the stage that the sweep is in: data sets first, then points. */
static void show(struct progress *progress, const struct status_view *view)
{
    struct status_stage stage;
    status_stage(view, &stage);
    if (isnan(stage.work.total)) {
        return;
    }
    size_t total = (size_t)(stage.work.total / stage.scale), done = (size_t)(stage.work.done / stage.scale);
    if (progress->unit != stage.unit) {
        end_progress(progress);
        progress_begin(progress, stage.unit, total, done, false);
        progress->last = 0; /* show the first look at once */
    }
    progress->failed = stage.failed;
    progress->expected = isnan(stage.work.rate) ? 0 : stage.work.rate / stage.scale;
    progress_add(progress, done > progress->done ? done - progress->done : 0);
}

/* What is to be expected of a file that is not complete. */
enum outlook {
    OUTLOOK_WRITTEN, /* a process writes it */
    OUTLOOK_COMING,  /* a job is there that will */
    OUTLOOK_OPEN,    /* one may come */
    OUTLOOK_NONE     /* the job that was to write it has ended, or cannot start */
};

static enum outlook judge(const struct status_view *view)
{
    enum slurm_prospect prospect = view->asked ? view->report.prospect : SLURM_SILENT;
    if (view->summary.written_now) {
        return OUTLOOK_WRITTEN;
    }
    if (prospect == SLURM_WAITS || (prospect == SLURM_RUNS && view->named)) {
        return OUTLOOK_COMING;
    }
    /* Another job may come in place of the latest run's. */
    return prospect == SLURM_STUCK || (prospect == SLURM_ENDED && view->named) ? OUTLOOK_NONE : OUTLOOK_OPEN;
}

/* Says once what is waited for. */
static void announce(const struct status_arguments *arguments, const struct status_view *view, struct watch *watch)
{
    char reason[sizeof watch->said];
    status_explain(view, reason, sizeof reason);
    if (!*reason && view->summary.blocks == 0) {
        snprintf(reason, sizeof reason, "waiting for it, at most %g s", arguments->wait);
    }
    if (*reason && strcmp(reason, watch->said) != 0) {
        end_progress(&watch->progress);
        fprintf(stderr, "moat: %s %s: %s\n", view->path,
                view->summary.blocks == 0 ? "does not exist yet" : "is not complete, and no process writes it", reason);
        snprintf(watch->said, sizeof watch->said, "%s", reason);
    }
}

static enum moat_status give_up(const struct status_view *view, double waited, enum outlook outlook)
{
    char reason[1024];
    bool exists = view->summary.blocks > 0;
    status_explain(view, reason, sizeof reason);
    if (outlook == OUTLOOK_NONE) {
        return moat_error_set(MOAT_STOPPED, "%s: %s: %s", view->path, exists ? "not complete" : "no such file", reason);
    }
    if (!exists) {
        return moat_error_set(MOAT_USAGE, "%s: no such file after %.0f s, expected a results file%s%s", view->path,
                              waited, *reason ? ": " : "", reason);
    }
    return moat_error_set(MOAT_STOPPED, "%s: not complete, and no process has written it for %.0f s%s%s", view->path,
                          waited, *reason ? ": " : "", reason);
}

/* Goes on from a look: shows it, and decides whether to look again. Returns MOAT_STOPPED or MOAT_USAGE if not. */
static enum moat_status go_on(const struct status_arguments *arguments, const struct status_view *view,
                              struct watch *watch)
{
    enum outlook outlook = judge(view);
    double now = clock_seconds();
    if (view->summary.blocks > 0 && (view->summary.written_now || status_complete(view) || !watch->progress.unit)) {
        show(&watch->progress, view);
    }
    if (status_complete(view)) {
        return MOAT_OK;
    }
    watch->written = outlook == OUTLOOK_WRITTEN || outlook == OUTLOOK_COMING ? now : watch->written;
    watch->patience = outlook == OUTLOOK_OPEN ? arguments->wait - (now - watch->written) : INFINITY;
    watch->hopeless = outlook == OUTLOOK_NONE ? watch->hopeless + 1 : 0;
    /* The second time counts: the job may have completed the file between the look at it and the question. */
    if (watch->hopeless == 2 || watch->patience <= 0) {
        return give_up(view, now - watch->written, outlook);
    }
    if (outlook == OUTLOOK_WRITTEN) {
        *watch->said = '\0';
    } else {
        announce(arguments, view, watch);
    }
    return MOAT_OK;
}

/* Shows the progress until the sweep is complete, or nothing is left to wait for. */
static enum moat_status follow(const struct status_arguments *arguments, struct status_view *view)
{
    struct watch watch = {.written = clock_seconds()};
    enum moat_status status = MOAT_OK;
    double job_pause = PAUSE_MIN / 2;
    while (status == MOAT_OK) {
        double before = clock_seconds();
        status = status_look(view);
        double took = clock_seconds() - before;
        if (status == MOAT_OK) {
            status = go_on(arguments, view, &watch);
        }
        if (status != MOAT_OK || status_complete(view)) {
            break;
        }
        job_pause = view->asked && !watch.hopeless ? fmin(2 * job_pause, JOB_PAUSE_MAX) : PAUSE_MIN;
        double pause = fmin(fmax(job_pause, PAUSE_PER_LOOK * took), PAUSE_MAX);
        pause_for(fmin(pause, fmax(watch.patience, PAUSE_MIN)));
    }
    end_progress(&watch.progress);
    return status;
}

/* One look. A file that is missing is an error here. */
static enum moat_status look_once(struct status_view *view)
{
    char reason[1024];
    enum moat_status status = status_look(view);
    if (status == MOAT_OK && view->summary.blocks == 0) {
        status_explain(view, reason, sizeof reason);
        status = moat_error_set(MOAT_USAGE, "%s: no such file, expected a moat results file%s%s", view->path,
                                *reason ? ": " : "", reason);
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct status_arguments arguments = {.wait = 10};
    command_parse(&argp, argc, argv, &arguments);
    if (!command_is_first()) {
        return 0;
    }
    struct status_view view = {.path = arguments.path, .job = arguments.job, .named = arguments.job.id > 0};
    enum moat_status status = arguments.follow ? follow(&arguments, &view) : look_once(&view);
    if (arguments.json) {
        status_write_json(&view, status != MOAT_OK ? moat_error_message() : NULL);
    } else if (view.summary.blocks > 0) {
        status_print(&view);
    }
    output_flush();
    command_print_error(status);
    return command_exit_code(status);
}

const struct command command_status = {.name = "status",
                                       .summary = "print how far a sweep is, also while a run writes its file",
                                       .argp = &argp,
                                       .run = run};
