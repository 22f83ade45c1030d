/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scaling law on sampled data: the loss at a given alpha, at a given ridge level or the best one. Source: MODEL.md
 * sections 10 and 17. */
#include <math.h>

#include "model/measured.h"
#include "model/sampled.h"
#include "model/valley.h"

struct given {
    const struct moat_sampled *sampled;
    double N, s;
};

static struct site site_at(const struct alignment_sums *sums, const void *context)
{
    const struct given *given = context;
    struct sampled_losses at;
    moat_sampled_at(given->sampled, sums, given->N, false, &at);
    return (struct site){true, quadratic_at(&at.loss[0], given->s), quadratic_at(&at.x[0], given->s)};
}

void moat_sampled_scaling_law(const struct moat_solver *solver, double N, double alpha, double lambda,
                              struct moat_scaling_law *out)
{
    const struct moat_sampled *sampled = solver->state;
    struct given given = {sampled, N, 2 * alpha - 1};
    double low, high, x = NAN, lambda_x, a = 1 - alpha;
    moat_sampled_domain(sampled, N, &low, &high);
    if (isnan(lambda)) {
        struct valley valley = {&sampled->measured->table, site_at, &given, low, high, false};
        moat_valley_lowest(&valley, &x);
    } else {
        x = moat_measured_x(sampled->measured, N, lambda);
    }
    struct alignment_sums sums;
    struct sampled_losses at;
    moat_alignment_at(&sampled->measured->table, x, &sums);
    moat_sampled_at(sampled, &sums, N, true, &at);
    double loss = quadratic_at(&at.loss[0], given.s), slope = quadratic_at(&at.log_N[0], given.s);
    if (!isfinite(loss)) {
        return;
    }
    out->solved = true;
    out->lambda = !isnan(lambda) ? lambda : x == low ? 0 : x == high ? 1 : moat_sampled_lambda(&sums, N, &lambda_x);
    out->term.mixture = a * a * sampled->measured->L_star;
    if (out->lambda == 0 && a == 0 && N >= solver->N_interpolating) { /* the limit itself */
        out->loss = out->excess = 0;
        return;
    }
    out->loss = loss;
    out->excess = loss - out->term.mixture;
    out->exponent_loss = -slope / out->loss;
    out->exponent_excess = -slope / out->excess;
}
