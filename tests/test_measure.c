/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measuring a spectrum: on any number of ranks the same; estimates against the truth of data that are made here, over
 * many data sets; pools; refusals, and failures of one rank. The numbers of one data set are compared with NumPy's in
 * test_measuring.py.
 */
#include "ridge/measure.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "moat/market.h"
#include "moat/measured.h"
#include "mpi_suite.h"
#include "ridge/measure_estimate.h"
#include "ridge/power_law.h"
#include "ridge/random.h"

static const double GAMMA = 0.5, DELTA = 0.5, RHO = 0.4, NOISE[] = {0.3, 0.2}, NOISE_JOINT = 0.15;

/* Gaussian rows with eigenvalues i^-(1+gamma), turned by reflections so that no feature is a direction, and labels of
   two targets with noise that the labels share in part. */
struct data {
    size_t n, P;
    double *x;        /* [n][P] */
    double *exact[2]; /* [n]: labels without noise */
    double *label[2]; /* [n] */
    double *beta[2];  /* [P]: along the directions */
    size_t failing;   /* the row whose block cannot be read; n: none */
};

static double sigma_of(size_t k)
{
    return pow((double)(k + 1), -(1 + GAMMA));
}

/* Draws targets with alignments i^-delta. */
static void draw_targets(struct data *data, uint64_t seed)
{
    random_normals(seed, 1, 0, 1, 0, data->P, data->beta[0], 1, 1);
    random_normals(seed, 1, 1, 1, 0, data->P, data->beta[1], 1, 1);
    for (size_t k = 0; k < data->P; k++) {
        double size = pow((double)(k + 1), -DELTA / 2), z = data->beta[0][k];
        data->beta[0][k] = size * z;
        data->beta[1][k] = size * (RHO * z + sqrt(1 - RHO * RHO) * data->beta[1][k]);
    }
}

/* Draws rows and labels; the noise of a row grows with `uneven` times the square of its first score. */
static void draw_rows(struct data *data, uint64_t seed, double uneven)
{
    size_t n = data->n, P = data->P;
    random_normals(seed, 2, 0, n, 0, P, data->x, P, 1);
    for (size_t i = 0; i < n; i++) {
        double *row = data->x + i * P, noise[2], sum = 0;
        random_normals(seed, 3, i, 1, 0, 2, noise, 1, 1);
        double spread = sqrt(1 - uneven + uneven * row[0] * row[0]);
        double part = NOISE_JOINT / sqrt(NOISE[0] * NOISE[1]);
        for (int j = 0; j < 2; j++) {
            data->exact[j][i] = 0;
        }
        for (size_t k = 0; k < P; k++) {
            row[k] *= sqrt(sigma_of(k));
            for (int j = 0; j < 2; j++) {
                data->exact[j][i] += row[k] * data->beta[j][k];
            }
            sum += row[k];
        }
        data->label[0][i] = data->exact[0][i] + 3 + spread * sqrt(NOISE[0]) * noise[0];
        data->label[1][i] =
            data->exact[1][i] - 1 + spread * sqrt(NOISE[1]) * (part * noise[0] + sqrt(1 - part * part) * noise[1]);
        for (size_t k = 0; k < P; k++) { /* the reflection x - 2 u (u x) with u = 1/sqrt(P), and a mean */
            row[k] = 5 + row[k] - 2 * sum / (double)P;
        }
    }
}

static double *list(size_t count)
{
    double *values = calloc(count, sizeof *values);
    if (!values) {
        abort();
    }
    return values;
}

static void make(struct data *data, size_t n, size_t P, uint64_t seed)
{
    *data = (struct data){.n = n, .P = P, .x = list(n * P), .failing = n};
    for (int j = 0; j < 2; j++) {
        data->exact[j] = list(n);
        data->label[j] = list(n);
        data->beta[j] = list(P);
    }
    draw_targets(data, seed);
    draw_rows(data, seed, 0);
}

