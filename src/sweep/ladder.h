/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LADDER_H
#define MOAT_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "moat/empirical.h"
#include "moat/error.h"
#include "sweep/config.h"

/*
 * The ladder of sampled data sets: one task for each (rung N, trial), with its tables of A1, A2, D at every nu of the
 * grid and every lambda. Tasks are numbered rung-major: task = rung * trials + trial. Source: MODEL.md section 9.
 */
enum { LADDER_LAMBDAS = 64 };

enum task_state { TASK_PENDING = 0, TASK_DONE = 1, TASK_FAILED = 2 };

struct ladder {
    const struct config *config; /* not owned */
    size_t rungs, trials, nus, lambdas, tasks;
    double lambda_unit, *lambda; /* [lambdas], see moat_empirical_lambda */
    double *A1, *A2, *D;         /* [tasks][nus][lambdas] */
    uint8_t *state;              /* [tasks], of enum task_state */
};

/* The ladder of a config with SOLVER_RIDGE, all tasks pending. `config` must outlive it. Returns MOAT_MEMORY. The
   caller owns *out. Local. */
enum moat_status ladder_create(const struct config *config, struct ladder **out);

/* Frees *ladder and sets it to NULL; accepts NULL inside. Local. */
void ladder_destroy(struct ladder **ladder);

/* Number of values in one table of one task, nus * lambdas. Those of task t begin at t times that number. Local. */
size_t ladder_task_size(const struct ladder *ladder);

/* Number of data points of a task. Local. */
double ladder_task_N(const struct ladder *ladder, size_t task);

/* Fills the tables of every task with the values of the deterministic equivalent and marks all done. Planning measures
   time on these tables, and tests compare with them. Returns MOAT_MEMORY. Local. */
enum moat_status ladder_expect(struct ladder *ladder);

/* For ladder_mean: exclude no trial. */
#define LADDER_ALL SIZE_MAX

/* The mean at grid index `nu` over the trials that are done, without trial `excluded` (LADDER_ALL: with all of them).
   Fills means[3][rungs][lambdas], of A1, A2 and D, and makes `out` point to them. Returns MOAT_NUMERICAL when a rung
   has no trial left. Local. */
enum moat_status ladder_mean(const struct ladder *ladder, size_t nu, size_t excluded, double *means,
                             struct moat_empirical_tables *out);

#endif
