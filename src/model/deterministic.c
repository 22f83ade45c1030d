/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of the spectral sums in x = ln kappa.
 *
 * Every sum is analytic in x for |Im x| < pi, because its poles lie at kappa = -sigma_i. On panels of width 1/4 the
 * interpolant of degree 8 through Chebyshev nodes therefore converges like (8 pi + ..)^-9, below rounding, and needs no
 * logarithms. With P finite, N - df1 and N - df2 would cancel near N = P, so there the table holds P - df1 and P - df2.
 * Panels hold monomial coefficients, the four sums side by side, so that one Horner loop gives all four values and
 * derivatives. Source: MODEL.md sections 3.1 and 3.2.
 */
#include "moat/deterministic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "moat/spectrum.h"
#include "model/root.h"

enum { SUMS = 4, DF1 = 0, DF2 = 1, SUM_A1 = 2, SUM_A2 = 3, NODES = 9 };
#define PANEL_WIDTH 0.25

struct panel {
    double offset;                   /* as in struct moat_spectral_sums */
    double coefficient[NODES][SUMS]; /* of xi^k, xi in [-1, 1] across the panel */
};

struct moat_deterministic {
    double P, a0, trace;
    double x_min;
    size_t panels;
    struct panel *panel;             /* [panels] */
    struct moat_spectral_sums *node; /* [panels + 1]: at the panels' edges */
    struct moat_sums_table sums;     /* the nodes and sums_at, for users of the solver */
};

/* Monomial coefficients on [-1, 1] of the Chebyshev interpolant: out[k] = sum_j basis[k][j] value[j]. */
static void interpolation_basis(double node[NODES], double basis[NODES][NODES])
{
    double chebyshev[NODES][NODES] = {{1}, {0, 1}}; /* [n][k]: coefficient of xi^k in T_n */
    for (int n = 2; n < NODES; n++) {
        for (int k = 0; k < NODES; k++) {
            chebyshev[n][k] = (k > 0 ? 2 * chebyshev[n - 1][k - 1] : 0) - chebyshev[n - 2][k];
        }
    }
    for (int j = 0; j < NODES; j++) {
        double angle = M_PI * (j + 0.5) / NODES;
        node[j] = cos(angle);
        for (int k = 0; k < NODES; k++) {
            basis[k][j] = 0;
            for (int n = 0; n < NODES; n++) {
                basis[k][j] += (n == 0 ? 1.0 : 2.0) / NODES * cos(n * angle) * chebyshev[n][k];
            }
        }
    }
}

static void panel_fill(const struct moat_spectrum *spectrum, double x_centre, const double node[NODES],
                       const double basis[NODES][NODES], struct panel *panel)
{
    *panel = (struct panel){0};
    struct moat_spectrum_sums centre;
    moat_spectrum_sums(spectrum, x_centre, &centre);
    bool complement = centre.rest1 < centre.df1;
    panel->offset = complement ? round(centre.df1 + centre.rest1) : 0;
    for (int j = 0; j < NODES; j++) {
        struct moat_spectrum_sums sums;
        moat_spectrum_sums(spectrum, x_centre + node[j] * PANEL_WIDTH / 2, &sums);
        const double value[SUMS] = {complement ? -sums.rest1 : sums.df1, complement ? -sums.rest2 : sums.df2, sums.a1,
                                    sums.a2};
        for (int k = 0; k < NODES; k++) {
            for (int f = 0; f < SUMS; f++) {
                panel->coefficient[k][f] += basis[k][j] * value[f];
            }
        }
    }
}

static void table_at(const struct moat_deterministic *table, double x, struct moat_spectral_sums *out)
{
    double position = (x - table->x_min) / PANEL_WIDTH;
    size_t p = position > 0 ? (size_t)position : 0;
    p = p < table->panels ? p : table->panels - 1;
    const struct panel *panel = &table->panel[p];
    double xi = 2 * (position - (double)p) - 1;

    double v[SUMS], d[SUMS];
    for (int f = 0; f < SUMS; f++) {
        v[f] = panel->coefficient[NODES - 1][f];
        d[f] = 0;
    }
    for (int k = NODES - 2; k >= 0; k--) {
        for (int f = 0; f < SUMS; f++) {
            d[f] = d[f] * xi + v[f];
            v[f] = v[f] * xi + panel->coefficient[k][f];
        }
    }
    const double scale = 2 / PANEL_WIDTH;
    *out = (struct moat_spectral_sums){.x = x,
                                       .offset = panel->offset,
                                       .df1 = v[DF1],
                                       .df2 = v[DF2],
                                       .a1 = v[SUM_A1],
                                       .a2 = v[SUM_A2],
                                       .df1_x = d[DF1] * scale,
                                       .df2_x = d[DF2] * scale,
                                       .a1_x = d[SUM_A1] * scale,
                                       .a2_x = d[SUM_A2] * scale};
}

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
        return table->x_min;
    }
    struct df1_goal goal = {table, N};
    struct neighbours found = moat_root_bisect_nodes(table->panels + 1, ridgeless_is_above, &goal);
    const struct moat_spectral_sums *below = &table->node[found.below], *above = &table->node[found.above];
    double low = below->x, high = above->x; /* df1 at low > N >= df1 at high */
    double x = low + PANEL_WIDTH * log(df1(below) / N) / log(df1(below) / df1(above));
    x = x > low && x < high ? x : 0.5 * (low + high);
    for (int iteration = 0; iteration < 50; iteration++) {
        struct moat_spectral_sums at;
        table_at(table, x, &at);
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
        table_at(table, log(kappa), &at);
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
    table_at(state, x, out);
}

static void coefficients(const void *state, double N, double x, struct moat_coefficients *out)
{
    const struct moat_deterministic *table = state;
    struct moat_spectral_sums at;
    table_at(table, x, &at);
    moat_spectral_sums_coefficients(table->a0, &at, N, out);
}

static void coefficients_log_N(const void *state, double N, double x, struct moat_coefficients_log_N *out)
{
    const struct moat_deterministic *table = state;
    struct moat_spectral_sums at;
    table_at(table, x, &at);
    moat_spectral_sums_coefficients_log_N(table->a0, &at, N, out);
}

double moat_deterministic_lambda(const struct moat_deterministic *table, double N, double x, double *lambda_x)
{
    struct moat_spectral_sums at;
    table_at(table, x, &at);
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
    if (!table) {
        goto cleanup;
    }
    table->P = P;
    table->a0 = moat_spectrum_a0(spectrum);
    table->trace = moat_spectrum_trace(spectrum);
    table->x_min = moat_spectrum_log_kappa_min(spectrum);
    table->panels = (size_t)ceil((MOAT_SPECTRUM_LOG_KAPPA_MAX - table->x_min) / PANEL_WIDTH);
    table->panel = malloc(table->panels * sizeof *table->panel);
    table->node = malloc((table->panels + 1) * sizeof *table->node);
    if (!table->panel || !table->node) {
        goto cleanup;
    }
    double node[NODES], basis[NODES][NODES];
    interpolation_basis(node, basis);
    for (size_t p = 0; p < table->panels; p++) {
        panel_fill(spectrum, table->x_min + PANEL_WIDTH * ((double)p + 0.5), node, basis, &table->panel[p]);
    }
    for (size_t p = 0; p <= table->panels; p++) {
        table_at(table, table->x_min + PANEL_WIDTH * (double)p, &table->node[p]);
    }
    table->sums = (struct moat_sums_table){table, sums_at, table->node, table->panels + 1};
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
        free((*table)->panel);
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
