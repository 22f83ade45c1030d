/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured coefficients as ratios to the deterministic equivalent, interpolated by patch.h. Source: MODEL.md section 9.
 */
#include "moat/empirical.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/patch.h"

enum { RATIO_A1, RATIO_A2, RATIO_D, RATIOS };

struct moat_empirical {
    const struct moat_deterministic *table;
    struct moat_solver deterministic;
    double N_low, N_high;
    struct ratio_splines splines;
};

double moat_empirical_lambda_unit(double gamma, double P)
{
    return 0.01 * pow(P, -1 - gamma);
}

void moat_empirical_lambda(double unit, size_t count, double *lambda)
{
    double step = asinh(1 / unit) / (double)(count - 1);
    for (size_t j = 0; j < count; j++) {
        lambda[j] = unit * sinh(step * (double)j);
    }
    lambda[count - 1] = 1;
}

/* Whether the deterministic equivalent is 0 or infinite: ridgeless at N >= P. */
static bool singular(double expected)
{
    return !(expected > 1e-14 && expected < 1e6);
}

static enum moat_status fill_ratio(struct moat_empirical *e, int which, const double *lambda, const double *measured)
{
    static const char *const name[RATIOS] = {"A1", "A2", "D"};
    const struct ratio_grid *grid = &e->splines.grid;
    for (size_t k = 0; k < grid->rungs; k++) {
        double N = exp(grid->log_N[k]), above = NAN; /* the ratio at the next larger lambda */
        for (size_t j = grid->lambdas; j-- > 0;) {
            struct moat_coefficients c;
            e->deterministic.coefficients(e->deterministic.state, N, moat_deterministic_x(e->table, N, lambda[j]), &c);
            double expected = which == RATIO_A1 ? c.A1 : which == RATIO_A2 ? c.A2 : c.D;
            double *ratio = &grid->ratio[which][k * grid->lambdas + j], found = measured[k * grid->lambdas + j];
            /* The ratio has a limit where both are singular; nothing depends on it there. */
            *ratio = j == 0 && singular(expected) ? above : found / expected;
            above = *ratio;
            if (!(*ratio > 0 && isfinite(*ratio))) {
                return moat_error_set(MOAT_NUMERICAL, "measured %s at N = %g, lambda = %g: found %g, expected about %g",
                                      name[which], N, lambda[j], found, expected);
            }
        }
    }
    return MOAT_OK;
}

enum moat_status moat_empirical_create(const struct moat_deterministic *deterministic,
                                       const struct moat_empirical_tables *tables, struct moat_empirical **out)
{
    const double *measured[RATIOS] = {tables->A1, tables->A2, tables->D};
    struct moat_empirical *e = *out = calloc(1, sizeof *e);
    if (!e) {
        return moat_error_set(MOAT_MEMORY, "out of memory for measured coefficients");
    }
    e->table = deterministic;
    e->deterministic = moat_deterministic_solver(deterministic);
    e->N_low = tables->N[0];
    e->N_high = tables->N[tables->rungs - 1];
    enum moat_status status =
        moat_splines_allocate(RATIOS, tables->rungs, tables->N, tables->lambdas, tables->lambda_unit, &e->splines);
    for (int i = 0; i < RATIOS && status == MOAT_OK; i++) {
        status = fill_ratio(e, i, tables->lambda, measured[i]);
    }
    if (status == MOAT_OK) {
        status = moat_splines_create(e->deterministic.N_interpolating, &e->splines);
    }
    if (status != MOAT_OK) {
        moat_empirical_destroy(out);
    }
    return status;
}

void moat_empirical_destroy(struct moat_empirical **empirical)
{
    struct moat_empirical *e = *empirical;
    if (e) {
        moat_splines_free(&e->splines);
        free(e);
        *empirical = NULL;
    }
}

static void domain(const void *state, double N, double *x_low, double *x_high)
{
    const struct moat_empirical *e = state;
    e->deterministic.domain(e->deterministic.state, N, x_low, x_high);
}

static double lambda(const void *state, double N, double x)
{
    const struct moat_empirical *e = state;
    return e->deterministic.lambda(e->deterministic.state, N, x);
}

static double x_of_lambda(const void *state, double N, double level)
{
    const struct moat_empirical *e = state;
    return e->deterministic.x_of_lambda(e->deterministic.state, N, level);
}

static struct spline_point locate(const struct moat_empirical *e, double N, double x)
{
    double lambda_x, level = moat_deterministic_lambda(e->table, N, x, &lambda_x);
    return moat_splines_locate(&e->splines, N, level, lambda_x);
}

static void coefficients(const void *state, double N, double x, struct moat_coefficients *out)
{
    const struct moat_empirical *e = state;
    struct spline_point at = locate(e, N, x);
    double ratio[RATIOS], ratio_x[RATIOS];
    for (int i = 0; i < RATIOS; i++) {
        ratio[i] = moat_splines_ratio(&e->splines, &at, i, gsl_interp2d_eval);
        ratio_x[i] = at.y_x * moat_splines_ratio(&e->splines, &at, i, gsl_interp2d_eval_deriv_x);
    }
    struct moat_coefficients c;
    e->deterministic.coefficients(e->deterministic.state, N, x, &c);
    *out = (struct moat_coefficients){
        .A1 = ratio[RATIO_A1] * c.A1,
        .A2 = ratio[RATIO_A2] * c.A2,
        .D = ratio[RATIO_D] * c.D,
        .A1_x = ratio[RATIO_A1] * c.A1_x + ratio_x[RATIO_A1] * c.A1,
        .A2_x = ratio[RATIO_A2] * c.A2_x + ratio_x[RATIO_A2] * c.A2,
        .D_x = ratio[RATIO_D] * c.D_x + ratio_x[RATIO_D] * c.D,
    };
}

/* At fixed lambda y is fixed too. */
static void coefficients_log_N(const void *state, double N, double x, struct moat_coefficients_log_N *out)
{
    const struct moat_empirical *e = state;
    struct spline_point at = locate(e, N, x);
    double ratio[RATIOS], ratio_log_N[RATIOS];
    for (int i = 0; i < RATIOS; i++) {
        ratio[i] = moat_splines_ratio(&e->splines, &at, i, gsl_interp2d_eval);
        ratio_log_N[i] = moat_splines_ratio(&e->splines, &at, i, gsl_interp2d_eval_deriv_y);
    }
    struct moat_coefficients_log_N c;
    e->deterministic.coefficients_log_N(e->deterministic.state, N, x, &c);
    *out = (struct moat_coefficients_log_N){
        .A1 = ratio[RATIO_A1] * c.A1,
        .A2 = ratio[RATIO_A2] * c.A2,
        .D = ratio[RATIO_D] * c.D,
        .A1_log_N = ratio[RATIO_A1] * c.A1_log_N + ratio_log_N[RATIO_A1] * c.A1,
        .A2_log_N = ratio[RATIO_A2] * c.A2_log_N + ratio_log_N[RATIO_A2] * c.A2,
        .D_log_N = ratio[RATIO_D] * c.D_log_N + ratio_log_N[RATIO_D] * c.D,
    };
}

struct moat_solver moat_empirical_solver(const struct moat_empirical *empirical)
{
    struct moat_solver solver = empirical->deterministic;
    solver.single_minimum = false;
    solver.N_low = empirical->N_low;
    solver.N_high = empirical->N_high;
    solver.state = empirical;
    solver.domain = domain;
    solver.coefficients = coefficients;
    solver.coefficients_log_N = coefficients_log_N;
    solver.lambda = lambda;
    solver.x_of_lambda = x_of_lambda;
    solver.table = NULL;
    return solver;
}
