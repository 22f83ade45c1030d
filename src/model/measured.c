/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A measured spectrum: from eigenvalues and alignments to the weights of the sums, and the solver on their table.
 *
 * delta = b11 + b22 - 2 b12 is at least (sqrt b11 - sqrt b22)^2, whatever rounding leaves of the difference, and h is
 * what remains of b11 beside the part along beta_1 - beta_2. Source: MODEL.md section 15.
 */
#include "moat/measured.h"

#include <math.h>
#include <stdlib.h>

#include "model/alignment_loss.h"
#include "model/measured.h"
#include "model/root.h"

/* Below kappa = e^-40 sigma_min every r is proportional to kappa to rounding, so nothing changes but the scale. */
#define DEPTH 40.0

static enum moat_status check_numbers(const struct moat_measured_spectrum *spectrum)
{
    if (spectrum->n < 1) {
        return moat_error_set(MOAT_USAGE, "the spectrum has no directions; give at least one eigenvalue");
    }
    for (size_t i = 0; i < spectrum->n; i++) {
        double sigma = spectrum->sigma[i], b11 = spectrum->b11[i], b22 = spectrum->b22[i], b12 = spectrum->b12[i];
        if (!(sigma >= 1e-150 && sigma <= 1e150)) {
            return moat_error_set(MOAT_USAGE,
                                  "eigenvalue %zu of the spectrum is %g, expected a number from 1e-150 to 1e150; leave "
                                  "directions without variance out",
                                  i, sigma);
        }
        if (!(b11 >= 0 && b11 <= 1e150 && b22 >= 0 && b22 <= 1e150)) {
            return moat_error_set(MOAT_USAGE,
                                  "the alignments of direction %zu are %g (performance) and %g (safety), expected "
                                  "numbers from 0 to 1e150",
                                  i, b11, b22);
        }
        if (!(fabs(b12) <= (1 + 1e-12) * sqrt(b11) * sqrt(b22))) {
            return moat_error_set(MOAT_USAGE,
                                  "the joint alignment of direction %zu is %g, expected at most sqrt(%g * %g) = %g in "
                                  "absolute value",
                                  i, b12, b11, b22, sqrt(b11) * sqrt(b22));
        }
    }
    double noise1 = spectrum->noise1, noise2 = spectrum->noise2;
    if (!(noise1 >= 0 && noise1 <= 1e150 && noise2 >= 0 && noise2 <= 1e150)) {
        return moat_error_set(
            MOAT_USAGE,
            "the variances of label noise are %g (performance) and %g (safety), expected numbers from "
            "0 to 1e150",
            noise1, noise2);
    }
    return MOAT_OK;
}

/* delta of one direction. */
static double difference(const struct moat_measured_spectrum *spectrum, size_t i)
{
    double b11 = spectrum->b11[i], b22 = spectrum->b22[i], b12 = spectrum->b12[i], root = sqrt(b11) - sqrt(b22);
    return fmax((b11 - b12) + (b22 - b12), root * root);
}

enum moat_status moat_measured_check(const struct moat_measured_spectrum *spectrum)
{
    double L_star = 0, performance = 0;
    enum moat_status status = check_numbers(spectrum);
    for (size_t i = 0; i < spectrum->n && status == MOAT_OK; i++) {
        L_star += spectrum->sigma[i] * difference(spectrum, i);
        performance += spectrum->sigma[i] * spectrum->b11[i];
    }
    if (status == MOAT_OK && !(L_star > 0)) {
        return moat_error_set(MOAT_USAGE, "the two targets are the same in every direction of the spectrum, expected "
                                          "some misalignment: without it safety asks nothing of a company");
    }
    if (status == MOAT_OK && !(performance > 0)) {
        return moat_error_set(MOAT_USAGE, "the performance target is zero in every direction of the spectrum; give "
                                          "alignments above 0");
    }
    if (status == MOAT_OK && performance < 1e-11 * L_star) {
        return moat_error_set(MOAT_USAGE,
                              "the performance target has the variance %g beside L_star = %g, and its losses "
                              "would be rounding error; give both labels the same unit",
                              performance, L_star);
    }
    return status;
}

/* Fills the weights of one direction. */
static void weigh(const struct moat_measured_spectrum *spectrum, size_t i, struct alignment_directions *out)
{
    double b11 = spectrum->b11[i], b22 = spectrum->b22[i], b12 = spectrum->b12[i], sigma = spectrum->sigma[i];
    double delta = difference(spectrum, i), h = b11;
    out->f[i] = 0;
    if (delta > 0) {
        out->f[i] = (b11 - b22) / delta;
        h = (double)(((long double)b11 * b22 - (long double)b12 * b12) / delta);
    }
    out->sigma[i] = sigma;
    out->difference[i] = sigma * delta;
    out->shared[i] = sigma * fmax(0, fmin(h, fmin(b11, b22)));
    out->L_star += sigma * delta;
}

static enum moat_status weigh_all(const struct moat_measured_spectrum *spectrum, struct alignment_directions *out,
                                  struct moat_measured *measured)
{
    double *weight = malloc(4 * spectrum->n * sizeof *weight);
    if (!weight) {
        return MOAT_MEMORY;
    }
    *out = (struct alignment_directions){.n = spectrum->n,
                                         .sigma = weight,
                                         .difference = weight + spectrum->n,
                                         .f = weight + 2 * spectrum->n,
                                         .shared = weight + 3 * spectrum->n};
    for (size_t i = 0; i < spectrum->n; i++) {
        weigh(spectrum, i, out);
        measured->trace += spectrum->sigma[i];
    }
    measured->L_star = out->L_star;
    measured->noise1 = spectrum->noise1;
    measured->noise2 = spectrum->noise2;
    measured->n = (double)spectrum->n;
    return MOAT_OK;
}

