/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints how far a sweep is, for people and as JSON. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "moat/market.h"
#include "program/command.h"
#include "program/json.h"
#include "program/status.h"
#include "run/progress.h"

static double seconds_left(const struct results_work *work)
{
    return (work->total - work->done) / work->rate;
}

/* Prints the share of the work, and how fast it grows if that is known. */
static void print_stage(const struct status_stage *stage)
{
    const struct results_work *work = &stage->work;
    char left[32];
    if (isnan(work->total)) {
        return;
    }
    printf("%.1f %% of the work on %s done", 100 * work->done / work->total, stage->name);
    if (!isnan(work->rate)) {
        progress_format_duration(seconds_left(work), left, sizeof left);
        printf(", %.3g %s/s, %s left for them", work->rate / stage->scale, stage->unit, left);
    }
    printf("\n");
}

static void print_writer(const struct results_last_run *last)
{
    char where[384], since[32] = "?", age[32];
    time_t seconds = (time_t)last->started;
    struct tm utc;
    launch_format(&last->launch, where, sizeof where);
    if (gmtime_r(&seconds, &utc)) {
        strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    progress_format_duration(fmax(difftime(time(NULL), seconds), 0), age, sizeof age);
    printf("written by %s, since %s (%s)\n", where, since, age);
}

static void print_origins(const struct results_summary *summary)
{
    const struct results_origins *origins = &summary->origins;
    for (size_t i = 0; i < origins->count; i++) {
        printf("%zu of %zu data sets: %s\n", origins->tasks[i], summary->tasks, origins->text[i]);
    }
    if (origins->others > 0) {
        printf("%zu of %zu data sets: tables from other files\n", origins->others, summary->tasks);
    }
}

void status_print(const struct status_view *view)
{
    const struct results_summary *summary = &view->summary;
    bool complete = status_complete(view);
    char reason[1024];
    printf("%s: %zu of %zu blocks done, %s\n", view->path, summary->blocks_done, summary->blocks,
           complete               ? "complete"
           : summary->written_now ? "not complete: a run is writing it"
                                  : "not complete: the same `moat run` resumes it");
    if (summary->tasks > 0) {
        printf("%zu of %zu data sets done, %zu failed\n", summary->tasks_done, summary->tasks, summary->tasks_failed);
    }
    print_origins(summary);
    if (!complete) {
        struct status_stage stage;
        status_stage(view, &stage);
        print_stage(&stage);
    }
    if (summary->written_now && summary->last.known && !summary->last.closed) {
        print_writer(&summary->last);
    }
    status_explain(view, reason, sizeof reason);
    if (*reason) {
        printf("%s\n", reason);
    }
    command_print_summary(summary);
}

static void write_points(struct json *json, const struct results_summary *summary)
{
    json_count(json, "points", summary->points);
    json_begin(json, "points_by_status", '{');
    for (int outcome = 0; outcome < MOAT_MARKET_STATUSES; outcome++) {
        json_count(json, moat_market_status_name[outcome], summary->points_by_status[outcome]);
    }
    json_end(json, '}');
}

/* The data sets whose tables come from other files: how many from which. */
static void write_origins(struct json *json, const struct results_origins *origins)
{
    json_begin(json, "tables_from", '[');
    for (size_t i = 0; i < origins->count; i++) {
        json_begin(json, NULL, '{');
        json_count(json, "tasks", origins->tasks[i]);
        json_text(json, "origin", origins->text[i]);
        json_end(json, '}');
    }
    json_end(json, ']');
}

static void write_stage(struct json *json, const struct status_stage *stage)
{
    const struct results_work *work = &stage->work;
    json_text(json, "stage", stage->name);
    json_number(json, "work", work->total);
    json_number(json, "work_done", work->done);
    json_number(json, "share", work->done / work->total);
    json_number(json, "rate", work->rate);
    json_number(json, "seconds_left", seconds_left(work));
}

static void write_last_run(struct json *json, const struct results_last_run *last)
{
    const struct launch *launch = &last->launch;
    char name[SLURM_NAME_SIZE];
    if (!last->known) {
        json_text(json, "run", NULL);
        return;
    }
    slurm_job_name(&launch->job, name);
    json_begin(json, "run", '{');
    json_text(json, "host", launch->host);
    json_count(json, "pid", (size_t)launch->pid);
    json_text(json, "job", launch->job.id > 0 ? name : NULL);
    json_count(json, "nodes", (size_t)launch->nodes);
    json_count(json, "ranks", (size_t)launch->ranks);
    json_number(json, "started", last->started);
    json_number(json, "seen", last->seen);
    json_boolean(json, "closed", last->closed);
    json_end(json, '}');
}

static void write_job(struct json *json, const struct status_view *view)
{
    char name[SLURM_NAME_SIZE];
    slurm_job_name(&view->job, name);
    json_begin(json, "job", '{');
    json_text(json, "name", name);
    json_text(json, "state", *view->report.state ? view->report.state : NULL);
    json_text(json, "reason", *view->report.reason ? view->report.reason : NULL);
    json_end(json, '}');
}

void status_write_json(const struct status_view *view, const char *error)
{
    const struct results_summary *summary = &view->summary;
    struct json json = {.out = stdout};
    char reason[1024];
    json_begin(&json, NULL, '{');
    json_text(&json, "file", view->path);
    json_text(&json, "error", error);
    if (summary->blocks > 0) {
        struct status_stage stage;
        status_stage(view, &stage);
        status_explain(view, reason, sizeof reason);
        json_text(&json, "title", summary->title);
        json_boolean(&json, "complete", status_complete(view));
        json_boolean(&json, "written_now", summary->written_now);
        json_text(&json, "writer", *summary->writer ? summary->writer : NULL);
        json_text(&json, "reason", *reason ? reason : NULL);
        json_count(&json, "blocks", summary->blocks);
        json_count(&json, "blocks_done", summary->blocks_done);
        json_count(&json, "tasks", summary->tasks);
        json_count(&json, "tasks_done", summary->tasks_done);
        json_count(&json, "tasks_failed", summary->tasks_failed);
        write_origins(&json, &summary->origins);
        write_points(&json, summary);
        json_number(&json, "seconds", summary->seconds);
        write_stage(&json, &stage);
        write_last_run(&json, &summary->last);
    }
    if (view->asked) {
        write_job(&json, view);
    } else if (summary->blocks > 0) {
        json_text(&json, "job", NULL);
    }
    json_end(&json, '}');
}
