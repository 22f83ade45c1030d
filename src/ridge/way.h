/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_WAY_H
#define MOAT_RIDGE_WAY_H

#include <stdbool.h>

#include "ridge/work.h"

/*
 * The choice between the two ways to the tables for N < P: through the sums of a trial (sums.h), or through Y (work.h).
 * The sums are rounded to eps = 2.2e-16 of their largest elements, so through them A1 and A2 are wrong by about eps s^2
 * / (min s^2 + lambda) relative to A0, with s^2 the largest, and D by about
 *
 *     eps s^4 / N  mean_k 1 / (s_k^2 + lambda)^2
 *
 * relative to itself; through Y by hardly more than eps. The larger of the two at the least lambda is called the bound
 * here. The sums serve where it is at most RIDGE_WAY_MOST. Source: MODEL.md section 8.
 */
#define RIDGE_WAY_MOST 2e-10

/* The bound from s^2 that were measured. Local. */
double ridge_way_bound(const struct ridge_task *task, const double *square, size_t r);

/* The bound at lambda = 0 that is to be expected with N points, by the deterministic equivalent and the edges of the
   spectrum of X X^T / N for N and P without bound. Of a power law, or of `population` if that is not NULL. INFINITY for
   N >= P. Local. Source: Silverstein and Choi, J. Multivariate Anal. 54 (1995) 295, doi 10.1006/jmva.1995.1058. */
double ridge_way_expected(double gamma, size_t P, const struct ridge_population *population, size_t N);

#endif
