/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Markets on a measured spectrum: known values, a power law written as a spectrum against the solver of power laws,
 * random spectra against a dense search (brute_alignment.h), slopes against differences, limits, and what is refused.
 */
#include "moat/measured.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>
#include <string.h>

#include "brute_alignment.h"
#include "expect.h"
#include "moat/deterministic.h"
#include "moat/elasticity.h"
#include "moat/limit.h"
#include "moat/scaling_law.h"
#include "suite.h"

static double sigma[BRUTE_NUMBERS], b11[BRUTE_NUMBERS], b22[BRUTE_NUMBERS], b12[BRUTE_NUMBERS];

static struct moat_measured_spectrum spectrum_of(size_t n)
{
    return (struct moat_measured_spectrum){n, sigma, b11, b22, b12, 0, 0};
}

struct outcome {
    struct moat_company incumbent;
    struct moat_threshold found;
    struct moat_elasticity elasticity;
};

static struct outcome solve(const struct moat_market *market, double N_I)
{
    struct outcome out;
    moat_market_incumbent(market, N_I, &out.incumbent);
    moat_market_threshold(market, &out.incumbent, &out.found);
    moat_elasticity_threshold(market, &out.incumbent, &out.found, &out.elasticity);
    return out;
}

static struct moat_measured *table_of(const struct moat_measured_spectrum *spectrum)
{
    struct moat_measured *out;
    CU_ASSERT_EQUAL_FATAL(moat_measured_create(spectrum, &out), MOAT_OK);
    return out;
}

/* Two scales: 20 strong directions, and 1936 weak ones that hold most of the targets. The loss has two minima in kappa.
   Computed apart from this program; trusted to 1e-6. */
static const struct {
    double N_I, tau_I, tau_E;
    enum moat_scrutiny scrutiny;
    enum moat_market_status status;
    double N_E_star, loss_performance, loss_safety, alpha, lambda; /* the last four of the incumbent */
} known[] = {
    {166, 0.7, 0.9, MOAT_SCRUTINY_TRAINED_MODEL, MOAT_MARKET_INCUMBENT_INFEASIBLE, NAN, NAN, NAN, NAN, NAN},
    {166, 0.7, 0.9, MOAT_SCRUTINY_TRAINING_MIXTURE, MOAT_MARKET_OK, 165.99301577159446, 6064.390540609846,
     6064.439333640107, 0.8366600265340756, 1},
    {166, 0.7, 1.2, MOAT_SCRUTINY_TRAINING_MIXTURE, MOAT_MARKET_OK, 165.989945279918, 6064.390540609846,
     6064.439333640107, 0.8366600265340756, 1},
    {1000, 0.7, 1.2, MOAT_SCRUTINY_TRAINED_MODEL, MOAT_MARKET_INCUMBENT_INFEASIBLE, NAN, NAN, NAN, NAN, NAN},
    {1000, 0.7, 0.9, MOAT_SCRUTINY_TRAINING_MIXTURE, MOAT_MARKET_OK, 999.2132383320686, 2979.764666427792,
     2987.8877965591732, 0.8366600265340756, 1.535342410387858e-06},
    {1000, 0.7, 1.2, MOAT_SCRUTINY_TRAINING_MIXTURE, MOAT_MARKET_OK, 998.8187600223313, 2979.764666427792,
     2987.8877965591732, 0.8366600265340756, 1.535342410387858e-06},
    {INFINITY, 0.7, 0.9, MOAT_SCRUTINY_TRAINED_MODEL, MOAT_MARKET_OK, 7068.286426604998, 0.6344198886282694,
     16.645232585138924, 0.8366600265340756, 0},
    {INFINITY, 0.7, 0.9, MOAT_SCRUTINY_TRAINING_MIXTURE, MOAT_MARKET_OK, 5915.938611114406, 0.6344198886282694,
     16.645232585138924, 0.8366600265340756, 0},
    {INFINITY, 0.7, 1.2, MOAT_SCRUTINY_TRAINED_MODEL, MOAT_MARKET_OK, 1955.7941895624901, 0.6344198886282694,
     16.645232585138924, 0.8366600265340756, 0},
    {INFINITY, 0.7, 1.2, MOAT_SCRUTINY_TRAINING_MIXTURE, MOAT_MARKET_OK, 1955.7941895624901, 0.6344198886282694,
     16.645232585138924, 0.8366600265340756, 0},
};

