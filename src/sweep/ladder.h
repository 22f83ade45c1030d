/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LADDER_H
#define MOAT_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "moat/empirical.h"
#include "moat/error.h"
#include "moat/sampled.h"
#include "sweep/config.h"

/*
 * The ladder of sampled data sets: one task for each (rung N, trial), with its tables: of power laws A1, A2, D at every
 * nu of the grid and every lambda; on a measured spectrum both losses at every lambda and three alpha. Tasks are
 * numbered rung-major: task = rung * trials + trial. Source: MODEL.md sections 9 and 17.
 */
enum { LADDER_LAMBDAS = 64 };

enum task_state { TASK_PENDING = 0, TASK_DONE = 1, TASK_FAILED = 2 };

struct ladder {
    const struct config *config; /* not owned */
    size_t rungs, trials, nus, lambdas, tasks;
    size_t reach;                           /* rungs that go through the sums of their trial, see ladder_cost.h */
    double lambda_unit, *lambda;            /* [lambdas], see moat_empirical_lambda */
    double *A1, *A2, *D;                    /* [tasks][nus][lambdas]; NULL on a measured spectrum */
    double *loss_performance, *loss_safety; /* [tasks][lambdas][MOAT_SAMPLED_ALPHAS]; NULL without one */
    uint8_t *state;                         /* [tasks], of enum task_state */
    uint8_t *known;                         /* [tasks][nus]: 1 where another file had a table; see ladder_known.h */
    double *unknown_nu;                     /* [nus], filled by ladder_gather_unknown */
};

enum { LADDER_TABLES_MOST = 3 };

/* The ladder of a config with SOLVER_RIDGE, all tasks pending. `config` has its directions, and its rows if it names
   any, and must outlive the ladder. Returns MOAT_MEMORY. The caller owns *out. Local. */
enum moat_status ladder_create(const struct config *config, struct ladder **out);

/* Frees *ladder and sets it to NULL; accepts NULL inside. Local. */
void ladder_destroy(struct ladder **ladder);

/* Number of values in one table of one task. Those of task t begin at t times that number. Local. */
size_t ladder_task_size(const struct ladder *ladder);

/* The number of tables, and each of them. Local. */
int ladder_tables(const struct ladder *ladder);
double *ladder_table(const struct ladder *ladder, int table);

/* The lambda below which tables of `config` hardly depend on it, which has directions and rows as for ladder_create.
   Local. */
double ladder_lambda_unit(const struct config *config);

/* Number of data points of a task. Local. */
double ladder_task_N(const struct ladder *ladder, size_t task);

/* Fills the tables of every task with the values of the deterministic equivalent and marks all done. Planning measures
   time on these tables, and tests compare with them. Returns MOAT_MEMORY. Local. */
enum moat_status ladder_expect(struct ladder *ladder);

/* For ladder_mean: exclude no trial. */
#define LADDER_ALL SIZE_MAX

/* The means over the trials that are done, without trial `excluded` (LADDER_ALL: with all of them), of the tables at
   grid index `nu`, which are read with stride ladder_task_size. Fills means[ladder_tables][rungs][ladder_slice].
   Returns MOAT_NUMERICAL when a rung has no trial left. Local. */
enum moat_status ladder_mean(const struct ladder *ladder, size_t nu, size_t excluded, double *means);

/* The tables that ladder_mean filled, of power laws or on a measured spectrum. They point into the ladder and `means`.
   Local. */
struct moat_empirical_tables ladder_empirical_tables(const struct ladder *ladder, const double *means);
struct moat_sampled_tables ladder_sampled_tables(const struct ladder *ladder, const double *means);

/* Number of values in one table of one task at one nu. Local. */
size_t ladder_slice(const struct ladder *ladder);

#endif
