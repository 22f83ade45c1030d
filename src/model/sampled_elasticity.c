/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elasticities on sampled data: those of measured_elasticity.c with the slopes of the interpolated losses. */
#include <math.h>

#include "model/measured.h"
#include "model/sampled.h"

static struct alignment_slopes slopes_at(const void *state, const struct stance *stance,
                                         const struct moat_company *company, double s)
{
    const struct moat_sampled *sampled = state;
    if (isinf(company->N)) {
        return moat_measured_slopes(sampled->measured, stance, company, s);
    }
    struct alignment_sums sums;
    struct sampled_losses at;
    moat_alignment_at(&sampled->measured->table, company->x, &sums);
    moat_sampled_at(sampled, &sums, company->N, true, &at);
    return (struct alignment_slopes){.L1_s = quadratic_slope(&at.loss[0], s),
                                     .L2_s = quadratic_slope(&at.loss[1], s),
                                     .L1_x = quadratic_at(&at.x[0], s),
                                     .L2_x = quadratic_at(&at.x[1], s),
                                     .L1_log_N = quadratic_at(&at.log_N[0], s),
                                     .L2_log_N = quadratic_at(&at.log_N[1], s)};
}

void moat_sampled_elasticity(const struct moat_market *market, const struct moat_company *incumbent,
                             const struct moat_threshold *threshold, struct moat_elasticity *out)
{
    const struct moat_sampled *sampled = market->solver->state;
    struct slopes_of slopes = {slopes_at, sampled, sampled->measured};
    moat_elasticity_by_slopes(market, &slopes, incumbent, threshold, out);
}
