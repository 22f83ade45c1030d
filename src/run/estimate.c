/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rate and the rest of some work; the time is an argument, so that tests can set it. */
#include "run/estimate.h"

#include <math.h>

double estimate_rate(const struct estimate *estimate, double elapsed)
{
    double hands = estimate->hands > 0 ? estimate->hands : 1;
    double seconds = estimate->hands > 0 ? estimate->hand_seconds : elapsed;
    return estimate->done > 0 && seconds > 0 ? hands * estimate->done / seconds : NAN;
}

double estimate_left(const struct estimate *estimate, double elapsed)
{
    double rate = estimate_rate(estimate, elapsed), rest = estimate->total - estimate->done;
    if (!(rest > 0) || isnan(rate)) {
        return rest > 0 ? NAN : 0;
    }
    return estimate->hands > 0 ? fmin(rest / rate, fmax(estimate->total / rate - elapsed, 0)) : rest / rate;
}
