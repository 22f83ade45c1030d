/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_FACTOR_H
#define MOAT_RIDGE_FACTOR_H

#include "ridge/work.h"

/* Computes U, Y and s^2 from L. Collective over the group. */
enum moat_status ridge_factor(struct ridge_work *work);

/* Refines them where s^2 is small, without L. Collective over the group. */
enum moat_status ridge_refine(struct ridge_work *work);

#endif