static void two_scales(void)
{
    const size_t n = 1956;
    for (size_t i = 0; i < n; i++) {
        sigma[i] = i < 20 ? 1 : 1.548e-3;
        b11[i] = b22[i] = i < 20 ? 1 : 1971;
        b12[i] = (1 - 2.006e-3) * b11[i];
    }
    struct moat_measured_spectrum spectrum = spectrum_of(n);
    struct moat_measured *table = table_of(&spectrum);
    struct moat_solver solver = moat_measured_solver(table);
    expect(relative_error(moat_measured_L_star(table), 23.778903693055604) < 1e-12, "L_star %.17g",
           moat_measured_L_star(table));
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct moat_market market = {&solver, 1, known[k].tau_I, known[k].tau_E, MOAT_TAU_L_STAR, known[k].scrutiny};
        struct outcome out = solve(&market, known[k].N_I);
        expect(out.found.status == known[k].status, "case %zu: %s", k, moat_market_status_name[out.found.status]);
        if (known[k].status != MOAT_MARKET_OK) {
            continue;
        }
        const struct moat_company *incumbent = &out.incumbent;
        expect(relative_error(out.found.N_E_star, known[k].N_E_star) < 1e-9, "case %zu: N_E* %.17g, expected %.17g", k,
               out.found.N_E_star, known[k].N_E_star);
        expect(relative_error(incumbent->loss_performance, known[k].loss_performance) < 1e-10, "case %zu: L1 %.17g", k,
               incumbent->loss_performance);
        expect(relative_error(incumbent->loss_safety, known[k].loss_safety) < 1e-6, "case %zu: L2 %.17g", k,
               incumbent->loss_safety);
        expect(fabs(incumbent->lambda - known[k].lambda) <= 1e-5 * known[k].lambda, "case %zu: lambda %.17g", k,
               incumbent->lambda);
        expect(relative_error(incumbent->alpha, known[k].alpha) < 1e-12, "case %zu: alpha %.17g", k, incumbent->alpha);
    }
    moat_measured_destroy(&table);
}

/* The power law as a spectrum. */
static void power_law(double gamma, double nu, size_t P, double Q)
{
    for (size_t i = 0; i < P; i++) {
        sigma[i] = pow((double)i + 1, -1 - gamma);
        b11[i] = b22[i] = pow((double)i + 1, gamma - nu);
        b12[i] = (1 - Q) * b11[i];
    }
}

static void compare(const char *name, double got, double want, double tolerance, const char *where)
{
    expect((isnan(want) && isnan(got)) || relative_error(got, want) < tolerance ||
               fabs(got - want) < 1e-13 * tolerance * 1e10,
           "%s: %s %.17g, expected %.17g", where, name, got, want);
}

