/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

#include "base/slurm.h"
#include "results/results.h"

/* A look at a results file and, if no process writes it, at the SLURM job that may. */
struct status_view {
    const char *path;
    struct results_summary summary; /* no blocks: the file does not exist */
    struct slurm_job job;           /* the one that was named, or that of the latest run; its id 0 for none */
    bool named;                     /* it was named, so it is there to write the file */
    bool asked;                     /* `report` is SLURM's answer about the job */
    struct slurm_report report;
};

/* The stage that a sweep is in: its data sets come first, then its points. */
struct status_stage {
    const char *name;         /* "data sets" or "points" */
    const char *unit;         /* of `scale` of the work, such as "Gflop" */
    double scale;             /* of the unit: 1e9 for Gflop */
    size_t failed;            /* of the data sets or points */
    struct results_work work; /* in operations or points */
};

/* Looks at view->path, and asks SLURM if no process writes a file that is not complete. A file that does not exist may
   still come: that is MOAT_OK, without blocks. Returns MOAT_USAGE or MOAT_IO. Local. */
enum moat_status status_look(struct status_view *view);

/* Returns true if every block is done. Local. */
bool status_complete(const struct status_view *view);

/* Fills *out with the stage that the sweep is in, the last one if it is complete. Local. */
void status_stage(const struct status_view *view, struct status_stage *out);

/* Writes why no process writes a file that is not complete, cut to `size`, as "job 12 waits in the queue (PENDING,
   Resources)"; "" if one does, or the file says nothing about it. Local. */
void status_explain(const struct status_view *view, char *text, size_t size);

/* Prints the view for people, to standard output. Local. */
void status_print(const struct status_view *view);

/* Writes the same as an object of JSON, to standard output. `error`, NULL for none, is why there is no summary, or why
   nobody waits any longer. Local. */
void status_write_json(const struct status_view *view, const char *error);

#endif
