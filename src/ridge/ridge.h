/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_H
#define MOAT_RIDGE_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#include "moat/error.h"
#include "ridge/cost.h"

/*
 * Ridge regression on one sampled data set X: the coefficients A1, A2, D of the losses (MODEL.md section 8), for every
 * nu and lambda from one factorisation. They are exact expectations over targets and labels for that X.
 *
 * Row i of X is sqrt(Sigma) z_i with z_ij the normal of (seed, trial, i, j) of ridge/random.h, so the first N rows are
 * those of every larger N. A0 = sum_j j^-(1+nu) is not part of the tables.
 */
struct ridge_population;
struct ridge_task {
    double gamma; /* > 0; sigma_j = j^-(1+gamma), j = 1..P */
    size_t P, N;  /* features and data points, >= 1 each */
    uint64_t seed;
    uint32_t trial;
    size_t nus;
    const double *nu; /* b_j = j^-(nu-gamma); gamma < nu <= 2 (1+gamma), which is not checked here */
    size_t lambdas;
    const double *lambda; /* >= 0; 0 is the ridgeless limit */
    /* What the data are drawn from instead, if not NULL: then P is its number of directions, and gamma and nu are not
       read. Of rows, X is N draws with replacement; see random_index. */
    const struct ridge_population *population;
};

/* Where the tables go: arrays of the caller, [nu][lambda] with lambda fastest. */
struct ridge_table {
    double *A1, *A2, *D;
    double *performance, *safety; /* L1 and L2 with a population, instead: [lambda][moat_sampled_alpha] */
    double residual; /* of the factorisation: about |G U - U S^2|_F / |G|, or |U^T U - I|_F where that is larger */
    double seconds;  /* wall time of the task */
};

/*
 * Solves `task` and fills `out`, with the same values on every rank. Collective over `group`, any number of ranks:
 * every rank passes the same task. MPI_COMM_NULL stands for this process alone, also without MPI_Init. The tables agree
 * between groups of any size to 1e-9 (A1, A2 relative to A0, D relative to itself), and so does the result of exact
 * arithmetic. At lambda = 0 and N >= P, A1 = A2 = 0 and D is the noise of least squares.
 *
 * Returns, the same on every rank and with the message of the rank that failed: MOAT_USAGE (a task out of its domain,
 * or too large for the number of ranks), MOAT_MEMORY, MOAT_NUMERICAL (LAPACK or ScaLAPACK reports a failure, the
 * residual of the factorisation is too large, or a result is not finite). After a failure the tables are undefined, and
 * the group can solve other tasks. A rank needs ridge_bytes of memory, which does not grow with N where that is
 * much larger than P (ridge/tall.h). Source: MODEL.md section 8.
 */
enum moat_status ridge_solve(const struct ridge_task *task, MPI_Comm group, struct ridge_table *out);

/*
 * ridge_solve for one of several data sets of a trial, N < P. What they have in common, the sums over the features, is
 * made at the first of them and kept in *sums for the others: for data sets of up to `most` points, or of N where that
 * is more. *sums is NULL at first, and may be of other tasks: it is replaced where it does not serve. A task whose
 * matrices are too ill-conditioned for sums (ridge/way.h) is solved as by ridge_solve, and so is any with `most` = 0, N
 * >= P or drawn rows. After a failure *sums may be NULL. The caller frees it with ridge_sums_release, before the group
 * is freed or used by other ranks. Collective over `group`. Source: MODEL.md section 8.
 */
struct ridge_sums;
enum moat_status ridge_solve_rung(const struct ridge_task *task, size_t most, MPI_Comm group, struct ridge_sums **sums,
                                  struct ridge_table *out);

/* Frees *sums and sets it to NULL; accepts NULL inside. Local. */
void ridge_sums_release(struct ridge_sums **sums);

#endif
