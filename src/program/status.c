/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat status: prints how far a sweep is, from its results file alone, once or as long as a run writes it. */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "moat/market.h"
#include "program/command.h"
#include "program/json.h"
#include "program/output.h"
#include "results/results.h"
#include "run/progress.h"

#define PAUSE_MIN 1.0     /* s between two looks at the file */
#define PAUSE_MAX 60.0    /* s */
#define PAUSE_PER_LOOK 20 /* s of pause for each s that a look took: looks must not keep the disk busy */

struct status_arguments {
    const char *path;
    bool follow, json;
    double wait; /* s without a writer after which --follow gives up */
};

static const struct argp_option options[] = {
    {"follow", 'f', NULL, 0, "watch until the sweep is complete (exit 0) or no process writes the file (exit 75)", 0},
    {"wait", 'w', "SECONDS", 0,
     "with --follow: wait this long for a process that writes the file, such as a job in the queue; default 10", 0},
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
                                     "Prints how far the sweep in FILE is. Reads the file alone, so it works from any "
                                     "node and while a run writes the file."};

static bool is_complete(const struct results_summary *summary)
{
    return summary->blocks > 0 && summary->blocks_done == summary->blocks;
}

static void print_status(const char *path, const struct results_summary *summary)
{
    printf("%s: %zu of %zu blocks done, %s\n", path, summary->blocks_done, summary->blocks,
           is_complete(summary) ? "complete" : "not complete: the same `moat run` resumes it");
    if (summary->tasks > 0) {
        printf("%zu of %zu data sets done, %zu failed\n", summary->tasks_done, summary->tasks, summary->tasks_failed);
    }
    command_print_summary(summary);
}

/* Writes what print_status prints, and the rest of the summary. A file without a summary has the reason alone. */
static void write_json(const char *path, enum moat_status status, const struct results_summary *summary)
{
    struct json json = {.out = stdout};
    bool readable = status == MOAT_OK || status == MOAT_STOPPED;
    json_begin(&json, NULL, '{');
    json_text(&json, "file", path);
    json_text(&json, "error", status != MOAT_OK ? moat_error_message() : NULL);
    if (readable) {
        json_text(&json, "title", summary->title);
        json_boolean(&json, "complete", is_complete(summary));
        json_boolean(&json, "written_now", summary->written_now);
        json_text(&json, "writer", *summary->writer ? summary->writer : NULL);
        json_count(&json, "blocks", summary->blocks);
        json_count(&json, "blocks_done", summary->blocks_done);
        json_count(&json, "tasks", summary->tasks);
        json_count(&json, "tasks_done", summary->tasks_done);
        json_count(&json, "tasks_failed", summary->tasks_failed);
        json_count(&json, "points", summary->points);
        json_begin(&json, "points_by_status", '{');
        for (int outcome = 0; outcome < MOAT_MARKET_STATUSES; outcome++) {
            json_count(&json, moat_market_status_name[outcome], summary->points_by_status[outcome]);
        }
        json_end(&json, '}');
        json_number(&json, "seconds", summary->seconds);
    }
    json_end(&json, '}');
}

static void pause_for(double seconds)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * fmod(seconds, 1))}, NULL);
}

/* Shows the progress of the stage that the sweep is in: data sets first, then points. */
static void show(struct progress *progress, const struct results_summary *summary)
{
    size_t tasks = summary->tasks_done + summary->tasks_failed;
    bool measuring = tasks < summary->tasks;
    size_t total = measuring ? summary->tasks : summary->points;
    size_t done = measuring ? tasks : summary->points - summary->points_by_status[MOAT_MARKET_PENDING];
    const char *unit = measuring ? "data sets" : "points";
    if (!progress->unit || strcmp(progress->unit, unit) != 0) {
        if (progress->unit) {
            progress_end(progress);
        }
        progress_begin(progress, unit, total, done, false);
        progress->last = 0; /* show the first look at once */
    }
    progress->failed = measuring ? summary->tasks_failed : summary->points_by_status[MOAT_MARKET_FAILED];
    progress_add(progress, done > progress->done ? done - progress->done : 0);
}

/* Reads the summary, and whether some process writes the file. A file that does not exist yet may still come: its
   summary has no blocks. */
static enum moat_status look(const char *path, struct results_summary *summary, bool *alive)
{
    enum moat_status status = MOAT_OK;
    memset(summary, 0, sizeof *summary);
    if (access(path, F_OK) == 0) {
        status = results_summarise(path, summary);
    }
    *alive = status == MOAT_OK && summary->written_now;
    return status;
}

static enum moat_status give_up(const char *path, const struct results_summary *summary, double waited)
{
    if (summary->blocks == 0) {
        return moat_error_set(MOAT_USAGE, "%s: no such file after %.0f s, expected a results file", path, waited);
    }
    return moat_error_set(MOAT_STOPPED, "%s: not complete, and no process has written it for %.0f s%s%s%s", path,
                          waited, *summary->writer ? "; the last was killed (" : "", summary->writer,
                          *summary->writer ? ")" : "");
}

/* Shows the progress until the sweep is complete, or no process has written the file for arguments->wait seconds. */
static enum moat_status follow(const struct status_arguments *arguments, struct results_summary *summary)
{
    struct progress progress = {0};
    enum moat_status status = MOAT_OK;
    bool alive = false, said = false, complete = false;
    double written = clock_seconds(); /* when a process was last seen to write the file */
    while (status == MOAT_OK && !complete) {
        double before = clock_seconds();
        status = look(arguments->path, summary, &alive);
        double after = clock_seconds();
        if (status == MOAT_OK && summary->blocks > 0) {
            show(&progress, summary);
        } else if (status == MOAT_OK && !said) {
            fprintf(stderr, "moat: %s does not exist yet: waiting for it, at most %g s\n", arguments->path,
                    arguments->wait);
            said = true;
        }
        complete = is_complete(summary);
        written = alive ? after : written;
        if (status == MOAT_OK && !complete && after - written >= arguments->wait) {
            status = give_up(arguments->path, summary, after - written);
        }
        if (status == MOAT_OK && !complete) {
            pause_for(fmin(fmax(PAUSE_MIN, PAUSE_PER_LOOK * (after - before)), PAUSE_MAX));
        }
    }
    if (progress.unit) {
        progress_end(&progress);
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
    struct results_summary summary;
    enum moat_status status =
        arguments.follow ? follow(&arguments, &summary) : results_summarise(arguments.path, &summary);
    if (arguments.json) {
        write_json(arguments.path, status, &summary);
    } else if (status == MOAT_OK || status == MOAT_STOPPED) {
        print_status(arguments.path, &summary);
    }
    output_flush();
    command_print_error(status);
    return command_exit_code(status);
}

const struct command command_status = {.name = "status",
                                       .summary = "print how far a sweep is, also while a run writes its file",
                                       .argp = &argp,
                                       .run = run};
