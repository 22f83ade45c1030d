/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scaling law against the quadratic of MODEL.md section 2 on brute-force sums: a dense search for the best ridge
 * level, the given level by bisection, finite differences for the exponents, and the theory's exponents at large N.
 */
#include "moat/scaling_law.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_zeta.h>

#include "brute_force.h"
#include "expect.h"
#include "moat/deterministic.h"
#include "moat/limit.h"
#include "moat/market.h"
#include "suite.h"

static struct brute_model model;

struct sample {
    double gamma, nu, P, N, Q, alpha;
    struct moat_deterministic *table;
    struct moat_solver solver;
    char where[160];
};

static struct sample sample_draw(gsl_rng *rng, int number)
{
    struct sample s;
    s.gamma = number % 7 == 0 ? 0.01 : 0.01 + 1.99 * gsl_rng_uniform(rng);
    s.nu = s.gamma + (2 + s.gamma) * gsl_rng_uniform_pos(rng);
    s.P = number % 2 ? floor(exp(log(1e9) * gsl_rng_uniform(rng))) : INFINITY;
    const double near_P[] = {s.P / 2, s.P * (1 - 1e-3), s.P, s.P * (1 + 1e-3), s.P * 3};
    s.N = exp(log(1e15) * gsl_rng_uniform(rng));
    if (isfinite(s.P) && number % 3 == 0 && near_P[number % 5] >= 1) {
        s.N = near_P[number % 5];
    }
    s.Q = number % 5 == 0 ? 1 : gsl_rng_uniform_pos(rng);
    s.alpha = number % 4 == 0 ? 1 : number % 4 == 1 ? 0.5 : 0.5 + 0.5 * gsl_rng_uniform(rng);
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(s.gamma, s.nu, s.P, &s.table), MOAT_OK);
    s.solver = moat_deterministic_solver(s.table);
    brute_model_init(&model, s.gamma, s.nu, s.P);
    snprintf(s.where, sizeof s.where, "gamma %.17g, nu %.17g, P %.0f, N %.17g, Q %.17g, alpha %.17g", s.gamma, s.nu,
             s.P, s.N, s.Q, s.alpha);
    return s;
}

/* L1 at ln kappa, from the literal quadratic. */
static double literal_loss(const struct sample *s, long double log_kappa)
{
    struct brute_sums sums = brute_sums(&model, log_kappa);
    return (double)brute_losses(&model, &sums, s->N, s->Q, s->alpha).performance;
}

/* The least of literal_loss for lambda in (0, 1): a dense grid of ln kappa, then zooming into the best cell. */
static double literal_minimum(const struct sample *s)
{
    double low, high, best = INFINITY, at = 0;
    s->solver.domain(s->solver.state, s->N, &low, &high);
    for (int zoom = 0; zoom < 5; zoom++) {
        enum { CELLS = 40 };
        double width = (high - low) / (double)CELLS;
        for (int i = 0; i <= CELLS; i++) {
            double loss = literal_loss(s, low + width * i);
            at = loss < best ? low + width * i : at;
            best = fmin(best, loss);
        }
        low = fmax(low, at - width);
        high = fmin(high, at + width);
    }
    return best;
}

static void best_level_is_least(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (int number = 0; number < 150; number++) {
        struct sample s = sample_draw(rng, number);
        struct moat_scaling_law law;
        moat_scaling_law_solve(&s.solver, s.N, s.Q, s.alpha, NAN, &law);
        double want = literal_minimum(&s), mixture = pow(1 - s.alpha, 2) * 2 * s.Q * (double)model.a0;
        const struct moat_loss_terms *t = &law.term;
        expect(law.solved && relative_error(law.loss, want) < 1e-8, "%s: loss %.17g, search %.17g", s.where, law.loss,
               want);
        expect(law.excess >= 0 && fabs(law.loss - law.excess - mixture) <= 1e-13 * law.loss, "%s: excess", s.where);
        expect(relative_error(t->finite_data + t->overfitting + t->mixture + t->mixture_finite_data, law.loss) <
                       1e-12 ||
                   law.loss == 0,
               "%s: terms do not sum to the loss", s.where);
        moat_deterministic_destroy(&s.table);
    }
    gsl_rng_free(rng);
}

