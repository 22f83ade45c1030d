/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spectral sums against closed forms, term-by-term summation and reference values, over the whole domain. */
#include "moat/spectrum.h"

#include <gsl/gsl_math.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_zeta.h>

#include "brute_force.h"
#include "expect.h"
#include "suite.h"

static const double tolerance = 1e-12; /* spectrum.h promises 1e-10, and 1e-13 in practice; the tables rely on 1e-12 */

static struct moat_spectrum *created(double gamma, double nu, double P)
{
    struct moat_spectrum *spectrum = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_spectrum_create(gamma, nu, P, &spectrum), MOAT_OK);
    return spectrum;
}

/* Compares df1, df2, a1, a2 with want[0..3]. */
static void expect_sums(const struct moat_spectrum *spectrum, double log_kappa, const double want[4], const char *where)
{
    struct moat_spectrum_sums sums;
    moat_spectrum_sums(spectrum, log_kappa, &sums);
    const double got[4] = {sums.df1, sums.df2, sums.a1, sums.a2};
    static const char *const name[4] = {"df1", "df2", "a1", "a2"};
    for (int k = 0; k < 4; k++) {
        expect(relative_error(got[k], want[k]) <= tolerance, "%s at %s, ln kappa %.17g: %.17g, expected %.17g", name[k],
               where, log_kappa, got[k], want[k]);
    }
}

static void expect_brute_sums(const struct moat_spectrum *spectrum, double log_kappa, const struct brute_sums *brute,
                              const char *where)
{
    expect_sums(spectrum, log_kappa,
                (double[]){(double)brute->df1, (double)brute->df2, (double)brute->a1, (double)brute->a2}, where);
    struct moat_spectrum_sums sums;
    moat_spectrum_sums(spectrum, log_kappa, &sums);
    expect(relative_error(sums.rest1, (double)brute->rest1) <= tolerance, "rest1 at %s, ln kappa %.17g: %.17g, %.17Lg",
           where, log_kappa, sums.rest1, brute->rest1);
    expect(relative_error(sums.rest2, (double)brute->rest2) <= tolerance, "rest2 at %s, ln kappa %.17g: %.17g, %.17Lg",
           where, log_kappa, sums.rest2, brute->rest2);
}

/* ln kappa where df1 = df1_max at P = INFINITY, from the leading term kappa^(-1/s) (pi/s)/sin(pi/s). */
static double log_kappa_of_df1(double gamma, double df1)
{
    double s = 1 + gamma;
    return s * log(M_PI / (s * sin(M_PI / s)) / df1);
}

