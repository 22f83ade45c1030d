/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interpolation of measured coefficients as ratios to the deterministic equivalent.
 *
 * Bicubic splines in (asinh(lambda / unit), ln N): in the first the grid is uniform and the ridgeless limit is an
 * ordinary point, in the second the ladder is close to uniform. Near-ridgeless coefficients jump where N reaches P and
 * a spline across that would ring far from it, so the rungs below P, those from P on, and the interval between have one
 * each.
 */
#include "moat/empirical.h"

#include <gsl/gsl_interp2d.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RATIOS = 3, RATIO_A1 = 0, RATIO_A2 = 1, RATIO_D = 2 };

enum { PATCHES = 3, PATCH_RUNGS_MIN = 4 }; /* GSL's bicubic wants four */

/* Rungs with a spline of their own. Where there are fewer than four, rungs beyond the ends are made up on the straight
   line through the last two, which leaves two rungs a straight line between them. */
struct patch {
    size_t rungs;
    double log_N_end; /* the last real rung */
    double *log_N;
    double *ratio[RATIOS]; /* [rung][lambda] */
    gsl_interp2d *spline[RATIOS];
};

struct moat_empirical {
    const struct moat_deterministic *table;
    struct moat_solver deterministic;
    size_t rungs, lambdas;
    double N_low, N_high, unit, y_max;
    double *log_N, *y;     /* nodes */
    double *ratio[RATIOS]; /* [rung][lambda] */
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
    for (size_t k = 0; k < e->rungs; k++) {
        double N = exp(e->log_N[k]);
        for (size_t j = e->lambdas; j-- > 0;) {
            struct moat_coefficients c;
            e->deterministic.coefficients(e->deterministic.state, N, moat_deterministic_x(e->table, N, lambda[j]), &c);
            double expected = which == RATIO_A1 ? c.A1 : which == RATIO_A2 ? c.A2 : c.D;
            double *ratio = &e->ratio[which][k * e->lambdas + j], found = measured[k * e->lambdas + j];
            /* The ratio has a limit where both are singular; nothing depends on it there. */
            *ratio = j == 0 && singular(expected) ? ratio[1] : found / expected;
            if (!(*ratio > 0 && isfinite(*ratio))) {
                return moat_error_set(MOAT_NUMERICAL, "measured %s at N = %g, lambda = %g: found %g, expected about %g",
                                      name[which], N, lambda[j], found, expected);
            }
        }
    }
    return MOAT_OK;
}

static enum moat_status allocate(size_t rungs, size_t lambdas, struct moat_empirical *e)
{
    e->rungs = rungs;
    e->lambdas = lambdas;
    e->log_N = malloc(rungs * sizeof(double));
    e->y = malloc(lambdas * sizeof(double));
    bool complete = e->log_N && e->y;
    for (int i = 0; i < RATIOS; i++) {
        e->ratio[i] = malloc(rungs * lambdas * sizeof(double));
        complete = complete && e->ratio[i];
    }
    return complete ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for %zu x %zu coefficients", rungs, lambdas);
}

/* Values of a made-up rung on the line through two others, in ln N. */
static void extend(size_t lambdas, struct patch *patch, size_t made_up, size_t near, size_t far)
{
    patch->log_N[made_up] = 2 * patch->log_N[near] - patch->log_N[far];
    for (int i = 0; i < RATIOS; i++) {
        for (size_t j = 0; j < lambdas; j++) {
            double *ratio = patch->ratio[i];
            ratio[made_up * lambdas + j] = 2 * ratio[near * lambdas + j] - ratio[far * lambdas + j];
        }
    }
}

/* The spline on rungs first .. end - 1, at least two. */
static enum moat_status patch_create(const struct moat_empirical *e, size_t first, size_t end, struct patch *patch)
{
    size_t real = end - first, lambdas = e->lambdas;
    size_t before = real == 2, after = real < PATCH_RUNGS_MIN;
    patch->rungs = before + real + after;
    patch->log_N_end = e->log_N[end - 1];
    patch->log_N = malloc(patch->rungs * sizeof(double));
    bool complete = patch->log_N != NULL;
    for (int i = 0; i < RATIOS; i++) {
        patch->ratio[i] = malloc(patch->rungs * lambdas * sizeof(double));
        patch->spline[i] = gsl_interp2d_alloc(gsl_interp2d_bicubic, lambdas, patch->rungs);
        complete = complete && patch->ratio[i] && patch->spline[i];
    }
    if (!complete) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the splines of %zu rungs", real);
    }
    memcpy(patch->log_N + before, e->log_N + first, real * sizeof(double));
    for (int i = 0; i < RATIOS; i++) {
        memcpy(patch->ratio[i] + before * lambdas, e->ratio[i] + first * lambdas, real * lambdas * sizeof(double));
    }
    if (before) {
        extend(lambdas, patch, 0, 1, 2);
    }
    if (after) {
        extend(lambdas, patch, before + real, before + real - 1, before + real - 2);
    }
    for (int i = 0; i < RATIOS; i++) {
        gsl_interp2d_init(patch->spline[i], e->y, patch->log_N, patch->ratio[i], lambdas, patch->rungs);
    }
    return MOAT_OK;
}

