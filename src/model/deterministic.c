/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The solver on a table of spectral sums. Its coordinate is x = ln kappa. Source: MODEL.md sections 3.1 and 3.2. */
#include "moat/deterministic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/panels.h"
#include "model/root.h"

struct moat_deterministic {
    double P, a0, trace;
    struct panels panels;
    struct moat_spectral_sums *node; /* [panels.count + 1], at the panels' edges */
    struct moat_sums_table sums;     /* the nodes and sums_at, for users of the solver */
};

static double df1(const struct moat_spectral_sums *at)
{
    return at->offset + at->df1;
}

struct df1_goal {
    const struct moat_deterministic *table;
    double N;
};

static bool ridgeless_is_above(size_t k, void *context)
{
    const struct df1_goal *goal = context;
    return df1(&goal->table->node[k]) > goal->N;
}

/* The ridgeless end of the range of x, where df1 = N. df1 falls with x, so bisection over the panels' edges finds the
   panel. Inside it Newton's method starts where ln df1 would be if it were linear, which it nearly is. */
static double ridgeless_x(const struct moat_deterministic *table, double N)
{
    if (N >= df1(&table->node[0])) {
        return table->panels.x_min;
    }
    struct df1_goal goal = {table, N};
    struct neighbours found = moat_root_bisect_nodes(table->panels.count + 1, ridgeless_is_above, &goal);
    const struct moat_spectral_sums *below = &table->node[found.below], *above = &table->node[found.above];
    double low = below->x, high = above->x; /* df1 at low > N >= df1 at high */
    double x = low + PANEL_WIDTH * log(df1(below) / N) / log(df1(below) / df1(above));
    x = x > low && x < high ? x : 0.5 * (low + high);
    for (int iteration = 0; iteration < 50; iteration++) {
        struct moat_spectral_sums at;
        moat_panels_at(&table->panels, x, &at);
        double excess = at.offset - N + at.df1;
        *(excess > 0 ? &low : &high) = x;
        double next = x - excess / at.df1_x;
        next = next >= low && next <= high ? next : 0.5 * (low + high);
        if (fabs(next - x) <= 1e-15 * fabs(x)) {
            break;
        }
        x = next;
    }
    return x;
}

/* The other end, where lambda = 1: kappa - 1 - kappa df1/N is convex in kappa with derivative 1 - df2/N. It is positive
   at kappa = 1 + trace/N because kappa df1 <= trace, so Newton's method falls to the root from there. */
static double unit_lambda_x(const struct moat_deterministic *table, double N)
{
    double kappa = 1 + table->trace / N;
    for (int iteration = 0; iteration < 50; iteration++) {
        struct moat_spectral_sums at;
        moat_panels_at(&table->panels, log(kappa), &at);
        double step = (kappa * moat_spectral_sums_free(&at, N) - N) / (N - at.offset - at.df2);
        kappa -= step;
        if (fabs(step) <= 1e-15 * kappa) {
            break;
        }
    }
    return log(kappa);
}

static void domain(const void *state, double N, double *x_low, double *x_high)
{
    *x_low = ridgeless_x(state, N);
    *x_high = unit_lambda_x(state, N);
}

static void sums_at(const void *state, double x, struct moat_spectral_sums *out)
{
    const struct moat_deterministic *table = state;
    moat_panels_at(&table->panels, x, out);
}

static void coefficients(const void *state, double N, double x, struct moat_coefficients *out)
{
    const struct moat_deterministic *table = state;
    struct moat_spectral_sums at;
    moat_panels_at(&table->panels, x, &at);
    moat_spectral_sums_coefficients(table->a0, &at, N, out);
}

static void coefficients_log_N(const void *state, double N, double x, struct moat_coefficients_log_N *out)
{
    const struct moat_deterministic *table = state;
    struct moat_spectral_sums at;
    moat_panels_at(&table->panels, x, &at);
    moat_spectral_sums_coefficients_log_N(table->a0, &at, N, out);
}

