/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_CHECK_H
#define MOAT_RIDGE_CHECK_H

#include "ridge/work.h"

/* Both raise work->residual to the residual they find. Return MOAT_NUMERICAL when it is too large. Collective over the
   group. */

/* The residual of the factorisation; needs L. */
enum moat_status ridge_check(struct ridge_work *work);

/* The residual of the first `columns` after their refinement. */
enum moat_status ridge_check_refined(struct ridge_work *work, size_t columns);

#endif