static void discard(struct data *data)
{
    free(data->x);
    for (int j = 0; j < 2; j++) {
        free(data->exact[j]);
        free(data->label[j]);
        free(data->beta[j]);
    }
}

static enum moat_status block(void *context, size_t first_row, size_t rows, size_t first_column, size_t columns,
                              double *out)
{
    const struct data *data = context;
    for (size_t i = 0; i < rows; i++) {
        if (first_row + i == data->failing) {
            return moat_error_set(MOAT_IO, "row %zu is gone", data->failing);
        }
        memcpy(out + i * columns, data->x + (first_row + i) * data->P + first_column, columns * sizeof *out);
    }
    return MOAT_OK;
}

static enum moat_status measure(struct data *data, double *const label[2], const struct measure_options *options,
                                MPI_Comm group, struct measure_fit *fit)
{
    const struct measure_source source = {data->n, data->P, block, data, {label[0], label[1]}};
    return ridge_measure(&source, options, group, fit);
}

static int world_rank(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

/* --- Groups */

static void compare(const char *name, const double *left, const double *right, size_t count)
{
    double size = 0, off = 0;
    for (size_t k = 0; k < count; k++) {
        size = fmax(size, fabs(right[k]));
        off = fmax(off, fabs(left[k] - right[k]));
    }
    expect(off <= 1e-9 * size, "%s: off by %g of %g", name, off, size);
}

static void compare_fits(const struct measure_fit *left, const struct measure_fit *right)
{
    size_t count = right->directions;
    CU_ASSERT_FATAL(left->directions == count && left->rank == right->rank && left->constant == right->constant);
    compare("eigenvalue", left->eigenvalue, right->eigenvalue, count);
    compare("eigenvalue_stderr", left->eigenvalue_stderr, right->eigenvalue_stderr, count);
    compare("noise", left->noise, right->noise, MEASURE_PAIRS);
    compare("noise_stderr", left->noise_stderr, right->noise_stderr, 2);
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        compare("variance", left->variance[pair], right->variance[pair], count);
    }
    for (size_t k = 0; k < count; k++) { /* the sign of a direction is arbitrary */
        double size = hypot(right->fit[0][k], right->fit[1][k]);
        double sign = left->fit[0][k] * right->fit[0][k] + left->fit[1][k] * right->fit[1][k] < 0 ? -1 : 1;
        for (int j = 0; j < 2; j++) {
            expect(fabs(left->fit[j][k] - sign * right->fit[j][k]) <= 1e-8 * size, "direction %zu: fits %.15g, %.15g",
                   k, left->fit[j][k], right->fit[j][k]);
        }
    }
}

static void test_groups(void)
{
    const struct {
        size_t n, P;
        struct measure_options options;
    } cases[] = {{300, 40, {0}},         {600, 260, {0}},      {260, 700, {.directions = 90}},
                 {600, 260, {7, false}}, {300, 40, {0, true}}, {30, 80, {.whole_population = true}}};
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct data data;
        struct measure_fit alone, together;
        make(&data, cases[c].n, cases[c].P, 10 + c);
        CU_ASSERT_EQUAL_FATAL(measure(&data, data.label, &cases[c].options, MPI_COMM_NULL, &alone), MOAT_OK);
        CU_ASSERT_EQUAL_FATAL(measure(&data, data.label, &cases[c].options, MPI_COMM_WORLD, &together), MOAT_OK);
        compare_fits(&together, &alone);
        CU_ASSERT(together.residual < 1e-11 && together.constant == 0);
        size_t bytes = ridge_measure_bytes(data.n, data.P, ranks);
        expect(together.bytes <= bytes && (world_rank() > 0 || 4 * together.bytes > bytes),
               "%zu x %zu: %zu bytes, at most %zu predicted", data.n, data.P, together.bytes, bytes);
        ridge_measure_free(&alone);
        ridge_measure_free(&together);
        discard(&data);
    }
}

