/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deterministic solver's coefficients, its range and the losses made of them, against the brute-force model. */
#include "moat/deterministic.h"

#include <gsl/gsl_rng.h>

#include "brute_force.h"
#include "expect.h"
#include "moat/loss.h"
#include "suite.h"

static struct brute_model model;

static double uniform(gsl_rng *rng, double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

/* One random (gamma, nu, P, N, x) in the solver's range. */
struct sample {
    double gamma, nu, P, N, x_low, x_high, x;
    struct moat_deterministic *table;
    struct moat_solver solver;
    char where[192];
};

static void sample_draw(gsl_rng *rng, int number, struct sample *sample)
{
    double gamma = number % 7 == 0 ? 0.01 : number % 7 == 1 ? 2 : uniform(rng, 0.01, 2);
    double nu = fmin(2 * (1 + gamma), gamma + (2 + gamma) * gsl_rng_uniform_pos(rng));
    double P = number % 2 ? INFINITY : floor(exp(uniform(rng, 0, log(1e9)))), N = exp(uniform(rng, 0, log(1e15)));
    if (number % 2 == 0) {
        const double N_of_P[] = {N, P, P / 2, 2 * P, P * (1 - 1e-6), P * (1 + 1e-6), P - 0.5, P + 0.5};
        N = fmax(1, N_of_P[(number / 2) % 8]);
    }
    *sample = (struct sample){.gamma = gamma, .nu = nu, .P = P, .N = N};
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, P, &sample->table), MOAT_OK);
    sample->solver = moat_deterministic_solver(sample->table);
    sample->solver.domain(sample->solver.state, N, &sample->x_low, &sample->x_high);
    double position = number % 5 == 0 ? 0 : number % 5 == 1 ? 1 : gsl_rng_uniform(rng);
    position = number % 5 == 2 ? exp(-20 * position) : position;
    sample->x = sample->x_low + position * (sample->x_high - sample->x_low);
    snprintf(sample->where, sizeof sample->where, "gamma %.17g, nu %.17g, P %.0f, N %.17g, x %.17g", gamma, nu, P, N,
             sample->x);
    brute_model_init(&model, gamma, nu, P);
}

/* A1, A2, D by MODEL.md section 3.1 from the brute-force sums. */
static void brute_coefficients(double N, long double x, long double out[3])
{
    struct brute_sums sums = brute_sums(&model, x);
    long double free2 = brute_free2(&model, &sums, N);
    out[0] = sums.a2 / free2;
    out[1] = sums.a1;
    out[2] = model.a0 * (sums.df2 / N) / free2;
}

