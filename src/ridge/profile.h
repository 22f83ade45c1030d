/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_PROFILE_H
#define MOAT_RIDGE_PROFILE_H

#include <stddef.h>

#include "ridge/ridge.h"

/* The cost of a task step by step, measured and counted, for the benchmark and the tests. */

enum ridge_step { STEP_SAMPLE, STEP_GRAM, STEP_EIGEN, STEP_ROTATE, STEP_REFINE, STEP_CHECK, STEP_FORMS, RIDGE_STEPS };

struct ridge_profile {
    double seconds[RIDGE_STEPS];
    size_t bytes_now, bytes_peak; /* allocated on this rank */
    size_t allocations;
    size_t refined;      /* eigenpairs computed again, summed over rounds */
    size_t through_sums; /* tasks that went through the sums of a trial */
    double bound;        /* of the error of the last one through sums, see way.h */
};

/* ridge_solve that adds the time of each step to *profile, which the caller zeroes. Collective over group. */
enum moat_status ridge_solve_profiled(const struct ridge_task *task, MPI_Comm group, struct ridge_table *out,
                                      struct ridge_profile *profile);

/* ridge_solve_rung likewise. Collective over group. */
enum moat_status ridge_solve_rung_profiled(const struct ridge_task *task, size_t most, MPI_Comm group,
                                           struct ridge_sums **sums, struct ridge_table *out,
                                           struct ridge_profile *profile);

/* Counted operations of each step through Y; see ridge_flops. Local. */
void ridge_step_flops(size_t P, size_t N, size_t nus, size_t lambdas, double flops[RIDGE_STEPS]);

#endif