static void power_laws(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 40; number++) {
        double gamma = 0.05 + gsl_rng_uniform(rng), nu = gamma + (2 + gamma) * gsl_rng_uniform_pos(rng);
        double Q = number % 2 ? 0.05 + 0.95 * gsl_rng_uniform(rng) : 1;
        size_t P = 20 + (size_t)(1000 * gsl_rng_uniform(rng));
        power_law(gamma, nu, P, Q);
        struct moat_measured_spectrum spectrum = spectrum_of(P);
        struct moat_measured *table = table_of(&spectrum);
        struct moat_deterministic *power;
        CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, (double)P, &power), MOAT_OK);
        struct moat_solver measured = moat_measured_solver(table), deterministic = moat_deterministic_solver(power);
        for (int k = 0; k < 40; k++) {
            double N_I = k % 7 == 0 ? INFINITY : exp(12 * gsl_rng_uniform(rng));
            N_I = k % 13 == 5 ? (double)P : N_I; /* labels explode there as lambda -> 0 */
            struct moat_market market = {&deterministic,
                                         Q,
                                         0.26 + gsl_rng_uniform(rng),
                                         k % 3 ? 0.26 + gsl_rng_uniform(rng) : INFINITY,
                                         MOAT_TAU_L_STAR,
                                         k % 2 ? MOAT_SCRUTINY_TRAINED_MODEL : MOAT_SCRUTINY_TRAINING_MIXTURE};
            struct outcome want = solve(&market, N_I);
            market.solver = &measured;
            market.Q = 1;
            struct outcome got = solve(&market, N_I);
            char where[256];
            snprintf(where, sizeof where, "gamma %.17g nu %.17g P %zu Q %.17g N_I %.17g tau %.17g %.17g scrutiny %d",
                     gamma, nu, P, Q, N_I, market.tau_I, market.tau_E, (int)market.scrutiny);
            expect(got.found.status == want.found.status, "%s: %s, expected %s", where,
                   moat_market_status_name[got.found.status], moat_market_status_name[want.found.status]);
            compare("incumbent's L1", got.incumbent.loss_performance, want.incumbent.loss_performance, 1e-10, where);
            compare("N_E*", got.found.N_E_star, want.found.N_E_star, 1e-10, where);
            compare("L1", got.found.entrant.loss_performance, want.found.entrant.loss_performance, 1e-10, where);
            compare("elasticity N_I", got.elasticity.N_I, want.elasticity.N_I, 1e-6, where);
            compare("elasticity tau_E", got.elasticity.tau_E, want.elasticity.tau_E, 1e-6, where);
            compare("elasticity tau_I", got.elasticity.tau_I, want.elasticity.tau_I, 1e-6, where);
            compare("exponent D", got.elasticity.D, want.elasticity.D, 1e-6, where);
        }
        for (int k = 0; k < 20; k++) {
            double N = exp(9 * gsl_rng_uniform(rng)), alpha = 0.5 + 0.5 * gsl_rng_uniform(rng);
            double lambda = k % 2 ? exp(-9 * gsl_rng_uniform(rng)) : NAN;
            struct moat_scaling_law want, got;
            moat_scaling_law_solve(&deterministic, N, Q, alpha, lambda, &want);
            moat_scaling_law_solve(&measured, N, 1, alpha, lambda, &got);
            char where[128];
            snprintf(where, sizeof where, "scaling law %d: P %zu N %.17g alpha %.17g lambda %g", number, P, N, alpha,
                     lambda);
            compare("loss", got.loss, want.loss, 1e-10, where);
            compare("excess", got.excess, want.excess, 1e-10, where);
            compare("exponent", got.exponent_excess, want.exponent_excess, 1e-7, where);
            compare("finite data", got.term.finite_data, want.term.finite_data, 1e-5, where);
            compare("overfitting", got.term.overfitting, want.term.overfitting, 1e-5, where);
            compare("mixture", got.term.mixture, want.term.mixture, 1e-10, where);
            double all = got.term.finite_data + got.term.overfitting + got.term.mixture + got.term.mixture_finite_data;
            compare("sum of terms", all, got.loss, 1e-10, where);
        }
        moat_measured_destroy(&table);
        moat_deterministic_destroy(&power);
    }
    gsl_rng_free(rng);
}