enum moat_status moat_measured_create(const struct moat_measured_spectrum *spectrum, struct moat_measured **out)
{
    struct alignment_directions directions = {0};
    struct moat_measured *measured = NULL;
    *out = NULL;
    enum moat_status status = moat_measured_check(spectrum);
    if (status != MOAT_OK) {
        return status;
    }
    status = MOAT_MEMORY;
    measured = calloc(1, sizeof *measured);
    if (!measured) {
        goto cleanup;
    }
    status = weigh_all(spectrum, &directions, measured);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    double smallest = spectrum->sigma[0];
    for (size_t i = 1; i < spectrum->n; i++) {
        smallest = fmin(smallest, spectrum->sigma[i]);
    }
    status = moat_alignment_tabulate(&directions, fmin(log(smallest), 0) - DEPTH, log1p(measured->trace) + 0.01,
                                     &measured->table);

cleanup:
    free(directions.sigma); /* and the weights behind it */
    if (status == MOAT_MEMORY) {
        moat_error_set(MOAT_MEMORY, "out of memory for the tables of a spectrum of %zu directions", spectrum->n);
    }
    if (status != MOAT_OK) {
        moat_measured_destroy(&measured);
    }
    *out = measured;
    return status;
}

void moat_measured_destroy(struct moat_measured **measured)
{
    if (*measured) {
        moat_alignment_free(&(*measured)->table);
        free(*measured);
        *measured = NULL;
    }
}

double moat_measured_L_star(const struct moat_measured *measured)
{
    return measured->L_star;
}

void moat_measured_losses(const struct moat_measured *measured, double N, double lambda, double alpha, double loss[2])
{
    struct stance stance = moat_measured_stance(measured);
    struct alignment_sums sums;
    moat_alignment_at(&measured->table, moat_measured_x(measured, N, lambda), &sums);
    double s = 2 * alpha - 1;
    struct stand at = s == 1 ? stand_top(&stance, sums.value) : stand_at_s(&stance, sums.value, s);
    double R = moat_alignment_R(&stance, &sums, N, &at), to_safety = 2 - at.d;
    loss[0] = stance_performance(&stance, at.d) + R;
    loss[1] = stance.m * to_safety * to_safety + R;
}

struct domain_goal {
    const struct moat_measured *measured;
    double N, log_lambda;
};

static bool ridgeless_is_above(size_t k, void *context)
{
    const struct domain_goal *goal = context;
    return alignment_free1(&goal->measured->table.node[k], goal->N) < 0;
}

static double free_of_data(double x, void *context)
{
    const struct domain_goal *goal = context;
    struct alignment_sums at;
    moat_alignment_at(&goal->measured->table, x, &at);
    return alignment_free1(&at, goal->N);
}

/* ln lambda less that of the goal. */
static double log_lambda(double x, void *context)
{
    const struct domain_goal *goal = context;
    double rest = free_of_data(x, context);
    return rest > 0 ? x + log(rest / goal->N) - goal->log_lambda : -INFINITY;
}

void moat_measured_domain(const struct moat_measured *measured, double N, double *x_low, double *x_high)
{
    const struct alignment_table *table = &measured->table;
    struct domain_goal goal = {measured, N, 0};
    *x_low = table->x_min;
    *x_high = 0;
    if (isinf(N)) {
        return;
    }
    if (N < alignment_df1(&table->node[0])) {
        struct neighbours found = moat_root_bisect_nodes(table->count + 1, ridgeless_is_above, &goal);
        struct bracket bracket = {.a = table->node[found.below].x, .b = table->node[found.above].x};
        bracket.fa = free_of_data(bracket.a, &goal);
        bracket.fb = free_of_data(bracket.b, &goal);
        moat_root_shrink(free_of_data, &goal, 1e-15 * (1 + fabs(bracket.a)), &bracket);
        *x_low = bracket.fa >= 0 ? bracket.a : bracket.b;
    }
    struct bracket bracket = {.a = fmax(0, *x_low), .b = log1p(measured->trace / N) + 1e-9};
    bracket.fa = fmin(0, log_lambda(bracket.a, &goal));
    bracket.fb = log_lambda(bracket.b, &goal);
    if (bracket.fb > 0) {
        moat_root_shrink(log_lambda, &goal, 1e-15, &bracket);
    }
    *x_high = bracket.fa <= 0 ? bracket.a : bracket.b;
}

double moat_measured_x(const struct moat_measured *measured, double N, double lambda)
{
    double low, high;
    moat_measured_domain(measured, N, &low, &high);
    struct domain_goal goal = {measured, N, log(lambda)};
    struct bracket bracket = {low, log_lambda(low, &goal), high, log_lambda(high, &goal)};
    if (lambda == 0 || bracket.fa >= 0 || bracket.fb <= 0) {
        return lambda == 0 || bracket.fa >= 0 ? low : high;
    }
    moat_root_shrink(log_lambda, &goal, 1e-15 * (1 + fabs(low)), &bracket);
    return bracket.a;
}

static const struct moat_solver_methods methods = {
    .company = moat_measured_company,
    .threshold = moat_measured_threshold,
    .elasticity = moat_measured_elasticity,
    .scaling_law = moat_measured_scaling_law,
};

struct moat_solver moat_measured_solver(const struct moat_measured *measured)
{
    return (struct moat_solver){
        .A0 = measured->L_star / 2,
        .N_low = 1,
        .N_high = MOAT_N_MAX,
        .N_covered = INFINITY,
        .N_interpolating = measured->noise1 > 0 ? INFINITY : measured->n,
        .state = measured,
        .methods = &methods,
    };
}