static void given_level(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (int number = 0; number < 200; number++) {
        struct sample s = sample_draw(rng, number);
        double lambda = pow(10, -8 * gsl_rng_uniform(rng));
        struct moat_scaling_law law, best;
        moat_scaling_law_solve(&s.solver, s.N, s.Q, s.alpha, lambda, &law);
        moat_scaling_law_solve(&s.solver, s.N, s.Q, s.alpha, NAN, &best);
        double want = literal_loss(&s, brute_log_kappa(&model, s.N, lambda));
        expect(law.solved && law.lambda == lambda && relative_error(law.loss, want) < 1e-9,
               "%s, lambda %g: loss %.17g, literally %.17g", s.where, lambda, law.loss, want);
        expect(best.loss <= law.loss * (1 + 1e-12), "%s: lambda %g beats the best, %g", s.where, lambda, best.lambda);
        moat_deterministic_destroy(&s.table);
    }
    gsl_rng_free(rng);
}

/* - d ln f / d ln N by central differences of both. */
static void differences(const struct sample *s, double lambda, double *loss, double *excess)
{
    const double step = 1e-4;
    struct moat_scaling_law below, above;
    moat_scaling_law_solve(&s->solver, s->N * exp(-step), s->Q, s->alpha, lambda, &below);
    moat_scaling_law_solve(&s->solver, s->N * exp(step), s->Q, s->alpha, lambda, &above);
    *loss = -log(above.loss / below.loss) / (2 * step);
    *excess = -log(above.excess / below.excess) / (2 * step);
}

static void exponents_are_derivatives(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int checked = 0;
    for (int number = 0; number < 400; number++) {
        struct sample s = sample_draw(rng, number);
        double lambda = number % 3 ? NAN : pow(10, -6 * gsl_rng_uniform(rng)), loss, excess;
        struct moat_scaling_law law;
        moat_scaling_law_solve(&s.solver, s.N, s.Q, s.alpha, lambda, &law);
        differences(&s, lambda, &loss, &excess);
        /* Within a step of N = P the differences, not the derivatives, are wrong. */
        if (s.N > 1.01 && fabs(s.N / s.P - 1) > 0.01 && law.excess > 1e-250) {
            checked++;
            expect(fabs(law.exponent_loss - loss) < 1e-5 * (1 + fabs(loss)), "%s, lambda %g: exponent %.10g, %.10g",
                   s.where, lambda, law.exponent_loss, loss);
            expect(fabs(law.exponent_excess - excess) < 1e-5 * (1 + fabs(excess)),
                   "%s, lambda %g: exponent of the excess %.10g, %.10g", s.where, lambda, law.exponent_excess, excess);
        }
        moat_deterministic_destroy(&s.table);
    }
    CU_ASSERT(checked > 300);
    gsl_rng_free(rng);
}

/* Theorem 3: far out the excess falls with nu'/(nu' + 1); with alpha = 1 the loss falls with nu. */
static void exponents_of_theory(void)
{
    struct moat_deterministic *table = NULL;
    struct moat_scaling_law law;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.3, 2.4, INFINITY, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    moat_scaling_law_solve(&solver, 1e12, 0.5, 0.75, NAN, &law);
    expect(fabs(law.exponent_excess - 1.3 / 2.3) < 1e-3, "%.6f is not nu'/(nu' + 1)", law.exponent_excess);
    moat_deterministic_destroy(&table);
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.3, 1, INFINITY, &table), MOAT_OK);
    solver = moat_deterministic_solver(table);
    moat_scaling_law_solve(&solver, 1e12, 0.5, 1, NAN, &law);
    expect(fabs(law.exponent_loss - 1) < 1e-3, "%.6f is not nu", law.exponent_loss);
    moat_deterministic_destroy(&table);
}