/* A random spectrum of 1 to 12 distinct directions, some many times; alignments of every kind. */
static struct moat_measured_spectrum random_spectrum(gsl_rng *rng)
{
    size_t n = 0, kinds = 1 + gsl_rng_uniform_int(rng, 12);
    double range = 12 * gsl_rng_uniform(rng), close = gsl_rng_uniform(rng) < 0.3 ? 0.002 : 1;
    double sizes = 4 * gsl_rng_uniform(rng), uneven = gsl_rng_uniform(rng) < 0.5 ? 0.3 : 2;
    for (size_t k = 0; k < kinds; k++) {
        size_t copies = gsl_rng_uniform(rng) < 0.3 ? 1 + gsl_rng_uniform_int(rng, 40) : 1;
        double s = k == 0 ? 1 : exp(-range * gsl_rng_uniform(rng)), first = exp(sizes * gsl_ran_gaussian(rng, 1));
        double second = first * exp(uneven * gsl_ran_gaussian(rng, 1)), angle = M_PI * close * gsl_rng_uniform(rng);
        for (size_t c = 0; c < copies; c++, n++) {
            sigma[n] = s;
            b11[n] = first;
            b22[n] = second;
            b12[n] = cos(angle) * sqrt(first * second);
        }
    }
    struct moat_measured_spectrum spectrum = spectrum_of(n);
    bool noisy = gsl_rng_uniform(rng) < 0.5;
    spectrum.noise1 = noisy ? exp(2 * gsl_ran_gaussian(rng, 1)) : 0;
    spectrum.noise2 = noisy ? exp(2 * gsl_ran_gaussian(rng, 1)) : 0;
    return spectrum;
}

static int spectra = 20;

static void random_spectra(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    int statuses[MOAT_MARKET_STATUSES] = {0}, inner = 0;
    for (int number = 0; number < spectra; number++) {
        struct moat_measured_spectrum spectrum = random_spectrum(rng);
        struct moat_measured *table = table_of(&spectrum);
        struct moat_solver solver = moat_measured_solver(table);
        for (int k = 0; k < 4; k++) {
            struct moat_market market = {&solver,
                                         1,
                                         0.2 + gsl_rng_uniform(rng),
                                         k % 2 ? 0.15 + gsl_rng_uniform(rng) : 0.2 + 4 * gsl_rng_uniform(rng),
                                         MOAT_TAU_L_STAR,
                                         k < 3 ? MOAT_SCRUTINY_TRAINED_MODEL : MOAT_SCRUTINY_TRAINING_MIXTURE};
            double N_I = exp(10 * gsl_rng_uniform(rng)), L_star = moat_market_L_star(&market);
            struct outcome out = solve(&market, N_I);
            struct brute_alignment brute;
            brute_alignment_init(&brute, &spectrum, market.scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE);
            long double loss = brute_alignment_company(&brute, N_I, (long double)market.tau_I * L_star);
            statuses[out.found.status]++;
            inner += out.found.entrant.alpha > 0.5 && out.found.entrant.alpha < 1;
            expect(out.incumbent.feasible == !isnan(loss), "spectrum %d market %d: incumbent feasible %d, brute %Lg",
                   number, k, out.incumbent.feasible, loss);
            if (!out.incumbent.feasible || isnan(loss)) {
                continue;
            }
            expect(fabs(out.incumbent.loss_performance - (double)loss) <=
                       1e-9 * out.incumbent.loss_performance + 1e-14 * L_star,
                   "spectrum %d market %d: L1 %.17g, brute force %.17Lg", number, k, out.incumbent.loss_performance,
                   loss);
            if (out.incumbent.loss_performance < 1e-9 * L_star) { /* rounding of brute force */
                continue;
            }
            long double N =
                brute_alignment_threshold(&brute, out.incumbent.loss_performance, (long double)market.tau_E * L_star);
            double found = isnan(out.found.N_E_star) ? INFINITY : out.found.N_E_star;
            expect(relative_error(found, (double)N) < 1e-7,
                   "spectrum %d market %d (%s): N_E* %.17g, brute force %.17Lg", number, k,
                   moat_market_status_name[out.found.status], found, N);
        }
        moat_measured_destroy(&table);
    }
    expect(statuses[MOAT_MARKET_OK] > spectra && inner > spectra / 2, "%d thresholds, %d with alpha inside",
           statuses[MOAT_MARKET_OK], inner);
    gsl_rng_free(rng);
}

