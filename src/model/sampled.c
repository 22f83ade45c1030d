/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses of sampled data as ratios to the deterministic equivalent, interpolated by patch.h. Source: MODEL.md section
 * 17. */
#include "model/sampled.h"

#include <math.h>
#include <stdlib.h>

#include "model/measured.h"

/* In units of the tables' lambda_unit, where the search for the best lambda begins. */
#define LEAST_LAMBDA 1e-3

const double moat_sampled_alpha[MOAT_SAMPLED_ALPHAS] = {0.5, 0.75, 1};

double moat_sampled_lambda_unit(const struct moat_measured_spectrum *spectrum)
{
    double least = INFINITY;
    for (size_t i = 0; i < spectrum->n; i++) {
        least = fmin(least, spectrum->sigma[i]);
    }
    return fmin(fmax(0.01 * least, 1e-14), 0.01);
}

void moat_sampled_expect(const struct moat_measured *measured, const struct alignment_sums *sums, double N,
                         struct sampled_equivalent *out)
{
    struct stance stance = moat_measured_stance(measured);
    for (int c = 0; c < MOAT_SAMPLED_ALPHAS; c++) {
        struct stand at = c == MOAT_SAMPLED_ALPHAS - 1
                              ? stand_top(&stance, sums->value)
                              : stand_at_s(&stance, sums->value, 2 * moat_sampled_alpha[c] - 1);
        struct alignment_slopes slopes = moat_alignment_slopes(&stance, sums, N, &at);
        double R = moat_alignment_R(&stance, sums, N, &at), to_safety = 2 - at.d;
        int safety = MOAT_SAMPLED_ALPHAS + c;
        out->value[c] = stance_performance(&stance, at.d) + R;
        out->value[safety] = stance.m * to_safety * to_safety + R;
        out->x[c] = slopes.L1_x;
        out->x[safety] = slopes.L2_x;
        out->log_N[c] = slopes.L1_log_N;
        out->log_N[safety] = slopes.L2_log_N;
    }
}

double moat_sampled_lambda(const struct alignment_sums *sums, double N, double *lambda_x)
{
    double kappa = exp(sums->x);
    *lambda_x = kappa * alignment_free2(sums, N) / N;
    return fmin(1, fmax(0, kappa * alignment_free1(sums, N) / N));
}

void moat_sampled_domain(const struct moat_sampled *sampled, double N, double *x_low, double *x_high)
{
    moat_measured_domain(sampled->measured, N, x_low, x_high);
    *x_low = moat_measured_x(sampled->measured, N, LEAST_LAMBDA * sampled->splines.grid.unit);
}

/* The quadratic in s through the values at s = 0, 1/2, 1, the s of moat_sampled_alpha. */
static struct quadratic through(const double value[MOAT_SAMPLED_ALPHAS])
{
    return (struct quadratic){
        {value[0], -3 * value[0] + 4 * value[1] - value[2], 2 * (value[0] - 2 * value[1] + value[2])}};
}

void moat_sampled_at(const struct moat_sampled *sampled, const struct alignment_sums *sums, double N, bool with_log_N,
                     struct sampled_losses *out)
{
    struct sampled_equivalent expected;
    double lambda_x, lambda = moat_sampled_lambda(sums, N, &lambda_x);
    struct spline_point at = moat_splines_locate(&sampled->splines, N, lambda, lambda_x);
    moat_sampled_expect(sampled->measured, sums, N, &expected);
    for (int i = 0; i < SAMPLED_RATIOS; i++) {
        double ratio = moat_splines_ratio(&sampled->splines, &at, i, gsl_interp2d_eval);
        double ratio_x = at.y_x * moat_splines_ratio(&sampled->splines, &at, i, gsl_interp2d_eval_deriv_x);
        expected.x[i] = ratio * expected.x[i] + ratio_x * expected.value[i];
        if (with_log_N) { /* at fixed lambda y is fixed too */
            double ratio_log_N = moat_splines_ratio(&sampled->splines, &at, i, gsl_interp2d_eval_deriv_y);
            expected.log_N[i] = ratio * expected.log_N[i] + ratio_log_N * expected.value[i];
        }
        expected.value[i] *= ratio;
    }
    for (int k = 0; k < SAMPLED_LOSSES; k++) {
        int first = k * MOAT_SAMPLED_ALPHAS;
        out->loss[k] = through(&expected.value[first]);
        out->x[k] = through(&expected.x[first]);
        out->log_N[k] = through(&expected.log_N[first]);
    }
}

