/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_POWER_LAW_MARKET_H
#define MOAT_RIDGE_POWER_LAW_MARKET_H

#include "ridge/power_law.h"

/* Solves the market of power_law.h on the spectrum and on the law of `out`, whose ln sigma_1 is `level`: fills N_I and
   the thresholds. Returns MOAT_MEMORY. Local. */
enum moat_status power_law_compare(const struct measure_fit *fit, const struct measure_estimate *estimate, double level,
                                   struct power_law *out);

#endif
