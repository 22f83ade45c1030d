/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_COST_H
#define MOAT_RIDGE_COST_H

#include <stdbool.h>
#include <stddef.h>

/* Counted floating-point operations of one task: the least that the method needs, so that a comparison of flops over
   time with the machine's peak is fair. Local. */
double ridge_flops(size_t P, size_t N, size_t nus, size_t lambdas);

/* Upper bound of the bytes that a rank has allocated at any time in ridge_solve on a group of `ranks`, without those of
   MPI and BLAS. Local. */
size_t ridge_bytes(size_t P, size_t N, size_t nus, size_t lambdas, int ranks);

/* The same of a task with a population, whose own memory does not count: with rows or Gaussian. Local. */
size_t ridge_population_bytes(size_t P, size_t N, bool rows, size_t lambdas, int ranks);
double ridge_population_flops(size_t P, size_t N, bool rows, size_t lambdas);

#endif
