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

static int spectra = 60;

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
    for (int s = 0; s < MOAT_MARKET_STATUSES; s++) {
        printf(" %s %d", moat_market_status_name[s], statuses[s]);
    }
    printf(" inner alpha %d\n", inner);
    gsl_rng_free(rng);
}

int main(int argc, char **argv)
{
    spectra = argc > 1 ? atoi(argv[1]) : spectra;
    CU_TestInfo tests[] = {
        {"two scales, two minima", two_scales},
        {"a power law as a spectrum", power_laws},
        {"random spectra, dense search", random_spectra},
        CU_TEST_INFO_NULL,
    };
    return suite_run("measured", tests);
}
