/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_COST_H
#define MOAT_RIDGE_COST_H

#include <stdbool.h>
#include <stddef.h>

/* A data set that goes through the sums of a trial. */
struct ridge_rung_size {
    size_t P, most, N, aligned, noises, label_weights, lambdas;
};

/* Counted floating-point operations of one task: the least that the method needs, so that a comparison of flops over
   time with the machine's peak is fair. Where N is much larger than P, as one rank would go (ridge/tall.h). Local. */
double ridge_flops(size_t P, size_t N, size_t nus, size_t lambdas);

/* Upper bound of the bytes that a rank has allocated at any time in ridge_solve on a group of `ranks`, without those of
   MPI and BLAS. Local. */
size_t ridge_bytes(size_t P, size_t N, size_t nus, size_t lambdas, int ranks);

/* The same for a task that goes through its data, though its N were much larger than P (ridge/tall.h). Local. */
size_t ridge_data_bytes(size_t P, size_t N, size_t nus, size_t lambdas, int ranks);

/* The same for data sets that go through the sums of a trial (ridge_solve_rung), N < P: the operations for sums of
   `most` rows, and those for one data set once they are there. The bytes are those of both. `aligned` matrices B and
   `noises` as in ridge/moments.h: for power laws both are the number of nu. Local. */
double ridge_sums_flops(size_t P, size_t most, size_t aligned);
double ridge_rung_flops(size_t N, size_t aligned, size_t noises, size_t lambdas);
size_t ridge_rung_bytes(const struct ridge_rung_size *size, int ranks);

/* Number of matrices B and of noises of Gaussian samples of a measured spectrum. */
enum { RIDGE_MOMENTS = 3, RIDGE_MOMENT_NOISES = 2 };

/* The same of a task with a population, whose own memory does not count: with rows or Gaussian. Local. */
size_t ridge_population_bytes(size_t P, size_t N, bool rows, size_t lambdas, int ranks);
double ridge_population_flops(size_t P, size_t N, bool rows, size_t lambdas);

#endif
