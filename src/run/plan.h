/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PLAN_H
#define MOAT_PLAN_H

#include <stddef.h>

#include "moat/error.h"
#include "results/tables_file.h"
#include "sweep/config.h"
#include "sweep/ladder.h"
#include "sweep/ladder_cost.h"

/* The work, memory and time that a sweep will take on a number of ranks, predicted from a calibration of a few seconds
   on this machine. */
struct plan_rung {
    double N, flops, bytes, seconds; /* of one task; the bytes are those on each of its ranks */
    int ranks;                       /* of its group */
    size_t left;                     /* tasks that are not taken from another file, of all trials */
    double flops_left;               /* of these */
};

struct plan {
    const struct config *config;
    int ranks, workers; /* of the run; the workers are those that solve: all but rank 0, if there are others */
    size_t points, blocks;
    double file_bytes;         /* of the results file */
    double rank_bytes;         /* memory of a rank: that of the calibration here, plus the largest ridge task; without
                                  MPI's own */
    double seconds_per_point;  /* of one worker on this machine */
    double model_seconds;      /* before its first point, for the tables of a measured spectrum; else 0 */
    double flops_per_second;   /* of one rank over the whole ladder; NAN without SOLVER_RIDGE */
    struct ladder_speed speed; /* of one rank on this machine; NAN where the ladder does not need it */
    double flops;              /* of all tasks that are left; 0 without SOLVER_RIDGE */
    struct plan_rung *rung;    /* [rungs] */
    size_t rungs;              /* 0 without SOLVER_RIDGE */
    struct tables_taken taken; /* from another file */
    struct ladder *ladder;     /* with what is taken; NULL without SOLVER_RIDGE */
    double tables_seconds, grid_seconds; /* wall time of the two stages */
};

/* Runs the calibration and plans `config`, which must outlive the plan, for so many ranks with `bytes` of memory each
   (INFINITY: any). What `tables` has, NULL for none, is not measured; what the results file has already counts. The
   caller owns *out. Returns MOAT_USAGE if the ladder does not fit into the memory, MOAT_MEMORY, or MOAT_NUMERICAL if
   the calibration fails. Local, also without MPI_Init. */
enum moat_status plan_create(const struct config *config, const struct tables_file *tables, int ranks, double bytes,
                             struct plan **out);

/* Changes the plan to another number of ranks, from the same calibration. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status plan_resize(struct plan *plan, int ranks, double bytes);

/* Frees *plan and sets it to NULL; accepts NULL inside. Local. */
void plan_destroy(struct plan **plan);

#endif