/* --- Estimates against the truth, of which the same rows with labels without noise are an exact fit */

/* Of numbers that should be 0 on average: mean and standard deviation. */
struct moments {
    double count, sum, square;
    double beyond; /* how many are beyond 2 */
};

static void add(struct moments *moments, double value)
{
    moments->count++;
    moments->sum += value;
    moments->square += value * value;
    moments->beyond += fabs(value) > 2;
}

/* Scores, which have mean 0 and deviation 1 if estimates and standard errors are right. Those of few data sets are
   rough; `off` is what a mean may be off beside chance. */
static void expect_scores(const char *name, const struct moments *moments, double off)
{
    double mean = moments->sum / moments->count, spread = sqrt(moments->square / moments->count - mean * mean);
    expect(fabs(mean) < 3.5 / sqrt(moments->count) + off, "%s: mean score %.3f of %.0f", name, mean, moments->count);
    expect(fabs(spread - 1) < 3.5 / sqrt(2 * moments->count), "%s: scores spread by %.3f", name, spread);
    expect(moments->beyond < 0.045 * moments->count + 3 * sqrt(0.045 * moments->count) + 1, "%s: %.0f of %.0f beyond 2",
           name, moments->beyond, moments->count);
}

enum { SETS = 60, ROWS = 500, FEATURES = 100 };

static double truth_of(const struct measure_fit *exact, int pair, size_t k)
{
    static const int pair_of[MEASURE_PAIRS][2] = {{0, 0}, {1, 1}, {0, 1}};
    return exact->fit[pair_of[pair][0]][k] * exact->fit[pair_of[pair][1]][k];
}

/* The signal of weak directions, [FEATURES/2, FEATURES), and single directions. */
static void score_directions(const struct measure_fit *fit, const struct measure_estimate *estimate,
                             const struct measure_fit *exact, struct moments weak[], struct moments single[])
{
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        const enum measure_pair both[] = {(enum measure_pair)pair, (enum measure_pair)pair};
        double off = 0;
        for (size_t k = 0; k < FEATURES; k++) {
            double error = fit->eigenvalue[k] * (estimate->unbiased[pair][k] - truth_of(exact, pair, k));
            off += k >= FEATURES / 2 ? error : 0;
            add(&single[pair], error / sqrt(measure_covariance(fit, estimate, k, k + 1, both)));
        }
        add(&weak[pair], off / sqrt(measure_covariance(fit, estimate, FEATURES / 2, FEATURES, both)));
    }
}

static void test_estimates(void)
{
    struct moments total[MEASURE_PAIRS] = {0}, weak[MEASURE_PAIRS] = {0}, single[MEASURE_PAIRS] = {0}, noise[2] = {0};
    struct data data;
    make(&data, ROWS, FEATURES, 1);
    for (uint64_t set = 0; set < SETS && world_rank() == 0; set++) {
        struct measure_fit fit, exact;
        struct measure_estimate estimate;
        draw_targets(&data, 100 + set);
        draw_rows(&data, 100 + set, 0);
        CU_ASSERT_EQUAL_FATAL(measure(&data, data.label, &(struct measure_options){0}, MPI_COMM_NULL, &fit), MOAT_OK);
        CU_ASSERT_EQUAL_FATAL(measure(&data, data.exact, &(struct measure_options){0}, MPI_COMM_NULL, &exact), MOAT_OK);
        CU_ASSERT_EQUAL_FATAL(measure_estimate(&fit, &estimate), MOAT_OK);
        for (int j = 0; j < 2; j++) {
            add(&noise[j], (fit.noise[j] - NOISE[j]) / fit.noise_stderr[j]);
        }
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            double truth = 0;
            for (size_t k = 0; k < FEATURES; k++) {
                truth += fit.eigenvalue[k] * truth_of(&exact, pair, k);
            }
            add(&total[pair], (estimate.signal[pair] - truth) / sqrt(estimate.signal_covariance[pair][pair]));
        }
        score_directions(&fit, &estimate, &exact, weak, single);
        measure_estimate_free(&estimate);
        ridge_measure_free(&fit);
        ridge_measure_free(&exact);
    }
    static const char *const name[] = {"performance", "safety", "joint"};
    for (int pair = 0; pair < MEASURE_PAIRS && world_rank() == 0; pair++) {
        expect_scores(name[pair], &total[pair], 0);
        expect_scores(name[pair], &weak[pair], 0);
        expect(single[pair].beyond < 0.08 * single[pair].count, "%s: %.0f of %.0f directions beyond 2", name[pair],
               single[pair].beyond, single[pair].count);
    }
    for (int j = 0; j < 2 && world_rank() == 0; j++) {
        expect_scores("noise", &noise[j], 0.2); /* a variance that came out small has a small standard error */
    }
    discard(&data);
}

