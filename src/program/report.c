/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `moat run` prints to standard output. */
#include "program/report.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "program/command.h"
#include "program/output.h"
#include "program/prose.h"
#include "run/failure.h"

/* A line to be printed, cut to this length. */
struct line {
    size_t length;
    char text[PATH_MAX + 1024];
};

__attribute__((format(printf, 2, 3))) static void append(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
    va_end(arguments);
    line->length += strlen(line->text + line->length);
}

/* "2,581 points", "1 block". */
static const char *count_of(size_t count, const char *thing, char *text, size_t size)
{
    char number[NUMBER_SIZE];
    snprintf(text, size, "%s %s%s", number_grouped(count, number), thing, count == 1 ? "" : "s");
    return text;
}

void report_begin(const struct session *session)
{
    const struct config *config = session->config;
    size_t workers = session->ranks > 1 ? (size_t)session->ranks - 1 : 1;
    char text[3][64];
    struct line line = {.length = 0};
    append(&line, "%s: %s, solver %s, ", config->name, sweep_name[config->sweep], solver_name[config->solver]);
    if (config->solver == SOLVER_RIDGE) {
        append(&line, "%s and ",
               count_of(config->ridge.N.size * config->ridge.trials, "data set", text[0], sizeof text[0]));
    }
    append(&line, "%s in %s, on %s at %s, into %s",
           count_of(grid_points(&config->grid), "point", text[0], sizeof text[0]),
           count_of(grid_blocks(&config->grid), "block", text[1], sizeof text[1]),
           count_of(workers, "worker", text[2], sizeof text[2]), *session->hosts ? session->hosts : "?",
           session_path(session));
    prose_print(line.text);
    output_flush();
}

/* Prints how many points failed, with one of them and its reason. */
static void print_failed(const struct session *session, const struct results_summary *summary)
{
    size_t failed = summary->points_by_status[MOAT_MARKET_FAILED];
    char where[256], why[512], points[64];
    struct line line = {.length = 0};
    if (failed > 0) {
        failure_locate(session->config, summary->failed_at, where, sizeof where);
        failure_explain(session->config, session->ladder, summary->failed_at, why, sizeof why);
        append(&line, "%s failed, for example %s: %s", count_of(failed, "point", points, sizeof points), where, why);
        prose_print(line.text);
    }
}

static const char *format_seconds(double seconds, char *text, size_t size)
{
    if (seconds < 100) {
        snprintf(text, size, "%.2f s", seconds);
    } else {
        progress_format_duration(seconds, text, size);
    }
    return text;
}

/* Appends ", 12 of 36 blocks were there already", or nothing if there were none. */
static void append_part(struct line *line, size_t part, size_t all, const char *what)
{
    char number[2][NUMBER_SIZE];
    if (part > 0) {
        append(line, ", %s of %s %s", number_grouped(part, number[0]), number_grouped(all, number[1]), what);
    }
}

/* Appends "2,581 points in 0.28 s" for the units that a stage has done; nothing if it has not begun or had no work. */
static void append_stage(struct line *line, const struct progress *stage, const char *thing)
{
    char time[32], text[64];
    if (stage->unit) {
        append(line, "%s%s in %s", line->length > 0 ? ", " : "",
               count_of(stage->done - stage->first, thing, text, sizeof text),
               format_seconds(progress_seconds(stage), time, sizeof time));
    }
}

/* Appends ", 32 of 48 data sets taken from old.h5", or nothing. */
static void append_taken(struct line *line, const struct session *session)
{
    char what[PATH_MAX + 64];
    const struct tables_taken *taken = &session->taken;
    size_t tasks = session->ladder ? session->ladder->tasks : 0;
    const char *path = session->request->tables ? session->request->tables : "";
    snprintf(what, sizeof what, "data sets taken from %s", path);
    append_part(line, taken->wholly, tasks, what);
    snprintf(what, sizeof what, "data sets taken at some nu from %s", path);
    append_part(line, taken->partly, tasks, what);
}

/* Prints what this run has done, in what time, what was there before and, unless the sweep is complete, what is there
   now: "2,581 points in 0.28 s, 9.22e+03 points/s, 12 of 36 blocks were there already: FILE". */
static void print_work(const struct session *session, const struct results_summary *summary)
{
    const struct progress *tables = &session->tables, *points = &session->progress;
    double seconds = progress_seconds(points);
    struct line line = {.length = 0};
    bool all = session->blocks_before == summary->blocks;
    if (all && !tables->unit) {
        append(&line, "already complete");
    } else {
        append_stage(&line, tables, "data set");
        append_stage(&line, points, "point");
    }
    if (points->unit && points->done > points->first && seconds > 0) {
        append(&line, ", %.3g points/s", (double)(points->done - points->first) / seconds);
    }
    append_taken(&line, session);
    append_part(&line, tables->unit ? tables->first - session->taken.wholly : 0, tables->total,
                "data sets were there already");
    append_part(&line, session->blocks_before, summary->blocks, "blocks were there already");
    if (summary->blocks_done < summary->blocks) {
        append_part(&line, tables->done < tables->total ? tables->done : 0, tables->total, "data sets are there now");
        append_part(&line, summary->blocks_done, summary->blocks, "blocks are there now");
    }
    append(&line, ": %s", session_path(session));
    prose_print(line.text);
}

enum moat_status report_end(const struct session *session)
{
    struct results_summary summary;
    enum moat_status status = results_count(session->results, &summary);
    if (status == MOAT_OK) {
        command_print_summary(&summary);
        bool complete = summary.blocks_done == summary.blocks;
        if (complete) { /* a run that was stopped must close its file before it is killed */
            print_failed(session, &summary);
        }
        print_work(session, &summary);
    }
    return status;
}
