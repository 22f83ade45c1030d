/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interpolation of measured coefficients as ratios to the deterministic equivalent.
 *
 * Bicubic splines in (y, ln N), y = asinh(lambda / unit): in y the grid is uniform and the ridgeless limit is an
 * ordinary point, in ln N the ladder is close to uniform. Near-ridgeless coefficients jump where N reaches P, and a
 * spline across that jump would ring far from it. So the rungs below P, those from P on, and the interval between have
 * a spline each. Source: MODEL.md section 9.
 */
#include "moat/empirical.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/patch.h"

enum { PATCHES = 3 };

struct moat_empirical {
    const struct moat_deterministic *table;
    struct moat_solver deterministic;
    double N_low, N_high, unit, y_max;
    struct ratio_grid grid;
    size_t patches;
    struct patch patch[PATCHES]; /* rising in N, each begins where the one before ends */
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
    for (size_t k = 0; k < e->grid.rungs; k++) {
        double N = exp(e->grid.log_N[k]), above = NAN; /* the ratio at the next larger lambda */
        for (size_t j = e->grid.lambdas; j-- > 0;) {
            struct moat_coefficients c;
            e->deterministic.coefficients(e->deterministic.state, N, moat_deterministic_x(e->table, N, lambda[j]), &c);
            double expected = which == RATIO_A1 ? c.A1 : which == RATIO_A2 ? c.A2 : c.D;
            double *ratio = &e->grid.ratio[which][k * e->grid.lambdas + j], found = measured[k * e->grid.lambdas + j];
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

static enum moat_status allocate(size_t rungs, size_t lambdas, struct ratio_grid *grid)
{
    *grid = (struct ratio_grid){.rungs = rungs, .lambdas = lambdas};
    grid->log_N = malloc(rungs * sizeof(double));
    grid->y = malloc(lambdas * sizeof(double));
    bool complete = grid->log_N && grid->y;
    for (int i = 0; i < RATIOS; i++) {
        grid->ratio[i] = malloc(rungs * lambdas * sizeof(double));
        complete = complete && grid->ratio[i];
    }
    return complete ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for %zu x %zu coefficients", rungs, lambdas);
}

/* Divides the rungs, of which the first `below` are below P, into patches. */
static enum moat_status divide(size_t below, struct moat_empirical *e)
{
    const size_t first[PATCHES] = {0, below > 0 ? below - 1 : 0, below};
    const size_t end[PATCHES] = {below, below > 0 && below < e->grid.rungs ? below + 1 : 0, e->grid.rungs};
    enum moat_status status = MOAT_OK;
    for (int p = 0; p < PATCHES && status == MOAT_OK; p++) {
        if (end[p] >= first[p] + 2) { /* a single rung is an end of the patch beside it */
            status = moat_patch_create(&e->grid, first[p], end[p], &e->patch[e->patches++]);
        }
    }
    return status;
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
    e->unit = tables->lambda_unit;
    e->y_max = asinh(1 / e->unit);
    size_t below = 0; /* rungs below P */
    enum moat_status status = allocate(tables->rungs, tables->lambdas, &e->grid);
    if (status == MOAT_OK) {
        for (size_t k = 0; k < e->grid.rungs; k++) {
            e->grid.log_N[k] = log(tables->N[k]);
            below += tables->N[k] < e->deterministic.N_interpolating;
        }
        for (size_t j = 0; j < e->grid.lambdas; j++) {
            e->grid.y[j] = e->y_max * (double)j / (double)(e->grid.lambdas - 1);
        }
    }
    for (int i = 0; i < RATIOS && status == MOAT_OK; i++) {
        status = fill_ratio(e, i, tables->lambda, measured[i]);
    }
    if (status == MOAT_OK) {
        status = divide(below, e);
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
        for (int i = 0; i < RATIOS; i++) {
            free(e->grid.ratio[i]);
        }
        for (size_t p = 0; p < e->patches; p++) {
            moat_patch_free(&e->patch[p]);
        }
        free(e->grid.log_N);
        free(e->grid.y);
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

/* One (N, lambda) on the splines. */
struct spline_point {
    const struct patch *patch;
    double y, log_N;
    double y_x; /* dy / dx at fixed N */
};

static struct spline_point locate(const struct moat_empirical *e, double N, double x)
{
    double lambda_x, level = moat_deterministic_lambda(e->table, N, x, &lambda_x);
    struct spline_point at = {
        .patch = e->patch,
        .y = fmin(asinh(level / e->unit), e->y_max),
        .log_N = fmin(fmax(log(N), e->grid.log_N[0]), e->grid.log_N[e->grid.rungs - 1]), /* not outside by rounding */
        .y_x = lambda_x / hypot(level, e->unit),
    };
    while (at.patch + 1 < e->patch + e->patches && at.log_N > at.patch->log_N_end) {
        at.patch++;
    }
    return at;
}

typedef double evaluate(const gsl_interp2d *, const double *, const double *, const double *, double, double,
                        gsl_interp_accel *, gsl_interp_accel *);

/* A ratio, or its derivative in y or ln N. */
static double ratio_at(const struct moat_empirical *e, const struct spline_point *at, int which, evaluate *function)
{
    const struct patch *patch = at->patch;
    return function(patch->spline[which], e->grid.y, patch->log_N, patch->ratio[which], at->y, at->log_N, NULL, NULL);
}

static void coefficients(const void *state, double N, double x, struct moat_coefficients *out)
{
    const struct moat_empirical *e = state;
    struct spline_point at = locate(e, N, x);
    double ratio[RATIOS], ratio_x[RATIOS];
    for (int i = 0; i < RATIOS; i++) {
        ratio[i] = ratio_at(e, &at, i, gsl_interp2d_eval);
        ratio_x[i] = at.y_x * ratio_at(e, &at, i, gsl_interp2d_eval_deriv_x);
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
        ratio[i] = ratio_at(e, &at, i, gsl_interp2d_eval);
        ratio_log_N[i] = ratio_at(e, &at, i, gsl_interp2d_eval_deriv_y);
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