/* Cuts the rungs into patches: `below` of them are below P. */
static enum moat_status cut(size_t below, struct moat_empirical *e)
{
    const size_t first[PATCHES] = {0, below > 0 ? below - 1 : 0, below};
    const size_t end[PATCHES] = {below, below > 0 && below < e->rungs ? below + 1 : 0, e->rungs};
    enum moat_status status = MOAT_OK;
    for (int p = 0; p < PATCHES && status == MOAT_OK; p++) {
        if (end[p] >= first[p] + 2) { /* a single rung is an end of the patch beside it */
            status = patch_create(e, first[p], end[p], &e->patch[e->patches++]);
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
    enum moat_status status = allocate(tables->rungs, tables->lambdas, e);
    if (status == MOAT_OK) {
        for (size_t k = 0; k < e->rungs; k++) {
            e->log_N[k] = log(tables->N[k]);
            below += tables->N[k] < e->deterministic.N_interpolating;
        }
        for (size_t j = 0; j < e->lambdas; j++) {
            e->y[j] = e->y_max * (double)j / (double)(e->lambdas - 1);
        }
    }
    for (int i = 0; i < RATIOS && status == MOAT_OK; i++) {
        status = fill_ratio(e, i, tables->lambda, measured[i]);
    }
    if (status == MOAT_OK) {
        status = cut(below, e);
    }
    if (status != MOAT_OK) {
        moat_empirical_destroy(out);
    }
    return status;
}

static void patch_free(struct patch *patch)
{
    for (int i = 0; i < RATIOS; i++) {
        free(patch->ratio[i]);
        if (patch->spline[i]) {
            gsl_interp2d_free(patch->spline[i]);
        }
    }
    free(patch->log_N);
}

void moat_empirical_destroy(struct moat_empirical **empirical)
{
    struct moat_empirical *e = *empirical;
    if (e) {
        for (int i = 0; i < RATIOS; i++) {
            free(e->ratio[i]);
        }
        for (size_t p = 0; p < e->patches; p++) {
            patch_free(&e->patch[p]);
        }
        free(e->log_N);
        free(e->y);
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

/* The splines at one (N, lambda). */
struct place {
    const struct patch *patch;
    double y, log_N;
    double y_x; /* dy / dx at fixed N */
};

static struct place place_at(const struct moat_empirical *e, double N, double x)
{
    double lambda_x, level = moat_deterministic_lambda(e->table, N, x, &lambda_x);
    struct place place = {
        .patch = e->patch,
        .y = fmin(asinh(level / e->unit), e->y_max),
        .log_N = fmin(fmax(log(N), e->log_N[0]), e->log_N[e->rungs - 1]), /* not outside by rounding */
        .y_x = lambda_x / hypot(level, e->unit),
    };
    while (place.patch + 1 < e->patch + e->patches && place.log_N > place.patch->log_N_end) {
        place.patch++;
    }
    return place;
}

typedef double evaluate(const gsl_interp2d *, const double *, const double *, const double *, double, double,
                        gsl_interp_accel *, gsl_interp_accel *);

/* A ratio, or its derivative in y or ln N. */
static double ratio_at(const struct moat_empirical *e, const struct place *at, int which, evaluate *function)
{
    const struct patch *patch = at->patch;
    return function(patch->spline[which], e->y, patch->log_N, patch->ratio[which], at->y, at->log_N, NULL, NULL);
}

/* Multiplies coefficients of the deterministic equivalent by the ratios; ratio_x in what c's derivatives are in. */
static struct moat_coefficients product(const struct moat_coefficients *c, const double ratio[RATIOS],
                                        const double ratio_x[RATIOS])
{
    return (struct moat_coefficients){
        .A1 = ratio[RATIO_A1] * c->A1,
        .A2 = ratio[RATIO_A2] * c->A2,
        .D = ratio[RATIO_D] * c->D,
        .A1_x = ratio[RATIO_A1] * c->A1_x + ratio_x[RATIO_A1] * c->A1,
        .A2_x = ratio[RATIO_A2] * c->A2_x + ratio_x[RATIO_A2] * c->A2,
        .D_x = ratio[RATIO_D] * c->D_x + ratio_x[RATIO_D] * c->D,
    };
}

static void coefficients(const void *state, double N, double x, struct moat_coefficients *out)
{
    const struct moat_empirical *e = state;
    struct place at = place_at(e, N, x);
    double ratio[RATIOS], ratio_x[RATIOS];
    for (int i = 0; i < RATIOS; i++) {
        ratio[i] = ratio_at(e, &at, i, gsl_interp2d_eval);
        ratio_x[i] = at.y_x * ratio_at(e, &at, i, gsl_interp2d_eval_deriv_x);
    }
    struct moat_coefficients c;
    e->deterministic.coefficients(e->deterministic.state, N, x, &c);
    *out = product(&c, ratio, ratio_x);
}

/* y is fixed where lambda is. */
static void coefficients_log_N(const void *state, double N, double x, struct moat_coefficients *out)
{
    const struct moat_empirical *e = state;
    struct place at = place_at(e, N, x);
    double ratio[RATIOS], ratio_N[RATIOS];
    for (int i = 0; i < RATIOS; i++) {
        ratio[i] = ratio_at(e, &at, i, gsl_interp2d_eval);
        ratio_N[i] = ratio_at(e, &at, i, gsl_interp2d_eval_deriv_y);
    }
    struct moat_coefficients c;
    e->deterministic.coefficients_log_N(e->deterministic.state, N, x, &c);
    *out = product(&c, ratio, ratio_N);
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
    solver.equivalent = NULL;
    solver.node = NULL;
    solver.nodes = 0;
    return solver;
}