/* ln N_E* with one number of the market moved by the factor e^step. */
static double log_threshold(struct moat_market market, double N_I, int which, double step)
{
    double factor = exp(step);
    market.tau_I *= which == 1 ? factor : 1;
    market.tau_E *= which == 2 ? factor : 1;
    struct outcome out = solve(&market, which == 0 ? N_I * factor : N_I);
    return out.found.status == MOAT_MARKET_OK ? log(out.found.N_E_star) : NAN;
}

/* Slopes against differences of fourth order. A kink within the steps shows as slopes that differ to its two sides;
   the slope is then that of one side or between. */
static void slopes(void)
{
    const double h = 1e-5;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    gsl_rng_set(rng, 5);
    int compared = 0, kinks = 0;
    for (int number = 0; number < 300; number++) {
        struct moat_measured_spectrum spectrum = random_spectrum(rng);
        struct moat_measured *table = table_of(&spectrum);
        struct moat_solver solver = moat_measured_solver(table);
        for (int k = 0; k < 4; k++) {
            struct moat_market market = {&solver,
                                         1,
                                         0.3 + gsl_rng_uniform(rng),
                                         k % 2 ? 0.3 + gsl_rng_uniform(rng) : 0.3 + 4 * gsl_rng_uniform(rng),
                                         MOAT_TAU_L_STAR,
                                         k < 2 ? MOAT_SCRUTINY_TRAINED_MODEL : MOAT_SCRUTINY_TRAINING_MIXTURE};
            double N_I = exp(10 * gsl_rng_uniform(rng));
            struct outcome out = solve(&market, N_I);
            if (out.found.status != MOAT_MARKET_OK || out.found.entrant.excess <= 0) {
                continue;
            }
            const double exact[] = {out.elasticity.N_I, out.elasticity.tau_I, out.elasticity.tau_E};
            CU_ASSERT(isnan(out.elasticity.Q));
            for (int which = 0; which < 3; which++) {
                double at[5];
                for (int i = 0; i < 5; i++) {
                    at[i] = log_threshold(market, N_I, which, (i - 2) * h);
                }
                double left = (3 * at[2] - 4 * at[1] + at[0]) / (2 * h),
                       right = (4 * at[3] - 3 * at[2] - at[4]) / (2 * h);
                double slope = (8 * (at[3] - at[1]) - (at[4] - at[0])) / (12 * h), size = fabs(left) + fabs(right);
                double error = fabs(exact[which] - slope), tolerance = 1e-5 * (1 + size);
                if (isnan(slope)) { /* a status changes within the steps */
                    continue;
                }
                bool kink = fabs(left - right) > 1e-3 * (1 + size);
                kinks += kink;
                compared++;
                expect(error <= tolerance || (kink && exact[which] >= fmin(left, right) - tolerance &&
                                              exact[which] <= fmax(left, right) + tolerance),
                       "spectrum %d market %d slope %d: %.12g, differences %.12g (left %.12g, right %.12g)", number, k,
                       which, exact[which], slope, left, right);
            }
        }
        moat_measured_destroy(&table);
    }
    expect(compared > 1000 && kinks * 20 < compared, "%d slopes compared, %d at kinks", compared, kinks);
    gsl_rng_free(rng);
}

/* With beta_2 = 1.0005 beta_1 less labels for performance are better: the two differ in length alone, and the longer
   makes up for what regularisation takes. */