static double uniform(gsl_rng *rng, double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

/* With gamma = 1 and z = pi/sqrt kappa, df1 = (z coth z - 1)/2; df2 by differentiating it; with nu = 3, a1 by partial
   fractions of i^-2/(1 + kappa i^2) and a2 = kappa^2 df2. */
static void closed_forms(void)
{
    struct moat_spectrum *spectrum = created(1, 3, INFINITY);
    for (double log_kappa = -62; log_kappa < 1; log_kappa += 0.37) {
        long double kappa = expl(log_kappa), z = (long double)M_PI / sqrtl(kappa);
        long double coth = 1 / tanhl(z), csch2 = z > 100 ? 0 : 1 / (sinhl(z) * sinhl(z));
        long double df1 = (z * coth - 1) / 2, df2 = (z * coth + z * z * csch2 - 2) / 4;
        long double a1 = kappa * (acosl(-1) * acosl(-1) / 6 - kappa * df1), a2 = kappa * kappa * df2;
        expect_sums(spectrum, log_kappa, (double[]){(double)df1, (double)df2, (double)a1, (double)a2}, "closed form");
    }
    CU_ASSERT(relative_error(moat_spectrum_a0(spectrum), pow(M_PI, 4) / 90) < 1e-14);
    CU_ASSERT(relative_error(moat_spectrum_trace(spectrum), M_PI * M_PI / 6) < 1e-14);
    moat_spectrum_destroy(&spectrum);
    CU_ASSERT_PTR_NULL(spectrum);

    const double nu[] = {0.0101, 0.34, 1, 2.02};
    for (int k = 0; k < 4; k++) {
        spectrum = created(0.01, nu[k], INFINITY);
        CU_ASSERT(relative_error(moat_spectrum_a0(spectrum), gsl_sf_zeta(1 + nu[k])) < 1e-13);
        CU_ASSERT(relative_error(moat_spectrum_trace(spectrum), gsl_sf_zeta(1.01)) < 1e-13);
        moat_spectrum_destroy(&spectrum);
    }
}

struct reference {
    double gamma, nu, P, log_kappa, sums[4];
};
static const struct reference references[] = {
#include "reference/spectrum.inc"
};

static void reference_values(void)
{
    for (size_t k = 0; k < sizeof references / sizeof *references; k++) {
        const struct reference *reference = &references[k];
        struct moat_spectrum *spectrum = created(reference->gamma, reference->nu, reference->P);
        char where[128];
        snprintf(where, sizeof where, "gamma %g, nu %g, P %g (reference)", reference->gamma, reference->nu,
                 reference->P);
        expect_sums(spectrum, reference->log_kappa, reference->sums, where);
        moat_spectrum_destroy(&spectrum);
    }
}

static void check_direct(double gamma, double nu, double P, double position)
{
    struct moat_spectrum *spectrum = created(gamma, nu, P);
    double low = moat_spectrum_log_kappa_min(spectrum),
           log_kappa = low + position * (MOAT_SPECTRUM_LOG_KAPPA_MAX - low);
    CU_ASSERT(log_kappa + (1 + gamma) * log(P) <= log(1e-13) || position > 0);
    struct brute_sums brute = brute_sums_direct(gamma, nu, P, log_kappa);
    char where[128];
    snprintf(where, sizeof where, "gamma %.17g, nu %.17g, P %.0f", gamma, nu, P);
    expect_brute_sums(spectrum, log_kappa, &brute, where);
    moat_spectrum_destroy(&spectrum);
}

/* Finite P, term by term; the small P lie around every P at which the method changes. */
static void direct_sums(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    const double small[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 512, 1000, 1024};
    for (int repeat = 0; repeat < 40; repeat++) {
        for (size_t k = 0; k < sizeof small / sizeof *small; k++) {
            double gamma = uniform(rng, 0.01, 2), nu = gamma + (2 + gamma) * gsl_rng_uniform_pos(rng);
            check_direct(gamma, nu, small[k], repeat == 0 ? 0 : gsl_rng_uniform(rng));
        }
    }
    for (int repeat = 0; repeat < 25; repeat++) {
        double gamma = uniform(rng, 0.01, 2), nu = gamma + (2 + gamma) * gsl_rng_uniform_pos(rng);
        check_direct(gamma, nu, repeat == 0 ? 1e6 : floor(exp(uniform(rng, 6, log(1e6)))), gsl_rng_uniform(rng));
    }
    gsl_rng_free(rng);
}

/* P = INFINITY and P to 1e9 over the whole domain, its corners and edges included. */
static void whole_domain(void)
{
    static struct brute_model model;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int repeat = 0; repeat < 600; repeat++) {
        double gamma = repeat % 5 == 0 ? 0.01 : repeat % 5 == 1 ? 2 : uniform(rng, 0.01, 2);
        double fraction = repeat % 3 == 0 ? 1 : repeat % 3 == 1 ? 1e-3 : gsl_rng_uniform_pos(rng);
        double nu = gamma + (2 + gamma) * fraction;
        nu = nu > 2 * (1 + gamma) ? 2 * (1 + gamma) : nu;
        double P = repeat % 4 == 3 ? floor(exp(uniform(rng, log(1e6), log(1e9)))) : INFINITY;
        struct moat_spectrum *spectrum = created(gamma, nu, P);
        brute_model_init(&model, gamma, nu, P);
        double low = isinf(P) ? log_kappa_of_df1(gamma, MOAT_SPECTRUM_DF1_MAX) : moat_spectrum_log_kappa_min(spectrum);
        CU_ASSERT(moat_spectrum_log_kappa_min(spectrum) <= low + 1e-9);
        char where[128];
        snprintf(where, sizeof where, "gamma %.17g, nu %.17g, P %.0f", gamma, nu, P);
        for (int k = 0; k < 4; k++) {
            double log_kappa = k == 0 ? low : k == 1 ? MOAT_SPECTRUM_LOG_KAPPA_MAX : uniform(rng, low, 6);
            struct brute_sums brute = brute_sums(&model, log_kappa);
            expect_brute_sums(spectrum, log_kappa, &brute, where);
        }
        CU_ASSERT(relative_error(moat_spectrum_a0(spectrum), (double)model.a0) < 1e-13);
        CU_ASSERT(relative_error(moat_spectrum_trace(spectrum), (double)model.trace) < 1e-13);
        moat_spectrum_destroy(&spectrum);
    }
    gsl_rng_free(rng);
}

static void refusals(void)
{
    const double bad[][3] = {{0.009, 0.5, 10}, {2.01, 3, 10},  {0.5, 0.5, 10}, {0.5, 3.001, 10},
                             {0.5, 1, 0},      {0.5, 1, 2.5},  {0.5, 1, -3},   {0.5, 1, 1.000001e9},
                             {NAN, 1, 10},     {0.5, NAN, 10}, {0.5, 1, NAN}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct moat_spectrum *spectrum = NULL;
        expect(moat_spectrum_create(bad[k][0], bad[k][1], bad[k][2], &spectrum) == MOAT_USAGE && !spectrum,
               "gamma %g, nu %g, P %g is accepted", bad[k][0], bad[k][1], bad[k][2]);
        moat_spectrum_destroy(&spectrum);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"closed forms", closed_forms},
                           {"reference values to 20 digits", reference_values},
                           {"finite P against term-by-term sums", direct_sums},
                           {"whole domain against quadrature", whole_domain},
                           {"arguments outside the domain are refused", refusals},
                           CU_TEST_INFO_NULL};
    return suite_run("spectrum", tests);
}