/* N at which the excess at fixed alpha has come down to `excess`. */
static double data_for_excess(const struct moat_solver *solver, double Q, double alpha, double excess)
{
    double low = 0, high = log(1e20);
    while (high - low > 1e-10) {
        struct moat_scaling_law law;
        double middle = (low + high) / 2;
        moat_scaling_law_solve(solver, exp(middle), Q, alpha, NAN, &law);
        *(law.excess > excess ? &low : &high) = middle;
    }
    return exp(low);
}

/*
 * Result 2 at small D. If the threshold fixes the entrant's alpha, alpha^2 L* = tau_E, the data it needs grow as
 * (1/D)^((nu' + 1)/nu'). That is Theorem 3 solved for N, and Theorem 5. In this program the threshold binds the loss of
 * the trained model. Then a larger alpha compensates for the error of ridge regression, and the exponent stays
 * (nu + 1)/nu, by brute force too. Source: MODEL.md section 11.
 */
static void free_alpha_needs_less(void)
{
    const double nu = 2, nu_prime = 1.1, Q = 0.5, gap[] = {1e-5, 1e-6}, step = log(gap[0] / gap[1]);
    double free_alpha[2], brute[2], fixed_alpha[2];
    struct moat_deterministic *table = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.1, nu, INFINITY, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    brute_model_init(&model, 0.1, nu, INFINITY);
    double L_star = 2 * Q * solver.A0, tau_E = 0.9 * L_star;
    for (int i = 0; i < 2; i++) {
        double loss = moat_limit_loss(L_star, tau_E) + gap[i] * L_star;
        double tau_I = pow(sqrt(L_star) - sqrt(loss), 2);
        struct moat_company incumbent;
        struct moat_threshold found;
        struct moat_market market = {&solver, Q, tau_I, tau_E, MOAT_TAU_ABSOLUTE, MOAT_SCRUTINY_TRAINED_MODEL};
        moat_market_incumbent(&market, INFINITY, &incumbent);
        moat_market_threshold(&market, &incumbent, &found);
        free_alpha[i] = found.N_E_star;
        brute[i] = exp(brute_threshold(&model, Q, tau_E, (long double)incumbent.loss_performance, log(1e12)));
        fixed_alpha[i] = data_for_excess(&solver, Q, sqrt(0.9), gap[i] * L_star);
        expect(relative_error(free_alpha[i], brute[i]) < 1e-6, "%g, by brute force %g", free_alpha[i], brute[i]);
    }
    double free_exponent = log(free_alpha[1] / free_alpha[0]) / step;
    double fixed_exponent = log(fixed_alpha[1] / fixed_alpha[0]) / step;
    expect(fabs(free_exponent - (nu + 1) / nu) < 0.03, "alpha chosen: %.4f", free_exponent);
    expect(fabs(fixed_exponent - (nu_prime + 1) / nu_prime) < 0.01, "alpha fixed: %.4f", fixed_exponent);
    CU_ASSERT(fixed_alpha[1] > 10 * free_alpha[1]);
    moat_deterministic_destroy(&table);
}

static void outside_the_solver(void)
{
    struct moat_deterministic *table = NULL;
    struct moat_scaling_law law;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.5, 1, 64, &table), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(table);
    moat_scaling_law_solve(&solver, 0.5, 0.5, 0.75, NAN, &law);
    CU_ASSERT(!law.solved && isnan(law.loss) && isnan(law.exponent_excess) && isnan(law.term.mixture));
    moat_scaling_law_solve(&solver, 64, 0.5, 1, NAN,
                           &law); /* as many points as features, one target: none of it is missed */
    CU_ASSERT(law.solved && law.loss == 0 && law.lambda == 0 && isnan(law.exponent_loss));
    moat_deterministic_destroy(&table);
}

int main(void)
{
    CU_TestInfo tests[] = {{"the best level is least", best_level_is_least},
                           {"a given level", given_level},
                           {"exponents are derivatives", exponents_are_derivatives},
                           {"exponents of the theory", exponents_of_theory},
                           {"alpha fixed and alpha chosen", free_alpha_needs_less},
                           {"outside the solver's range", outside_the_solver},
                           CU_TEST_INFO_NULL};
    return suite_run("scaling law", tests);
}