static void most_for_safety(void)
{
    const size_t n = 1000;
    for (size_t i = 0; i < n; i++) {
        sigma[i] = pow((double)i + 1, -1.5);
        b11[i] = pow((double)i + 1, -0.5);
        b22[i] = 1.0005 * 1.0005 * b11[i];
        b12[i] = 1.0005 * b11[i];
    }
    struct moat_measured_spectrum spectrum = spectrum_of(n);
    struct moat_measured *table = table_of(&spectrum);
    struct moat_solver solver = moat_measured_solver(table);
    struct moat_market market = {&solver, 1, INFINITY, INFINITY, MOAT_TAU_L_STAR, MOAT_SCRUTINY_TRAINED_MODEL};
    struct moat_company company;
    struct brute_alignment brute;
    moat_market_incumbent(&market, 200, &company);
    brute_alignment_init(&brute, &spectrum, false);
    long double loss = brute_alignment_company(&brute, 200, INFINITY);
    expect(company.alpha == 0.5, "alpha %.17g, expected 1/2", company.alpha);
    expect(relative_error(company.loss_performance, (double)loss) < 1e-10, "L1 %.17g, brute force %.17Lg",
           company.loss_performance, loss);
    moat_measured_destroy(&table);
}

/* The order of directions and the unit of thresholds change nothing. */
static void order_and_unit(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    gsl_rng_set(rng, 9);
    struct moat_measured_spectrum spectrum = random_spectrum(rng), turned = spectrum;
    static double other[4][BRUTE_NUMBERS];
    const double *from[] = {sigma, b11, b22, b12};
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < spectrum.n; i++) {
            other[k][i] = from[k][spectrum.n - 1 - i];
        }
    }
    turned.sigma = other[0], turned.b11 = other[1], turned.b22 = other[2], turned.b12 = other[3];
    struct moat_measured *table[] = {table_of(&spectrum), table_of(&turned)};
    double L_star = moat_measured_L_star(table[0]);
    struct moat_solver solver[] = {moat_measured_solver(table[0]), moat_measured_solver(table[1])};
    struct moat_market market = {&solver[0], 1, 0.7, 0.9, MOAT_TAU_L_STAR, MOAT_SCRUTINY_TRAINED_MODEL};
    struct moat_market other_market = {
        &solver[1], 1, 0.7 * L_star, 0.9 * L_star, MOAT_TAU_ABSOLUTE, MOAT_SCRUTINY_TRAINED_MODEL};
    struct outcome out = solve(&market, INFINITY), also = solve(&other_market, INFINITY);
    expect(out.found.status == MOAT_MARKET_OK && relative_error(also.found.N_E_star, out.found.N_E_star) < 1e-11,
           "N_E* %.17g and %.17g", out.found.N_E_star, also.found.N_E_star);
    moat_measured_destroy(&table[0]);
    moat_measured_destroy(&table[1]);
    gsl_rng_free(rng);
}

/* An incumbent with ever more data is one with infinite data, and a tiny gap keeps its digits: N_E* of noisy labels
   goes as 1/gap, by the closed form of the first order. */
