/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The company's constrained minimum over x on a measured spectrum, which need not be the only one. */
#include <math.h>

#include "model/alignment_loss.h"
#include "model/company_choice.h"
#include "model/measured.h"
#include "model/root.h"
#include "model/valley.h"

struct problem {
    struct stance stance;
    double N;
};

/* The loss above G(tau) at the best choice of s, or the breach of tau where there is none. Where L2 = tau decides s, s
   moves with x so that L2 stays; elsewhere L1 is flat in s or s is fixed. */
static struct site site_at(const struct alignment_sums *sums, const void *context)
{
    const struct problem *problem = context;
    struct alignment_choice choice = moat_alignment_choose(&problem->stance, sums, problem->N);
    struct alignment_slopes slopes = moat_alignment_slopes(&problem->stance, sums, problem->N, &choice.at);
    double slope = !choice.feasible ? slopes.L2_x
                   : choice.binding ? slopes.L1_x - slopes.L1_s / slopes.L2_s * slopes.L2_x
                                    : slopes.L1_x;
    return (struct site){choice.feasible, choice.excess, slope};
}

static void fill(const struct problem *problem, const struct alignment_sums *sums, struct moat_company *out)
{
    const struct stance *stance = &problem->stance;
    struct alignment_choice choice = moat_alignment_choose(stance, sums, problem->N);
    double limit = stance->m * stance->limit.distance * stance->limit.distance;
    double to_safety = 1 + stance->limit.z - choice.at.d; /* 1 + z */
    double safety = stance->m * to_safety * to_safety + moat_alignment_R(stance, sums, problem->N, &choice.at);
    double free = isinf(problem->N) ? 1 : alignment_free1(sums, problem->N) / problem->N;
    out->alpha = (1 + choice.at.s) / 2;
    out->lambda = out->end < 0 ? 0 : out->end > 0 ? 1 : fmin(1, fmax(0, exp(sums->x) * free));
    out->excess = choice.excess;
    out->loss_performance = limit + choice.excess;
    out->loss_safety = choice.binding ? stance->tau : safety;
}

/* The choice of infinite data with lambda -> 0, which has the excess 0. */
static void fill_limit(const struct stance *stance, struct moat_company *out)
{
    out->feasible = true;
    out->alpha = (1 + stance->limit.z) / 2;
    out->lambda = 0;
    out->excess = 0;
    out->loss_performance = stance->m * stance->limit.distance * stance->limit.distance;
    out->loss_safety = fmin(stance->tau, 4 * stance->m);
    out->x = NAN;
}

/* Whether that choice is the best that infinite data allow: where L2 <= tau is asked and can be met there, because
   sqrt L1 + sqrt L2 >= sqrt L_star, and where the loss is 0. Else regularisation may do better: it shrinks a mixture of
   labels towards a smaller performance target. */
static bool limit_is_best(const struct stance *stance)
{
    return stance->limit.z >= 0 && (stance->bound || stance->limit.distance == 0);
}

bool moat_measured_best_x(const struct moat_solver *solver, const struct stance *stance, const struct valley *valley,
                          struct moat_company *out)
{
    if (out->N >= solver->N_interpolating && stance->limit.distance == 0) { /* the limit lambda -> 0 itself */
        *out = (struct moat_company){
            .feasible = true, .N = out->N, .alpha = 1, .loss_safety = 4 * stance->m, .x = valley->x_low, .end = -1};
        return false;
    }
    out->feasible = moat_valley_lowest(valley, &out->x);
    if (out->feasible) {
        out->end = out->x == valley->x_low ? -1 : out->x == valley->x_high ? 1 : 0;
    }
    return out->feasible;
}

void moat_measured_company(const struct moat_market *market, double N, double tau, struct moat_company *out)
{
    const struct moat_measured *measured = market->solver->state;
    struct problem problem = {moat_stance_on(market->solver->state, market, tau), N};
    *out = moat_company_unsolved(N);
    if (!(N >= 1 && (N <= MOAT_N_MAX || isinf(N))) || problem.stance.top < 0) {
        return;
    }
    if (isinf(N) && limit_is_best(&problem.stance)) {
        fill_limit(&problem.stance, out);
        return;
    }
    double low, high;
    moat_measured_domain(measured, N, &low, &high);
    struct valley valley = {&measured->table, site_at, &problem, low, high, false};
    if (moat_measured_best_x(market->solver, &problem.stance, &valley, out)) {
        struct alignment_sums sums;
        moat_alignment_at(&measured->table, out->x, &sums);
        fill(&problem, &sums, out);
    }
    if (isinf(N) && problem.stance.limit.z >= 0 && !(out->excess < 0)) {
        fill_limit(&problem.stance, out);
    }
}
