/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A company on sampled data: at each x the best alpha of two quadratics, then the least over x, which need not be the
 * only minimum. As on a measured spectrum the best s is an end of its range, the vertex of L1 or a root of L2 = tau.
 * Source: MODEL.md sections 15.2 and 17.
 */
#include <math.h>

#include "model/company_choice.h"
#include "model/measured.h"
#include "model/sampled.h"
#include "model/valley.h"

struct problem {
    const struct moat_sampled *sampled;
    struct stance stance;
    double N;
};

struct option {
    bool feasible, binding;
    double s;
    double value; /* L1; where not feasible, by how much L2 exceeds tau */
};

static void consider(const struct problem *problem, const struct sampled_losses *at, double s, bool binding,
                     struct option *best)
{
    const struct stance *stance = &problem->stance;
    if (!(s >= 0 && s <= stance->top)) {
        return;
    }
    double breach = stance->bound && !binding ? quadratic_at(&at->loss[1], s) - stance->tau : 0;
    bool feasible = breach <= 0;
    double value = feasible ? quadratic_at(&at->loss[0], s) : breach;
    if (feasible > best->feasible || (feasible == best->feasible && value < best->value)) {
        *best = (struct option){feasible, binding, s, value};
    }
}

static void consider_vertex(const struct problem *problem, const struct sampled_losses *at, int which,
                            struct option *best)
{
    const struct quadratic *loss = &at->loss[which];
    if (loss->c[2] > 0) {
        consider(problem, at, -loss->c[1] / (2 * loss->c[2]), false, best);
    }
}

static struct option choose(const struct problem *problem, const struct sampled_losses *at)
{
    const struct stance *stance = &problem->stance;
    struct option best = {.value = INFINITY};
    consider(problem, at, stance->top, false, &best);
    consider(problem, at, 0, false, &best);
    consider_vertex(problem, at, 0, &best);
    if (stance->bound) {
        const double *c = at->loss[1].c;
        double root[2];
        int count = quadratic_roots(c[2], -c[1] / 2, c[0] - stance->tau, root);
        for (int k = 0; k < count; k++) {
            consider(problem, at, root[k], true, &best);
        }
        if (!best.feasible) {
            consider_vertex(problem, at, 1, &best);
        }
    }
    return best;
}

/* The loss at the best choice of s, or the breach of tau where there is none. Where L2 = tau decides s, s moves with x
   so that L2 stays; elsewhere L1 is flat in s or s is fixed. */
static struct site site_at(const struct alignment_sums *sums, const void *context)
{
    const struct problem *problem = context;
    struct sampled_losses at;
    moat_sampled_at(problem->sampled, sums, problem->N, false, &at);
    struct option best = choose(problem, &at);
    double slope = quadratic_at(&at.x[0], best.s), safety = quadratic_at(&at.x[1], best.s);
    if (!best.feasible) {
        slope = safety;
    } else if (best.binding) {
        slope -= quadratic_slope(&at.loss[0], best.s) / quadratic_slope(&at.loss[1], best.s) * safety;
    }
    return (struct site){best.feasible, best.value, slope};
}

static void fill(const struct problem *problem, struct moat_company *out)
{
    const struct stance *stance = &problem->stance;
    struct alignment_sums sums;
    struct sampled_losses at;
    double lambda_x;
    moat_alignment_at(&problem->sampled->measured->table, out->x, &sums);
    moat_sampled_at(problem->sampled, &sums, problem->N, false, &at);
    struct option best = choose(problem, &at);
    out->alpha = (1 + best.s) / 2;
    out->lambda = out->end < 0 ? 0 : out->end > 0 ? 1 : moat_sampled_lambda(&sums, problem->N, &lambda_x);
    out->loss_performance = best.value;
    out->excess = best.value - stance->m * stance->limit.distance * stance->limit.distance;
    out->loss_safety = best.binding ? stance->tau : quadratic_at(&at.loss[1], best.s);
}

void moat_sampled_company(const struct moat_market *market, double N, double tau, struct moat_company *out)
{
    const struct moat_sampled *sampled = market->solver->state;
    const struct moat_measured *measured = sampled->measured;
    struct problem problem = {sampled, moat_stance_on(measured, market, tau), N};
    if (isinf(N)) {
        struct moat_solver equivalent = moat_measured_solver(measured);
        struct moat_market same = *market;
        same.solver = &equivalent;
        moat_measured_company(&same, N, tau, out);
        return;
    }
    *out = moat_company_unsolved(N);
    if (!(N >= sampled->N_low && N <= sampled->N_high) || problem.stance.top < 0) {
        return;
    }
    double low, high;
    moat_sampled_domain(sampled, N, &low, &high);
    struct valley valley = {&measured->table, site_at, &problem, low, high, false};
    if (moat_measured_best_x(market->solver, &problem.stance, &valley, out)) {
        fill(&problem, out);
    }
}
