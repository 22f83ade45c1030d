/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PROGRESS_H
#define MOAT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/estimate.h"
#include "run/terminal.h"

/*
 * The progress of a sweep on stderr; nothing if quiet. Rate and time left count only the work of this run. Rank 0.
 *
 * On a terminal whose width is known (also behind mpirun) it is a bar, one row of it whatever its width, which follows
 * when the window is resized. Elsewhere it is a line now and then: after ten seconds, then every ten, then each time
 * that a tenth has been added to the time since the beginning, at most an hour apart.
 */
struct progress {
    size_t total, first, done; /* units of the whole sweep, of earlier runs, of all runs so far */
    size_t failed;             /* of those done; shown unless it is 0 */
    double expected;           /* work per second, shown until some is counted; 0: not known */
    double start, last;        /* clock_seconds of the beginning, and when the progress was last shown */
    double end;                /* likewise of the end; 0 before */
    double before;             /* work of earlier runs */
    struct estimate estimate;  /* of the work of this run */
    const char *unit;          /* name of the counted thing, in the plural: "points" */
    const char *rate_unit;     /* of the rate, without "/s" */
    struct terminal terminal;
    bool weighed; /* the work has costs; else it is the units */
    bool quiet, shown;
    bool in_row; /* the bar stands on the terminal, and the cursor at its beginning */
};

/* Begins with `first` of `total` units done. `unit` must outlive *progress. Local. */
void progress_begin(struct progress *progress, const char *unit, size_t total, size_t first, bool quiet);

/* Makes shares and times count by work instead of units: `total` there is, of which earlier runs have done `before`,
   for so many hands (estimate.h). Right after progress_begin; `unit` as there. Local. */
void progress_weigh(struct progress *progress, const char *unit, double total, double before, double hands);

/* Counts `more` units, and shows the progress if it is time to. Call it with 0 while waiting. Local. */
void progress_add(struct progress *progress, size_t more);

/* Counts a unit of that work, which took so many seconds times ranks; as progress_add where nothing is weighed.
   Local. */
void progress_add_work(struct progress *progress, double work, double hand_seconds);

/* Takes the bar off the terminal, for a message to stderr; the next progress_add shows it again. Local. */
void progress_clear(struct progress *progress);

/* Shows the final state, unless nothing has been shown and there is no terminal. Local. */
void progress_end(struct progress *progress);

/* As progress_end, but shows nothing if nothing has been shown. Local. */
void progress_end_shown(struct progress *progress);

/* Writes the bar as it is `elapsed` seconds after the beginning, at most `columns` characters and cut to `size`, with
   as much as there is room for: the share that is done, then the time left and what failed, a bar, units, the rate.
   Local. */
void progress_format_bar(const struct progress *progress, double elapsed, int columns, char *out, size_t size);

/* Seconds between the lines of a log, `elapsed` seconds after the beginning. Local. */
double progress_pause(double elapsed);

/* Writes a time of so many seconds, as "2:03:10" or "3:10", cut to `size`. Local. */
void progress_format_duration(double seconds, char *out, size_t size);

/* Returns the seconds since progress_begin, until now or until progress_end. Local. */
double progress_seconds(const struct progress *progress);

#endif