/* Whether a loss of the deterministic equivalent is 0 or infinite, ridgeless at N >= n, beside that at the largest
   lambda. */
static bool singular(double expected, double regular)
{
    return !(expected > 1e-14 * regular && expected < 1e6 * regular);
}

static enum moat_status check_ratio(double ratio, int which, double N, double lambda, double found)
{
    if (ratio > 0 && isfinite(ratio)) {
        return MOAT_OK;
    }
    return moat_error_set(MOAT_NUMERICAL, "measured %s loss at N = %g, lambda = %g, alpha = %g: found %g, expected %g",
                          which < MOAT_SAMPLED_ALPHAS ? "performance" : "safety", N, lambda,
                          moat_sampled_alpha[which % MOAT_SAMPLED_ALPHAS], found, found / ratio);
}

/* The ratios of one rung, from the largest lambda down. */
static enum moat_status fill_rung(const struct moat_sampled *sampled, const struct moat_sampled_tables *tables,
                                  size_t k)
{
    const struct moat_measured *measured = sampled->measured;
    double regular[SAMPLED_RATIOS] = {0};
    enum moat_status status = MOAT_OK;
    for (size_t j = tables->lambdas; j-- > 0 && status == MOAT_OK;) {
        struct alignment_sums sums;
        struct sampled_equivalent expected;
        size_t at = k * tables->lambdas + j;
        moat_alignment_at(&measured->table, moat_measured_x(measured, tables->N[k], tables->lambda[j]), &sums);
        moat_sampled_expect(measured, &sums, tables->N[k], &expected);
        for (int i = 0; i < SAMPLED_RATIOS && status == MOAT_OK; i++) {
            const double *from = i < MOAT_SAMPLED_ALPHAS ? tables->performance : tables->safety;
            double *ratio = sampled->splines.grid.ratio[i];
            double found = from[at * MOAT_SAMPLED_ALPHAS + (size_t)(i % MOAT_SAMPLED_ALPHAS)];
            /* The ratio has a limit where both are singular; nothing depends on it there. */
            regular[i] = j + 1 == tables->lambdas ? expected.value[i] : regular[i];
            bool limit = singular(expected.value[i], regular[i]) && j + 1 < tables->lambdas;
            ratio[at] = limit ? ratio[at + 1] : found / expected.value[i];
            status = check_ratio(ratio[at], i, tables->N[k], tables->lambda[j], found);
        }
    }
    return status;
}

enum moat_status moat_sampled_create(const struct moat_measured *measured, const struct moat_sampled_tables *tables,
                                     struct moat_sampled **out)
{
    struct moat_sampled *sampled = *out = calloc(1, sizeof *sampled);
    if (!sampled) {
        return moat_error_set(MOAT_MEMORY, "out of memory for measured losses");
    }
    sampled->measured = measured;
    sampled->N_low = tables->N[0];
    sampled->N_high = tables->N[tables->rungs - 1];
    enum moat_status status = moat_splines_allocate(SAMPLED_RATIOS, tables->rungs, tables->N, tables->lambdas,
                                                    tables->lambda_unit, &sampled->splines);
    for (size_t k = 0; k < tables->rungs && status == MOAT_OK; k++) {
        status = fill_rung(sampled, tables, k);
    }
    if (status == MOAT_OK) {
        status = moat_splines_create(measured->n, &sampled->splines);
    }
    if (status != MOAT_OK) {
        moat_sampled_destroy(out);
    }
    return status;
}

void moat_sampled_destroy(struct moat_sampled **sampled)
{
    if (*sampled) {
        moat_splines_free(&(*sampled)->splines);
        free(*sampled);
        *sampled = NULL;
    }
}

static const struct moat_solver_methods methods = {
    .company = moat_sampled_company,
    .threshold = moat_sampled_threshold,
    .elasticity = moat_sampled_elasticity,
    .scaling_law = moat_sampled_scaling_law,
};

struct moat_solver moat_sampled_solver(const struct moat_sampled *sampled)
{
    struct moat_solver solver = moat_measured_solver(sampled->measured);
    solver.N_low = sampled->N_low;
    solver.N_high = sampled->N_high;
    solver.state = sampled;
    solver.methods = &methods;
    return solver;
}
