/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the history. */
#include "results/history_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void history_place(const struct history_record *run, struct launch *launch)
{
    bool element = run->task >= 0;
    *launch = (struct launch){.job = {.id = (long)run->job,
                                      .element = element,
                                      .task = element ? (long)run->task : 0,
                                      .restart = (long)run->restart},
                              .pid = (long)run->pid,
                              .nodes = run->nodes,
                              .ranks = run->ranks,
                              .since = run->started};
    snprintf(launch->host, sizeof launch->host, "%s", run->host);
    for (char *c = launch->host; *c; c++) { /* a file may hold anything, which a terminal would obey */
        *c = iscntrl((unsigned char)*c) ? '?' : *c;
    }
}

static void write_line(FILE *out, const struct history_record *run)
{
    char when[32] = "", where[384], cost[64] = "";
    time_t seconds = (time_t)run->started;
    struct tm utc;
    struct launch launch;
    if (gmtime_r(&seconds, &utc)) {
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    history_place(run, &launch);
    launch_format(&launch, where, sizeof where);
    if (isfinite(run->core_hours)) {
        snprintf(cost, sizeof cost, ", %s%.3g core-hours", run->state == HISTORY_CLOSED ? "" : "at least ",
                 run->core_hours);
    }
    fprintf(out, "%s moat %s: %s [%s%s]", when, run->version, run->command, where, cost);
}

/* The lines without runs 1 to `skipped` of the list, which begins with run 0. */
static char *compose_without(const struct history_record *run, size_t count, size_t skipped, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    int64_t before = 0;
    for (size_t i = 0; out && i < count; i++) {
        if (i > 0 && i <= skipped) {
            continue;
        }
        int64_t missing = run[i].number - before - 1;
        fputs(i > 0 ? "\n" : "", out);
        if (missing > 0) {
            fprintf(out, "(%lld run%s left out)\n", (long long)missing, missing == 1 ? "" : "s");
        }
        write_line(out, &run[i]);
        before = run[i].number;
    }
    if (!out || fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *history_compose(const struct history_record *run, size_t count, size_t size)
{
    size_t length = 0;
    char *text = compose_without(run, count, 0, &length);
    for (size_t skipped = 1; text && length > size && skipped + 1 < count; skipped++) {
        free(text);
        text = compose_without(run, count, skipped, &length);
    }
    return text;
}