/* Noise that grows along the first direction as the square of its score moves the fit there by 3 times the variance, as
   E z^4 = 3, and no other fit by more. */
static void test_uneven_noise(void)
{
    enum { TIMES = 12 };
    double first = 0, last = 0;
    struct data data;
    make(&data, 3000, 20, 5);
    for (uint64_t set = 0; set < TIMES && world_rank() == 0; set++) {
        struct measure_fit fit;
        draw_rows(&data, 400 + set, 1);
        CU_ASSERT_EQUAL_FATAL(measure(&data, data.label, &(struct measure_options){0}, MPI_COMM_NULL, &fit), MOAT_OK);
        first += fit.variance[0][0] * (double)data.n * fit.eigenvalue[0] / fit.noise[0] / TIMES;
        last += fit.variance[0][19] * (double)data.n * fit.eigenvalue[19] / fit.noise[0] / TIMES;
        ridge_measure_free(&fit);
    }
    expect(world_rank() > 0 || (fabs(first - 3) < 0.3 && fabs(last - 1) < 0.1),
           "variances %.3f and %.3f, expected 3 and 1", first, last);
    discard(&data);
}

/* --- Second moments */

/* A fit of so many directions by hand, whose fits are Gaussian about a signal that ends after `last` directions. */
static void make_fit(struct measure_fit *fit, size_t directions, size_t last, uint64_t seed)
{
    *fit = (struct measure_fit){.n = 1000, .P = directions, .rank = directions, .directions = directions};
    fit->storage = list(7 * directions);
    double *at = fit->storage, z[4];
    fit->eigenvalue = at;
    fit->eigenvalue_stderr = at + directions;
    fit->fit[0] = at + 2 * directions;
    fit->fit[1] = at + 3 * directions;
    for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
        fit->noise[pair] = pair < 2 ? NOISE[pair] : NOISE_JOINT;
        fit->variance[pair] = at + (size_t)(4 + pair) * directions;
    }
    for (size_t k = 0; k < directions; k++) {
        double sigma = sigma_of(k), size = k < last ? pow((double)(k + 1), -DELTA / 2) : 0;
        random_normals(seed, 9, k, 1, 0, 4, z, 1, 1);
        fit->eigenvalue[k] = sigma;
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            fit->variance[pair][k] = fit->noise[pair] / ((double)fit->n * sigma);
        }
        double left = sqrt(fit->variance[0][k]), part = fit->variance[2][k] / left;
        fit->fit[0][k] = size * z[0] + left * z[2];
        fit->fit[1][k] = size * (RHO * z[0] + sqrt(1 - RHO * RHO) * z[1]) + part * z[2] +
                         sqrt(fit->variance[1][k] - part * part) * z[3];
    }
}