static void limits(void)
{
    power_law(0.4, 1, 300, 0.5);
    struct moat_measured_spectrum spectrum = spectrum_of(300);
    spectrum.noise1 = 0.3;
    spectrum.noise2 = 0.1;
    struct moat_measured *table = table_of(&spectrum);
    struct moat_solver solver = moat_measured_solver(table);
    struct moat_market market = {&solver, 1, 0.7, 0.8, MOAT_TAU_L_STAR, MOAT_SCRUTINY_TRAINED_MODEL};
    double L_star = moat_market_L_star(&market);
    struct outcome endless = solve(&market, INFINITY), large = solve(&market, 1e12);
    expect(relative_error(large.found.N_E_star, endless.found.N_E_star) < 1e-6, "N_E* %.12g, with N_I = 1e12 %.12g",
           endless.found.N_E_star, large.found.N_E_star);
    expect(relative_error(endless.incumbent.loss_performance, moat_limit_loss(L_star, 0.7 * L_star)) < 1e-14,
           "L1 of infinite data %.17g", endless.incumbent.loss_performance);
    /* To first order the excess is n (4 alpha a m + alpha n1 + a n2) / (N alpha), with kappa = 0 and z at its limit. */
    market.tau_E = 0.8;
    market.tau_I = 0.8 * (1 - 1e-9);
    struct outcome tiny = solve(&market, INFINITY);
    double alpha = sqrt(0.8), a = 1 - alpha;
    double noise = alpha * a * L_star + alpha * 0.3 + a * 0.1, N = 300 * noise / alpha / moat_market_gap(&market);
    expect(relative_error(tiny.found.N_E_star, N) < 1e-4, "N_E* of a tiny gap %.12g, first order %.12g",
           tiny.found.N_E_star, N);
    market.tau_I = 0.8;
    struct outcome equal = solve(&market, INFINITY);
    CU_ASSERT_EQUAL(equal.found.status, MOAT_MARKET_NO_ENTRY);
    market.tau_E = 0.2;
    CU_ASSERT_EQUAL(solve(&market, INFINITY).found.status, MOAT_MARKET_ENTRANT_INFEASIBLE);
    moat_measured_destroy(&table);
}

static void refused(void)
{
    const struct {
        double sigma, b11, b22, b12, noise1, noise2;
        size_t n;
        const char *says;
    } bad[] = {
        {1, 1, 1, 0, 0, 0, 0, "no directions"},
        {0, 1, 1, 0, 0, 0, 2, "eigenvalue 1"},
        {NAN, 1, 1, 0, 0, 0, 2, "eigenvalue 1"},
        {-1, 1, 1, 0, 0, 0, 2, "eigenvalue 1"},
        {INFINITY, 1, 1, 0, 0, 0, 2, "eigenvalue 1"},
        {1, -1, 1, 0, 0, 0, 2, "direction 1"},
        {1, 1, INFINITY, 0, 0, 0, 2, "direction 1"},
        {1, 1, 1, 1.01, 0, 0, 2, "joint alignment of direction 1"},
        {1, 1, 1, NAN, 0, 0, 2, "joint alignment"},
        {1, 1, 1, -1.01, 0, 0, 2, "joint alignment"},
        {1, 1, 1, 0, -1, 0, 2, "label noise"},
        {1, 1, 1, 0, 0, NAN, 2, "label noise"},
        {1, 1, 1, 1, 0, 0, 2, "same in every direction"},
        {1, 0, 1, 0, 0, 0, 2, "performance target is zero"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        bool same = strstr(bad[k].says, "same") || strstr(bad[k].says, "zero");
        sigma[0] = 1, b11[0] = b22[0] = b12[0] = same ? 0 : 0.5;
        sigma[1] = bad[k].sigma, b11[1] = bad[k].b11, b22[1] = bad[k].b22, b12[1] = bad[k].b12;
        struct moat_measured_spectrum spectrum = spectrum_of(bad[k].n);
        spectrum.noise1 = bad[k].noise1, spectrum.noise2 = bad[k].noise2;
        struct moat_measured *table;
        CU_ASSERT_EQUAL(moat_measured_create(&spectrum, &table), MOAT_USAGE);
        CU_ASSERT_PTR_NULL(table);
        expect(strstr(moat_error_message(), bad[k].says) != NULL, "case %zu: %s", k, moat_error_message());
    }
}

int main(int argc, char **argv)
{
    spectra = argc > 1 ? atoi(argv[1]) : spectra;
    CU_TestInfo tests[] = {
        {"two scales, two minima", two_scales},
        {"a power law as a spectrum", power_laws},
        {"random spectra, dense search", random_spectra},
        {"slopes against differences", slopes},
        {"labels for safety alone", most_for_safety},
        {"order and unit", order_and_unit},
        {"limits", limits},
        {"what is refused", refused},
        CU_TEST_INFO_NULL,
    };
    return suite_run("measured", tests);
}
