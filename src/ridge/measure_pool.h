/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_MEASURE_POOL_H
#define MOAT_RIDGE_MEASURE_POOL_H

#include "ridge/measure_estimate.h"

/* Makes second moments of the unbiased estimates: fills alignment, stderr_of, pool and pools. The total signals of both
   labels are positive. Returns MOAT_MEMORY. Local. Source: MODEL.md section 16. */
enum moat_status measure_pool(const struct measure_fit *fit, struct measure_estimate *estimate);

#endif