/* What moat_measured asks of a spectrum, and the sums over it. */
static void test_pools(void)
{
    for (uint64_t set = 0; set < 30; set++) {
        struct measure_fit fit;
        struct measure_estimate estimate;
        double signal[MEASURE_PAIRS] = {0};
        make_fit(&fit, 200, set % 2 ? 200 : 30, set);
        CU_ASSERT_EQUAL_FATAL(measure_estimate(&fit, &estimate), MOAT_OK);
        CU_ASSERT(estimate.pools > 10 && estimate.pools < 200);
        for (size_t k = 0; k < 200; k++) {
            double b[MEASURE_PAIRS];
            for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
                b[pair] = estimate.alignment[pair][k];
                signal[pair] += fit.eigenvalue[k] * b[pair];
                CU_ASSERT(estimate.stderr_of[pair][k] > 0);
            }
            expect(b[0] >= 0 && b[1] >= 0 && b[2] * b[2] <= b[0] * b[1], "direction %zu: %g, %g, %g", k, b[0], b[1],
                   b[2]);
        }
        for (int pair = 0; pair < MEASURE_PAIRS; pair++) {
            expect(fabs(signal[pair] - estimate.signal[pair]) < 1e-12, "signal %d: %.15g, unbiased %.15g", pair,
                   signal[pair], estimate.signal[pair]);
        }
        measure_estimate_free(&estimate);
        ridge_measure_free(&fit);
    }
}

/* A direction that is no second moment takes in just as many after it as make one. */
static void test_one_pool(void)
{
    struct measure_fit fit;
    struct measure_estimate estimate;
    make_fit(&fit, 6, 6, 3);
    for (size_t k = 0; k < 6; k++) { /* b of 4, 1, -2, 1, 3, 1 for performance, 5 for safety, joint moments too large */
        const double wanted[] = {4, 1, -2, 1, 3, 1};
        fit.eigenvalue[k] = 1;
        fit.variance[0][k] = 3;
        fit.variance[1][k] = fit.variance[2][k] = 0;
        fit.fit[0][k] = sqrt(wanted[k] + 3);
        fit.fit[1][k] = k < 3 ? sqrt(5) : -sqrt(5);
    }
    CU_ASSERT_EQUAL_FATAL(measure_estimate(&fit, &estimate), MOAT_OK);
    const double expected[] = {4, 1, 2. / 3, 2. / 3, 2. / 3, 1}, pool[] = {0, 1, 2, 2, 2, 3};
    double joint = 0, unbiased = 0;
    for (size_t k = 0; k < 6; k++) {
        expect(relative_error(estimate.alignment[0][k], expected[k]) < 1e-14 && estimate.pool[k] == pool[k],
               "direction %zu: %.15g in pool %g", k, estimate.alignment[0][k], estimate.pool[k]);
        CU_ASSERT(relative_error(estimate.alignment[1][k], 5) < 1e-14);
        joint += estimate.alignment[2][k];
        unbiased += fit.fit[0][k] * fit.fit[1][k];
    }
    CU_ASSERT(fabs(joint - unbiased) < 1e-13);
    CU_ASSERT(relative_error(estimate.alignment[2][0], sqrt(20)) < 1e-14); /* cut from sqrt(35) */
    measure_estimate_free(&estimate);
    ridge_measure_free(&fit);
}

/* Trust ends within an octave of the signal's end. */
static void test_trust(void)
{
    enum { TIMES = 40, LAST = 20 };
    int early = 0, late = 0;
    for (uint64_t set = 0; set < TIMES; set++) {
        struct measure_fit fit;
        struct measure_estimate estimate;
        make_fit(&fit, 200, LAST, 500 + set);
        CU_ASSERT_EQUAL_FATAL(measure_estimate(&fit, &estimate), MOAT_OK);
        early += estimate.trusted[1] < LAST / 2;
        late += estimate.trusted[1] > 2 * LAST;
        measure_estimate_free(&estimate);
        ridge_measure_free(&fit);
    }
    expect(early <= 2 && late <= 4, "%d of %d end too early, %d too late", early, TIMES, late);
}

/* --- What is made of them */

