/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PROGRESS_H
#define MOAT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Progress of a sweep on stderr: a bar on a terminal (also behind mpirun), a line every ten seconds elsewhere, nothing
   when quiet. Points per second are those of this run. Rank 0. */
struct progress {
    size_t total, first, done; /* of the sweep, done before this run, done now */
    size_t failed;             /* of those done; shown when not 0 */
    double start, last;        /* seconds of the monotonic clock */
    const char *unit;          /* what is counted, in the plural */
    bool quiet, terminal, shown;
};

/* Begins with `first` of `total` done; `unit` ("points") must outlive *progress. */
void progress_begin(struct progress *progress, const char *unit, size_t total, size_t first, bool quiet);

/* Counts `more` and shows it when it is time; 0 lets time pass. */
void progress_add(struct progress *progress, size_t more);

/* Shows the final state. */
void progress_end(struct progress *progress);

/* Seconds since progress_begin. */
double progress_seconds(const struct progress *progress);

#endif