double moat_deterministic_lambda(const struct moat_deterministic *table, double N, double x, double *lambda_x)
{
    struct moat_spectral_sums at;
    moat_panels_at(&table->panels, x, &at);
    double lambda = exp(x) * moat_spectral_sums_free(&at, N) / N;
    *lambda_x = lambda - exp(x) * at.df1_x / N;
    return fmax(0, lambda);
}

static double lambda(const void *state, double N, double x)
{
    double lambda_x;
    return moat_deterministic_lambda(state, N, x, &lambda_x);
}

struct lambda_goal {
    const struct moat_deterministic *table;
    double N, lambda;
};

static double lambda_ratio(double x, void *context)
{
    const struct lambda_goal *goal = context;
    return log(lambda(goal->table, goal->N, x) / goal->lambda);
}

double moat_deterministic_x(const struct moat_deterministic *table, double N, double goal)
{
    double low, high;
    domain(table, N, &low, &high);
    struct lambda_goal context = {table, N, goal};
    struct bracket bracket = {low, lambda_ratio(low, &context), high, lambda_ratio(high, &context)};
    if (goal == 0 || bracket.fa >= 0 || bracket.fb <= 0) {
        return goal == 0 || bracket.fa >= 0 ? low : high;
    }
    moat_root_shrink(lambda_ratio, &context, 1e-15 * (1 + fabs(low)), &bracket);
    return bracket.a;
}

static double x_of_lambda(const void *state, double N, double lambda)
{
    return moat_deterministic_x(state, N, lambda);
}

enum moat_status moat_deterministic_create(double gamma, double nu, double P, struct moat_deterministic **out)
{
    *out = NULL;
    struct moat_spectrum *spectrum = NULL;
    struct moat_deterministic *table = NULL;
    enum moat_status status = moat_spectrum_create(gamma, nu, P, &spectrum);
    if (status != MOAT_OK) {
        goto cleanup;
    }

    status = MOAT_MEMORY;
    table = calloc(1, sizeof *table);
    if (!table || moat_panels_create(spectrum, &table->panels) != MOAT_OK) {
        goto cleanup;
    }
    table->P = P;
    table->a0 = moat_spectrum_a0(spectrum);
    table->trace = moat_spectrum_trace(spectrum);
    size_t nodes = table->panels.count + 1;
    table->node = malloc(nodes * sizeof *table->node);
    if (!table->node) {
        goto cleanup;
    }
    for (size_t k = 0; k < nodes; k++) {
        moat_panels_at(&table->panels, table->panels.x_min + PANEL_WIDTH * (double)k, &table->node[k]);
    }
    table->sums = (struct moat_sums_table){table, sums_at, table->node, nodes};
    status = MOAT_OK;

cleanup:
    moat_spectrum_destroy(&spectrum);
    if (status == MOAT_MEMORY) {
        moat_error_set(MOAT_MEMORY, "out of memory for the tables of gamma = %g, nu = %g", gamma, nu);
        moat_deterministic_destroy(&table);
    }
    *out = table;
    return status;
}

void moat_deterministic_destroy(struct moat_deterministic **table)
{
    if (*table) {
        moat_panels_free(&(*table)->panels);
        free((*table)->node);
        free(*table);
        *table = NULL;
    }
}

struct moat_solver moat_deterministic_solver(const struct moat_deterministic *table)
{
    return (struct moat_solver){
        .single_minimum = true,
        .A0 = table->a0,
        .N_low = 1,
        .N_high = MOAT_N_MAX,
        .N_covered = isinf(table->P) ? df1(&table->node[0]) : INFINITY,
        .N_interpolating = table->P,
        .state = table,
        .domain = domain,
        .coefficients = coefficients,
        .coefficients_log_N = coefficients_log_N,
        .lambda = lambda,
        .x_of_lambda = x_of_lambda,
        .table = &table->sums,
    };
}