static double threshold_of(const struct moat_measured_spectrum *spectrum)
{
    struct moat_measured *measured;
    struct moat_company incumbent;
    struct moat_threshold threshold;
    CU_ASSERT_EQUAL_FATAL(moat_measured_create(spectrum, &measured), MOAT_OK);
    struct moat_solver solver = moat_measured_solver(measured);
    const struct moat_market market = {.solver = &solver, .Q = 1, .tau_I = POWER_LAW_TAU_I, .tau_E = INFINITY};
    moat_market_incumbent(&market, ROWS, &incumbent);
    moat_market_threshold(&market, &incumbent, &threshold);
    moat_measured_destroy(&measured);
    return threshold.N_E_star;
}

/* N_E* on measured spectra against that on the true one; and the power law of the data. */
static void test_thresholds(void)
{
    struct moments ratio = {0}, gamma = {0}, delta = {0};
    struct data data;
    double sigma[FEATURES], b[MEASURE_PAIRS][FEATURES];
    make(&data, 4000, FEATURES, 1);
    for (uint64_t set = 0; set < 24 && world_rank() == 0; set++) {
        struct measure_fit fit;
        struct measure_estimate estimate;
        struct power_law law;
        draw_targets(&data, 700 + set);
        draw_rows(&data, 700 + set, 0);
        CU_ASSERT_EQUAL_FATAL(measure(&data, data.label, &(struct measure_options){0}, MPI_COMM_NULL, &fit), MOAT_OK);
        CU_ASSERT_EQUAL_FATAL(measure_estimate(&fit, &estimate), MOAT_OK);
        CU_ASSERT_EQUAL_FATAL(power_law_fit(&fit, &estimate, &law), MOAT_OK);
        for (size_t k = 0; k < FEATURES; k++) {
            sigma[k] = sigma_of(k);
            b[0][k] = data.beta[0][k] * data.beta[0][k];
            b[1][k] = data.beta[1][k] * data.beta[1][k];
            b[2][k] = data.beta[0][k] * data.beta[1][k] * (1 - 1e-15);
        }
        const struct moat_measured_spectrum truth = {FEATURES, sigma, b[0], b[1], b[2], NOISE[0], NOISE[1]};
        const struct moat_measured_spectrum found = {
            fit.directions,        fit.eigenvalue, estimate.alignment[0], estimate.alignment[1],
            estimate.alignment[2], fit.noise[0],   fit.noise[1]};
        add(&ratio, log(threshold_of(&found) / threshold_of(&truth)));
        add(&gamma, law.gamma.value - GAMMA);
        add(&delta, (law.delta.value - DELTA) / law.delta.stderr_of);
        measure_estimate_free(&estimate);
        ridge_measure_free(&fit);
    }
    if (world_rank() == 0) {
        double mean = ratio.sum / ratio.count, spread = sqrt(ratio.square / ratio.count);
        expect(fabs(mean) < 0.02 && spread < 0.05, "ln N_E*: off by %.4f on average, %.4f rms", mean, spread);
        expect(fabs(gamma.sum / gamma.count) < 0.02, "gamma: off by %.4f", gamma.sum / gamma.count);
        expect_scores("delta", &delta, 0.3);
    }
    discard(&data);
}

/* --- Refusals and failures */

static void refuse(struct data *data, const struct measure_options *options, const char *says)
{
    struct measure_fit fit;
    CU_ASSERT_EQUAL(measure(data, data->label, options, MPI_COMM_WORLD, &fit), MOAT_USAGE);
    expect(strstr(moat_error_message(), says) != NULL, "%s, expected %s", moat_error_message(), says);
    ridge_measure_free(&fit);
}

