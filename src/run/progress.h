/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PROGRESS_H
#define MOAT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* The progress of a sweep on stderr: a bar on a terminal (also behind mpirun), elsewhere a line every ten seconds,
   nothing if quiet. The rate counts only the work of this run. Rank 0. */
struct progress {
    size_t total, first, done; /* units of the whole sweep, of earlier runs, of all runs so far */
    size_t failed;             /* of those done; shown unless it is 0 */
    double expected;           /* units per second, shown until some are counted; 0: not known */
    double start, last;        /* clock_seconds of the beginning, and when the progress was last shown */
    const char *unit;          /* name of the counted thing, in the plural: "points" */
    bool quiet, terminal, shown;
};

/* Begins with `first` of `total` units done. `unit` must outlive *progress. Local. */
void progress_begin(struct progress *progress, const char *unit, size_t total, size_t first, bool quiet);

/* Counts `more` units, and shows the progress if it is time to. Call it with 0 while waiting. Local. */
void progress_add(struct progress *progress, size_t more);

/* Shows the final state. Local. */
void progress_end(struct progress *progress);

/* Writes a time of so many seconds, as "2:03:10" or "3:10", cut to `size`. Local. */
void progress_format_duration(double seconds, char *out, size_t size);

/* Returns the seconds since progress_begin. Local. */
double progress_seconds(const struct progress *progress);

#endif