static void coefficients(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 300; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        struct moat_coefficients found;
        sample.solver.coefficients(sample.solver.state, sample.N, sample.x, &found);
        const double got[3] = {found.A1, found.A2, found.D}, slope[3] = {found.A1_x, found.A2_x, found.D_x};
        const double h = 1e-3;
        long double want[3], at[4][3];
        brute_coefficients(sample.N, sample.x, want);
        for (int k = 0; k < 4; k++) {
            brute_coefficients(sample.N, sample.x + (long double)h * (k < 2 ? k - 2 : k - 1), at[k]);
        }
        static const char *const name[3] = {"A1", "A2", "D"};
        for (int k = 0; k < 3; k++) {
            expect(relative_error(got[k], (double)want[k]) <= 1e-11, "%s at %s: %.17g, expected %.17Lg", name[k],
                   sample.where, got[k], want[k]);
            double difference = (double)((at[0][k] - 8 * at[1][k] + 8 * at[2][k] - at[3][k]) / (12 * h));
            expect(fabs(slope[k] - difference) <= 1e-8 * (fabs(difference) + fabs(got[k])),
                   "d%s/dx at %s: %.17g, by differences %.17g", name[k], sample.where, slope[k], difference);
        }
        expect(relative_error(sample.solver.A0, (double)model.a0) < 1e-13, "A0 at %s", sample.where);
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

/* x with that lambda at N points, by bisection between bounds, in long double. */
static long double brute_x(double N, long double lambda, long double low, long double high)
{
    for (int i = 0; i < 100 && high - low > 1e-18L * fabsl(low); i++) {
        long double x = 0.5L * (low + high);
        struct brute_sums sums = brute_sums(&model, x);
        *(expl(x) * brute_free1(&model, &sums, N) < lambda ? &low : &high) = x;
    }
    return 0.5L * (low + high);
}

/* Against differences between neighbouring N of the brute-force coefficients at one lambda. */
static void derivatives_in_log_N(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    int compared = 0;
    for (int number = 0; number < 100; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        struct moat_coefficients plain;
        struct moat_coefficients_log_N found;
        sample.solver.coefficients(sample.solver.state, sample.N, sample.x, &plain);
        sample.solver.coefficients_log_N(sample.solver.state, sample.N, sample.x, &found);
        CU_ASSERT(found.A1 == plain.A1 && found.A2 == plain.A2 && found.D == plain.D);

        struct brute_sums sums = brute_sums(&model, sample.x);
        long double lambda = expl(sample.x) * brute_free1(&model, &sums, sample.N), at[4][3];
        double back = sample.solver.x_of_lambda(sample.solver.state, sample.N,
                                                fmax(0, (double)lambda)); /* not below by rounding */
        expect(fabs(back - sample.x) < 1e-9, "x of lambda at %s: %.17g", sample.where, back);
        const double got[3] = {found.A1, found.A2, found.D};
        const double slope[3] = {found.A1_log_N, found.A2_log_N, found.D_log_N};
        double free2 = (double)brute_free2(&model, &sums, sample.N);
        if (free2 < 1e-5) { /* too close to the pole at N = P for differences of double N */
            CU_ASSERT(isfinite(slope[0]) && isfinite(slope[1]) && isfinite(slope[2]));
            moat_deterministic_destroy(&sample.table);
            continue;
        }
        compared++;
        const double h = 1e-3 * free2; /* dx / d ln N < 1 / free2 */
        for (int k = 0; k < 4; k++) {
            double N = sample.N * exp(h * (k < 2 ? k - 2 : k - 1));
            brute_coefficients(N, brute_x(N, lambda, sample.x - 1, sample.x + 1), at[k]);
        }
        static const char *const name[3] = {"A1", "A2", "D"};
        for (int k = 0; k < 3; k++) {
            double difference = (double)((at[0][k] - 8 * at[1][k] + 8 * at[2][k] - at[3][k]) / (12 * h));
            expect(fabs(slope[k] - difference) <= 1e-8 * (fabs(difference) + fabs(got[k])),
                   "d%s/dlnN at %s: %.17g, by differences %.17g", name[k], sample.where, slope[k], difference);
        }
        moat_deterministic_destroy(&sample.table);
    }
    CU_ASSERT(compared >= 60);
    gsl_rng_free(rng);
}

static void range_of_lambda(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 200; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        const struct moat_solver *solver = &sample.solver;
        double N = sample.N;
        struct brute_sums sums = brute_sums(&model, sample.x_low);
        if (N < sample.P) { /* lambda = 0 where df1 = N: free1 is rounding there, and rises with x at a rate below s */
            expect(fabs((double)brute_free1(&model, &sums, N)) < 1e-11, "df1/N at lambda = 0 at %s: %.17Lg",
                   sample.where, sums.df1 / N);
        } else {
            expect((double)(sums.rest1 / sample.P) < 1e-12, "kappa at lambda = 0 at %s", sample.where);
        }
        sums = brute_sums(&model, sample.x_high);
        expect(relative_error(exp(sample.x_high) * (double)brute_free1(&model, &sums, N), 1) < 1e-10,
               "lambda at the upper end at %s: %.17Lg", sample.where,
               expl(sample.x_high) * brute_free1(&model, &sums, N));
        sums = brute_sums(&model, sample.x);
        double lambda = solver->lambda(solver->state, N, sample.x);
        double want = exp(sample.x) * (double)brute_free1(&model, &sums, N);
        expect(fabs(lambda - want) <= 1e-11 * fmin(exp(sample.x), N < sample.P ? INFINITY : want * 10),
               "lambda at %s: %.17g, expected %.17g", sample.where, lambda, want);
        expect(lambda >= 0 && lambda <= 1 + 1e-13, "lambda at %s: %.17g", sample.where, lambda);
        expect(isinf(sample.P) ? solver->N_covered >= 1e15 : solver->N_covered >= 1e9, "N_covered %g",
               solver->N_covered);
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

/* MODEL.md section 13. */
static void check_values(void)
{
    static const struct {
        double gamma, nu, N, lambda, Q, alpha, kappa, performance, safety;
    } known[] = {{0.5, 1, 200, 1e-2, 0.6, 0.8, 0.0124559335448, 0.156387775682, 1.26026256048},
                 {0.1, 0.34, 1000, 1e-4, 1, 0.75, 0.000396213712993, 2.1066758527, 5.29123332942}};
    for (int k = 0; k < 2; k++) {
        struct moat_deterministic *table = NULL;
        CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(known[k].gamma, known[k].nu, 1000, &table), MOAT_OK);
        struct moat_solver solver = moat_deterministic_solver(table);
        struct moat_coefficients found;
        double x = log(known[k].kappa);
        solver.coefficients(solver.state, known[k].N, x, &found);
        struct moat_loss_form form = moat_loss_form(solver.A0, known[k].Q, &found);
        expect(relative_error(solver.lambda(solver.state, known[k].N, x), known[k].lambda) < 1e-11, "lambda %d", k);
        expect(relative_error(moat_loss_performance(&form, known[k].alpha), known[k].performance) < 1e-11, "L1 %d", k);
        expect(relative_error(moat_loss_safety(&form, known[k].alpha), known[k].safety) < 1e-11, "L2 %d", k);
        moat_deterministic_destroy(&table);
        CU_ASSERT_PTR_NULL(table);
    }
}

/* L1 by another way than the quadratic of MODEL.md section 2: ridge regression on beta_bar = alpha beta_1 + a beta_2
   with label noise alpha a L_star, whose mean is t_i beta_bar_i, plus the distance from beta_bar to beta_1. */
static long double single_target_loss(double N, double x, double Q, double alpha)
{
    struct brute_sums sums = brute_sums(&model, x);
    long double a = 1 - (long double)alpha, free2 = brute_free2(&model, &sums, N), L_star = 2 * Q * model.a0;
    long double E = sums.df2 / N;
    long double ridge = (1 - 2 * a * alpha * Q) * sums.a2 / free2 + alpha * a * L_star * E / free2;
    return ridge + 2 * a * Q * (1 - 2 * a) * sums.a1 + a * a * L_star;
}

static void losses(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 300; number++) {
        struct sample sample;
        sample_draw(rng, number, &sample);
        struct moat_coefficients found;
        sample.solver.coefficients(sample.solver.state, sample.N, sample.x, &found);
        double Q = number % 3 ? gsl_rng_uniform_pos(rng) : 1, alpha = number % 4 ? uniform(rng, 0.5, 1) : 1;
        double A0 = sample.solver.A0, L_star = 2 * Q * A0;
        struct moat_loss_form form = moat_loss_form(A0, Q, &found);
        double performance = moat_loss_performance(&form, alpha), safety = moat_loss_safety(&form, alpha);
        struct brute_sums sums = brute_sums(&model, sample.x);
        struct brute_losses brute = brute_losses(&model, &sums, sample.N, Q, alpha);
        double want = (double)single_target_loss(sample.N, sample.x, Q, alpha);
        /* of a loss far below L_star or D, which cancel in it at alpha = 1 */
        double rounding = 2e-15 * (sqrt(L_star * want) + Q * found.D);
        expect(fabs(performance - (double)brute.performance) <= 1e-11 * performance + rounding,
               "L1 at %s, Q %.17g, alpha %.17g: %.17g, %.17Lg", sample.where, Q, alpha, performance, brute.performance);
        expect(fabs(safety - (double)brute.safety) <= 1e-11 * safety + rounding,
               "L2 at %s, Q %.17g, alpha %.17g: %.17g, %.17Lg", sample.where, Q, alpha, safety, brute.safety);
        expect(fabs(performance - want) <= 1e-11 * performance + rounding,
               "L1 at %s, Q %.17g, alpha %.17g: %.17g, single target %.17g", sample.where, Q, alpha, performance, want);
        struct moat_loss_terms terms = moat_loss_terms(A0, Q, alpha, &found);
        double sum = terms.finite_data + terms.overfitting + terms.mixture + terms.mixture_finite_data;
        expect(fabs(performance - sum) <= 1e-11 * performance + rounding,
               "the lemma's terms at %s, Q %.17g, alpha %.17g: %.17g, L1 %.17g", sample.where, Q, alpha, sum,
               performance);
        expect(relative_error(moat_loss_performance(&form, 1 - alpha), safety) < 1e-12, "L1(1 - alpha) at %s",
               sample.where);
        expect(sqrt(performance) + sqrt(safety) >= sqrt(L_star) * (1 - 1e-14), "the triangle at %s", sample.where);
        form = moat_loss_form(A0, 0, &found);
        expect(relative_error(moat_loss_performance(&form, alpha), found.A1) < 1e-12 &&
                   relative_error(moat_loss_safety(&form, alpha), found.A1) < 1e-12,
               "Q = 0 at %s", sample.where);
        moat_deterministic_destroy(&sample.table);
    }
    gsl_rng_free(rng);
}

int main(void)
{
    CU_TestInfo tests[] = {{"check values of MODEL.md", check_values},
                           {"coefficients and derivatives against brute force", coefficients},
                           {"derivatives in ln N at fixed lambda", derivatives_in_log_N},
                           {"range of lambda", range_of_lambda},
                           {"losses: quadratic, single target, lemma, symmetry", losses},
                           CU_TEST_INFO_NULL};
    return suite_run("deterministic", tests);
}