static void test_refused(void)
{
    struct data data;
    make(&data, 40, 10, 2);
    refuse(&data, &(struct measure_options){.directions = 11}, "found 11, expected at most 10");
    data.n = 11;
    refuse(&data, &(struct measure_options){0}, "11 rows of 10 features: least squares fits any labels exactly");
    refuse(&data, &(struct measure_options){.directions = 10}, "found 10, expected at most 9");
    data.n = 2;
    refuse(&data, &(struct measure_options){0}, "found 2 rows, expected at least 3");
    data.n = 40;
    for (size_t i = 0; i < 40; i++) {
        data.label[1][i] = 7;
    }
    refuse(&data, &(struct measure_options){0}, "`safety` is 7 in all 40 rows");
    draw_rows(&data, 2, 0);
    for (size_t i = 0; i < 400; i++) {
        data.x[i] = (double)(i % 10) * 0.1;
    }
    refuse(&data, &(struct measure_options){0}, "no feature varies");
    discard(&data);
}

/* Constant and duplicate features are left out, exactly. */
static void test_rank(void)
{
    struct data data, wide;
    struct measure_fit fit, plain;
    make(&data, 300, 12, 4);
    make(&wide, 300, 20, 4);
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k < 20; k++) { /* twelve features, two constants, six duplicates */
            wide.x[i * 20 + k] = k < 12 ? data.x[i * 12 + k] : k < 14 ? 0.1 : data.x[i * 12 + k - 14];
        }
    }
    CU_ASSERT_EQUAL_FATAL(measure(&wide, data.label, &(struct measure_options){0}, MPI_COMM_WORLD, &fit), MOAT_OK);
    CU_ASSERT_EQUAL_FATAL(measure(&data, data.label, &(struct measure_options){0}, MPI_COMM_WORLD, &plain), MOAT_OK);
    CU_ASSERT(fit.constant == 2 && fit.rank == 12 && fit.directions == 12 && plain.rank == 12);
    compare("noise", fit.noise, plain.noise, MEASURE_PAIRS);
    ridge_measure_free(&fit);
    ridge_measure_free(&plain);
    discard(&data);
    discard(&wide);
}

/* A rank that cannot read its rows fails on all ranks, with its message. */
static void test_failing_rank(void)
{
    struct data data;
    struct measure_fit fit;
    make(&data, 60, 10, 6);
    data.failing = 59; /* of the last rank */
    CU_ASSERT_EQUAL(measure(&data, data.label, &(struct measure_options){0}, MPI_COMM_WORLD, &fit), MOAT_IO);
    CU_ASSERT_STRING_EQUAL(moat_error_message(), "row 59 is gone");
    ridge_measure_free(&fit);
    discard(&data);
}

#ifdef MOAT_FAULTS
/* Each allocation of the last rank fails in turn: all ranks return, and the last run has none left to fail. */
static void test_allocations(void)
{
    struct data data;
    struct measure_fit fit;
    enum moat_status status = MOAT_MEMORY;
    int ranks, call = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    make(&data, 400, 230, 7);
    for (call = 1; status == MOAT_MEMORY && call < 100; call++) {
        char fault[64];
        snprintf(fault, sizeof fault, "ridge:alloc:rank%d:call%d", ranks - 1, call);
        setenv("MOAT_FAULT", fault, 1);
        status = measure(&data, data.label, &(struct measure_options){0}, MPI_COMM_WORLD, &fit);
        ridge_measure_free(&fit);
    }
    unsetenv("MOAT_FAULT");
    expect(status == MOAT_OK && call > 15, "status %d after %d calls", (int)status, call);
    discard(&data);
}
#endif

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"groups of any size measure the same", test_groups},
                           {"estimates within their standard errors", test_estimates},
                           {"noise that depends on the row", test_uneven_noise},
                           {"second moments with the right sums", test_pools},
                           {"a pool by hand", test_one_pool},
                           {"trust ends with the signal", test_trust},
                           {"thresholds and exponents of known spectra", test_thresholds},
                           {"data that are refused", test_refused},
                           {"constant and duplicate features", test_rank},
                           {"one rank that fails", test_failing_rank},
#ifdef MOAT_FAULTS
                           {"every allocation may fail", test_allocations},
#endif
                           CU_TEST_INFO_NULL};
    return mpi_suite_run("measure", tests, &argc, &argv);
}
