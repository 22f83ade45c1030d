/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `moat status` sees: the stage of a sweep, and why no process writes its file. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "program/status.h"

bool status_complete(const struct status_view *view)
{
    return view->summary.blocks > 0 && view->summary.blocks_done == view->summary.blocks;
}

enum moat_status status_look(struct status_view *view)
{
    struct results_summary *summary = &view->summary;
    enum moat_status status = MOAT_OK;
    memset(summary, 0, sizeof *summary);
    view->asked = false;
    if (access(view->path, F_OK) == 0) {
        status = results_summarise(view->path, summary);
    }
    if (!view->named && summary->last.known) {
        view->job = summary->last.launch.job;
    }
    if (status == MOAT_OK && view->job.id > 0 && !summary->written_now && !status_complete(view)) {
        slurm_job_report(&view->job, &view->report);
        view->asked = true;
    }
    return status;
}

void status_stage(const struct status_view *view, struct status_stage *out)
{
    static const struct {
        const char *unit;
        double scale;
    } units[] = {{"flop", 1}, {"kflop", 1e3}, {"Mflop", 1e6}, {"Gflop", 1e9}, {"Tflop", 1e12}};
    const struct results_summary *summary = &view->summary;
    if (summary->tasks_done + summary->tasks_failed >= summary->tasks) {
        *out = (struct status_stage){.name = "points",
                                     .unit = "points",
                                     .scale = 1,
                                     .failed = summary->points_by_status[MOAT_MARKET_FAILED],
                                     .work = summary->block_work};
        return;
    }
    *out = (struct status_stage){.name = "data sets", .failed = summary->tasks_failed, .work = summary->task_work};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (i == 0 || out->work.total >= 100 * units[i].scale) { /* so that whole numbers of them show progress */
            out->unit = units[i].unit;
            out->scale = units[i].scale;
        }
    }
}

static void explain_job(const struct status_view *view, char *text, size_t size)
{
    const struct slurm_report *report = &view->report;
    char name[SLURM_NAME_SIZE], words[192];
    slurm_job_name(&view->job, name);
    snprintf(words, sizeof words, "%s%s%s", report->state, *report->reason ? ", " : "", report->reason);
    switch (report->prospect) {
    case SLURM_WAITS:
        snprintf(text, size, "job %s waits in the queue (%s)", name, words);
        break;
    case SLURM_STUCK:
        snprintf(text, size, "job %s cannot start (%s)", name, words);
        break;
    case SLURM_RUNS:
        snprintf(text, size, "job %s runs (%s)", name, words);
        break;
    case SLURM_ENDED:
        if (*words) {
            snprintf(text, size, "job %s has ended (%s)", name, words);
        } else {
            snprintf(text, size, "job %s has ended, or SLURM does not know it", name);
        }
        break;
    default:
        snprintf(text, size, "SLURM does not answer about job %s", name);
    }
}

static void explain_last_run(const struct results_last_run *last, char *text, size_t size)
{
    char where[384], when[32] = "?";
    struct launch here;
    struct tm utc;
    launch_here(1, 1, &here);
    bool distant = strcmp(last->launch.host, here.host) != 0;
    time_t seconds = (time_t)(distant ? last->alive : last->seen);
    launch_format(&last->launch, where, sizeof where);
    if (gmtime_r(&seconds, &utc)) {
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    if (last->closed) {
        snprintf(text, size, "the last run ended at %s (%s)", when, where);
    } else if (distant) {
        snprintf(text, size, "the last run is gone (%s); its last sign of life was at %s", where, when);
    } else {
        snprintf(text, size, "the last run was killed (%s); it last wrote the file at %s", where, when);
    }
}

void status_explain(const struct status_view *view, char *text, size_t size)
{
    char job[320] = "", run[512] = "";
    if (size > 0) {
        *text = '\0';
    }
    if (view->summary.written_now || status_complete(view)) {
        return;
    }
    if (view->asked) {
        explain_job(view, job, sizeof job);
    }
    if (view->summary.last.known) {
        explain_last_run(&view->summary.last, run, sizeof run);
    }
    snprintf(text, size, "%s%s%s", job, *job && *run ? "; " : "", run);
}
