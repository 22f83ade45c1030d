/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PLAN_H
#define MOAT_PLAN_H

#include <stddef.h>

#include "moat/error.h"
#include "sweep/config.h"

/* What a sweep will take on a number of ranks, from a calibration of a few seconds on this machine. */
struct plan {
    const struct config *config;
    int ranks, workers; /* ranks of the run, and how many of them solve */
    size_t points, blocks;
    double file_bytes;        /* of the results file */
    double rank_bytes;        /* memory of a rank: what the calibration took here, and the largest ridge task */
    double seconds_per_point; /* of one worker here */
    double flops_per_second;  /* of one rank here; the rest only with SOLVER_RIDGE */
    double flops;             /* of all tasks */
    struct plan_rung {
        double N, flops, bytes, seconds; /* of one task, bytes on each of its ranks */
        int ranks;
    } * rung; /* [rungs] */
    size_t rungs;
    double tables_seconds, grid_seconds; /* wall time of the two stages */
};

/* The plan of `config`, which must outlive it, for that many ranks with `bytes` of memory each (INFINITY: any). Runs
   the calibration. Returns MOAT_USAGE when the ladder does not fit, MOAT_MEMORY, MOAT_NUMERICAL. Local. */
enum moat_status plan_create(const struct config *config, int ranks, double bytes, struct plan **out);

/* The same plan for another number of ranks, by the same calibration. Returns MOAT_USAGE. Local. */
enum moat_status plan_resize(struct plan *plan, int ranks, double bytes);

/* Frees *plan and sets it to NULL; accepts NULL inside. Local. */
void plan_destroy(struct plan **plan);

#endif
