/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `moat run` prints to standard output. */
#include "program/report.h"

#include <stdio.h>

#include "base/number.h"
#include "program/command.h"
#include "program/output.h"
#include "run/failure.h"

void report_begin(const struct session *session)
{
    const struct config *config = session->config;
    char number[2][NUMBER_SIZE];
    int workers = session->ranks > 1 ? session->ranks - 1 : 1;
    printf("%s: %s, solver %s, ", config->name, sweep_name[config->sweep], solver_name[config->solver]);
    if (config->solver == SOLVER_RIDGE) {
        printf("%s data sets and ", number_grouped(config->ridge.N.size * config->ridge.trials, number[0]));
    }
    printf("%s points in %s blocks, on %d worker%s at %s, into %s\n",
           number_grouped(grid_points(&config->grid), number[0]), number_grouped(grid_blocks(&config->grid), number[1]),
           workers, workers > 1 ? "s" : "", *session->hosts ? session->hosts : "?", session_path(session));
    output_flush();
}

/* Prints how many points failed, with one of them and its reason. */
static void print_failed(const struct session *session, const struct results_summary *summary)
{
    size_t failed = summary->points_by_status[MOAT_MARKET_FAILED];
    char where[256], why[512], number[NUMBER_SIZE];
    if (failed > 0) {
        failure_locate(session->config, summary->failed_at, where, sizeof where);
        failure_explain(session->config, session->ladder, summary->failed_at, why, sizeof why);
        printf("%s point%s failed, for example %s: %s\n", number_grouped(failed, number), failed > 1 ? "s" : "", where,
               why);
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

/* Prints what this run has done, in what time, and what was there before: "2,581 points in 0.28 s, 9.22e+03 points/s;
   12 of 36 blocks were there already: FILE". */
static void print_work(const struct session *session, const struct results_summary *summary)
{
    const struct progress *tables = &session->tables, *points = &session->progress;
    size_t made = tables->done - tables->first, solved = points->done - points->first;
    double seconds = progress_seconds(points);
    char time[32], number[2][NUMBER_SIZE];
    if (made == 0 && session->blocks_before == summary->blocks) {
        printf("already complete, all %s blocks were there: %s\n", number_grouped(summary->blocks, number[0]),
               session_path(session));
        return;
    }
    if (made > 0) {
        printf("%s data sets in %s, ", number_grouped(made, number[0]),
               format_seconds(progress_seconds(tables), time, sizeof time));
    }
    printf("%s points in %s, %.3g points/s", number_grouped(solved, number[0]),
           format_seconds(seconds, time, sizeof time), seconds > 0 ? (double)solved / seconds : 0);
    if (tables->first > 0) {
        printf("; %s of %s data sets were there already", number_grouped(tables->first, number[0]),
               number_grouped(tables->total, number[1]));
    }
    if (session->blocks_before > 0) {
        printf("; %s of %s blocks were there already", number_grouped(session->blocks_before, number[0]),
               number_grouped(summary->blocks, number[1]));
    }
    if (summary->blocks_done < summary->blocks) {
        printf("; %s of %s blocks are there now", number_grouped(summary->blocks_done, number[0]),
               number_grouped(summary->blocks, number[1]));
    }
    printf(": %s\n", session_path(session));
}

enum moat_status report_end(const struct session *session)
{
    struct results_summary summary;
    enum moat_status status = results_count(session->results, &summary);
    if (status == MOAT_OK) {
        command_print_summary(&summary);
        print_failed(session, &summary);
        print_work(session, &summary);
    }
    return status;
}
