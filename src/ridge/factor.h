/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_FACTOR_H
#define MOAT_RIDGE_FACTOR_H

#include "ridge/work.h"

/* Computes U, Y and s^2 from L; or U and s^2 from work->sums where they serve, else work->sums becomes NULL and the
   task goes through L. Collective over the group. */
enum moat_status ridge_factor(struct ridge_work *work);

/* Refines them where s^2 is small, without L. Collective over the group. */
enum moat_status ridge_refine(struct ridge_work *work);

/* 1 / (s_k^2 + lambda); 0 where s_k^2 is rounding error alone, as of rows that depend on each other. Local. */
static inline double ridge_gain(const struct ridge_work *work, size_t k, double lambda)
{
    return work->square[k] > work->null ? 1 / (work->square[k] + lambda) : 0;
}

#endif
