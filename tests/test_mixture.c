/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Markets under training_mixture: known values, a dense search over lambda, slopes by differences of brute force, and
 * the closed forms and limits of MODEL.md section 12. test_whole_domain and test_least_data have random points of the
 * whole domain, test_market tiny gaps.
 */
#include "model/mixture.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_zeta.h>

#include "brute_force.h"
#include "expect.h"
#include "moat/deterministic.h"
#include "moat/elasticity.h"
#include "suite.h"

static struct brute_model model;

struct fixture {
    struct moat_deterministic *table;
    struct moat_solver solver;
    struct moat_market market; /* thresholds in L_star */
};

static void fixture_open(struct fixture *f, double gamma, double nu, double P, double Q)
{
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, P, &f->table), MOAT_OK);
    f->solver = moat_deterministic_solver(f->table);
    f->market = (struct moat_market){.solver = &f->solver, .Q = Q, .scrutiny = MOAT_SCRUTINY_TRAINING_MIXTURE};
    brute_model_init(&model, gamma, nu, P);
    model.mixture = true;
}

struct outcome {
    struct moat_company incumbent;
    struct moat_threshold found;
    struct moat_elasticity elasticity;
};

static struct outcome solve(struct fixture *f, double N_I, double tau_I, double tau_E)
{
    struct outcome out;
    f->market.tau_I = tau_I;
    f->market.tau_E = tau_E;
    moat_market_incumbent(&f->market, N_I, &out.incumbent);
    moat_market_threshold(&f->market, &out.incumbent, &out.found);
    moat_elasticity_threshold(&f->market, &out.incumbent, &out.found, &out.elasticity);
    return out;
}

/* Computed in quadruple precision, apart from this program; exponent_D by central differences along tau_I. At one data
   point that search ended above lambda = 0, where the loss is least. */
static const struct {
    double gamma, nu, P, N_I, Q, tau_I, tau_E; /* in L_star */
    enum moat_market_status status;
    double N_E_star, alpha, lambda, loss_performance, loss_safety; /* of the entrant */
    double incumbent_alpha, incumbent_loss, D, exponent_D;
} known[] = {
    {0.1, 2.0, INFINITY, INFINITY, 0.5, 0.873, 0.9, MOAT_MARKET_OK, 4228.523938261036, 0.9486832980505138,
     0.005687938452289445, 0.005181610182075132, 1.0729314121078706, 0.9343446901438462, 0.005181610182075132,
     0.002016108846507968, 1.7202443493288402},
    {0.1, 2.0, INFINITY, INFINITY, 0.5, 0.8999990999999999, 0.9, MOAT_MARKET_OK, 1315784611941.3079, 0.9486832980505138,
     3.4573177244050667e-07, 0.0031655598559467524, 1.0818507285133003, 0.9486828237087461, 0.0031655598559467524,
     5.85203795884578e-08, 1.908922152612731},
    {0.3, 2.4, INFINITY, INFINITY, 1.0, 0.5999994, 0.6, MOAT_MARKET_OK, 113907060446.9784, 0.7745966692414834,
     4.475328468087247e-07, 0.11570380768448962, 1.3663961615494244, 0.7745962819430519, 0.11570380768448962,
     3.9761424627033323e-07, 1.769226505238586},
    {1.2, 4.0, INFINITY, INFINITY, 0.8, 0.495, 0.5, MOAT_MARKET_OK, 1280.3306353919324, 0.7071067811865476,
     0.00441855139577344, 0.14579249373200046, 0.8293765601659185, 0.7035623639735145, 0.14579249373200046,
     0.003465552627659197, 1.4642113247136292},
    {0.8, 3.6, INFINITY, INFINITY, 0.2, 0.27, 0.2727, MOAT_MARKET_OK, 1435.9606307186914, 0.5222068555658763,
     0.008909012440993668, 0.09697095494232089, 0.11543787682411819, 0.5196152422706632, 0.09697095494232089,
     0.0010434690792377088, 1.3722019514945119},
    {0.5, 2.7, INFINITY, 1.0, 0.3, 0.7, 0.8, MOAT_MARKET_ENTRANT_ALWAYS, 1.0, 0.8944271909999159, NAN, NAN, NAN,
     0.8366600265340756, 0.6715253171810558, 0.010311267261697742, NAN},
    {0.1, 2.0, INFINITY, 1000.0, 0.5, 0.9, 0.901, MOAT_MARKET_OK, 965.800471654017, 0.9492101980067429,
     0.007104189774682471, 0.007901463775055115, 1.0667632920079198, 0.9486832980505138, 0.007901463775055115,
     6.467055615968253e-05, NAN},
    {0.1, 2.0, INFINITY, 100000000.0, 0.5, 0.9, 0.901, MOAT_MARKET_OK, 1669944.5096912973, 0.9492101980067429,
     0.00039937103107254583, 0.003173961479681281, 1.0824964360586917, 0.9486832980505138, 0.003173961479681281,
     6.467055615968253e-05, NAN},
    {0.5, 1.0, INFINITY, 1000.0, 0.1, 0.9, 0.85, MOAT_MARKET_OK, 1747.2126951055407, 0.9219544457292888,
     0.00017639280799715878, 0.008791789977637257, 0.28480696879048, 0.9486832980505138, 0.008791789977637257,
     -0.0011375392318931006, NAN},
    {0.4, 2.2, 500.0, INFINITY, 0.5, 0.75, 0.85, MOAT_MARKET_OK, 127.94080751184742, 0.9219544457292888,
     0.017658813167166457, 0.02094263036353198, 0.9729138977932246, 0.8660254037844386, 0.02094263036353198,
     0.013835690306107587, 1.4868270398641579},
    {0.4, 2.2, 100000.0, INFINITY, 0.5, 0.75, 0.85, MOAT_MARKET_OK, 128.10178379786913, 0.9219544457292888,
     0.01626061605061276, 0.020942639759228335, 0.9728848941972333, 0.8660254037844386, 0.020942639759228335,
     0.013835696513348164, 1.488131804085241},
    {0.4, 2.2, 500.0, INFINITY, 0.5, 0.5, 0.24, MOAT_MARKET_ENTRANT_INFEASIBLE, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
     NAN},
};

static void known_values(void)
{
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct fixture f;
        fixture_open(&f, known[k].gamma, known[k].nu, known[k].P, known[k].Q);
        struct outcome out = solve(&f, known[k].N_I, known[k].tau_I, known[k].tau_E);
        const struct moat_company *entrant = &out.found.entrant, *incumbent = &out.incumbent;
        expect(out.found.status == known[k].status, "case %zu: %s", k, moat_market_status_name[out.found.status]);
        if (known[k].status == MOAT_MARKET_ENTRANT_INFEASIBLE) {
            CU_ASSERT(isnan(out.found.N_E_star) && isnan(entrant->loss_safety));
            moat_deterministic_destroy(&f.table);
            continue;
        }
        const struct {
            const char *name;
            double found, want, tolerance;
        } numbers[] = {
            {"N_E*", out.found.N_E_star, known[k].N_E_star, 1e-9},
            {"alpha", entrant->alpha, known[k].alpha, 1e-14},
            {"lambda", entrant->lambda, known[k].lambda, 1e-5}, /* where a minimum lies is seen to half the digits */
            {"L1", entrant->loss_performance, known[k].loss_performance, 1e-9},
            {"L2", entrant->loss_safety, known[k].loss_safety, 1e-7}, /* likewise */
            {"incumbent's alpha", incumbent->alpha, known[k].incumbent_alpha, 1e-14},
            {"incumbent's L1", incumbent->loss_performance, known[k].incumbent_loss, 1e-9},
            {"D", moat_market_gap(&f.market), known[k].D, 1e-9},
            {"exponent_D", out.elasticity.D, known[k].exponent_D, 1e-8},
        };
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            expect(isnan(numbers[i].want) || relative_error(numbers[i].found, numbers[i].want) < numbers[i].tolerance,
                   "case %zu: %s %.17g, expected %.17g", k, numbers[i].name, numbers[i].found, numbers[i].want);
        }
        moat_deterministic_destroy(&f.table);
    }
}

/* Companies with their ridge level found by a dense search; Q from 1e-4 to 1, tau down to L_star/4. */
static void dense_search(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    for (int number = 0; number < 60; number++) {
        double gamma = 0.01 + 1.99 * gsl_rng_uniform(rng), nu = gamma + (2 + gamma) * gsl_rng_uniform_pos(rng);
        double P = number % 2 ? INFINITY : floor(exp(2 + 12 * gsl_rng_uniform(rng)));
        double Q = number % 3 ? exp(-9 * gsl_rng_uniform(rng)) : 1, N = exp(20 * gsl_rng_uniform(rng));
        double tau = number % 5 ? 0.25 + gsl_rng_uniform(rng) : 0.25;
        N = number % 8 == 2 ? P * (1 + 0.01 * (gsl_rng_uniform(rng) - 0.5)) : N;
        struct fixture f;
        struct moat_company found;
        fixture_open(&f, gamma, nu, P, Q);
        moat_company_solve(&f.market, N, tau, &found);
        struct brute_choice brute = brute_company(&model, N, Q, tau * moat_market_L_star(&f.market));
        double zero = N >= P ? 1e-12 * f.solver.A0 : 0; /* the dense search ends above kappa = 0 */
        expect(found.feasible && fabs(found.loss_performance - (double)brute.losses.performance) <=
                                     1e-9 * found.loss_performance + zero,
               "L1 at gamma %.17g, nu %.17g, P %.0f, Q %.17g, N %.17g, tau %.17g L*: %.17g, expected %.17Lg", gamma, nu,
               P, Q, N, tau, found.loss_performance, brute.losses.performance);
        expect(fabs(found.alpha - (double)brute.alpha) < 1e-14, "alpha %.17g, expected %.17Lg", found.alpha,
               brute.alpha);
        moat_deterministic_destroy(&f.table);
    }
    gsl_rng_free(rng);
}

/* ln N_E* by brute force with parameter `which` of {N_I, tau_I, tau_E, Q} multiplied by e^step. */
static double brute_log_N(const double base[4], int which, double step)
{
    double value[4];
    for (int i = 0; i < 4; i++) {
        value[i] = base[i] * (i == which ? exp(step) : 1);
    }
    double Q = value[3], L_star = 2 * Q * (double)model.a0;
    struct brute_choice incumbent = brute_company(&model, value[0], Q, value[1] * L_star);
    return brute_threshold(&model, Q, value[2] * L_star, incumbent.losses.performance, log(1e15));
}

static void slopes(void)
{
    static const struct {
        double gamma, nu, P;
        double value[4]; /* N_I, tau_I, tau_E, Q */
    } markets[] = {{0.1, 2, INFINITY, {1e5, 0.9, 0.92, 0.5}}, {0.5, 1, 3000, {700, 0.6, 0.58, 0.3}}};
    for (size_t k = 0; k < sizeof markets / sizeof *markets; k++) {
        const double *value = markets[k].value, h = 2e-4;
        struct fixture f;
        fixture_open(&f, markets[k].gamma, markets[k].nu, markets[k].P, value[3]);
        struct moat_elasticity found = solve(&f, value[0], value[1], value[2]).elasticity;
        const double exact[4] = {found.N_I, found.tau_I, found.tau_E, found.Q};
        for (int which = 0; which < 4; which++) {
            double one = brute_log_N(value, which, h) - brute_log_N(value, which, -h);
            double two = brute_log_N(value, which, 2 * h) - brute_log_N(value, which, -2 * h);
            double difference = (8 * one - two) / (12 * h);
            expect(fabs(exact[which] - difference) < 1e-5 * (1 + fabs(exact[which])),
                   "slope %d of market %zu: %.10g, by differences %.10g", which, k, exact[which], difference);
        }
        moat_deterministic_destroy(&f.table);
    }
}

/* At infinite N_I the exponent of 1/D is D/(p1 v (1 + v)), here with p1 and v from brute force. */
static void exponent_of_the_gap(void)
{
    const double P[] = {INFINITY, 1e6, 400}, tau_I[] = {0.7, 0.74, 0.749};
    for (int k = 0; k < 9; k++) {
        double Q = 0.4, tau_E = 0.75, alpha = sqrt(tau_E), a = 1 - alpha;
        struct fixture f;
        fixture_open(&f, 0.3, 2.2, P[k % 3], Q);
        struct outcome out = solve(&f, INFINITY, tau_I[k / 3], tau_E);
        const struct moat_company *entrant = &out.found.entrant;
        struct brute_sums sums = brute_sums(&model, brute_log_kappa(&model, entrant->N, entrant->lambda));
        long double v = sums.df2 / (entrant->N * brute_free2(&model, &sums, entrant->N));
        long double p1 = (1 - 2 * a * alpha * Q) * sums.a2 + 2 * Q * a * alpha * model.a0;
        double want = moat_market_gap(&f.market) / (double)(p1 * v * (1 + v));
        expect(entrant->end == 0 && relative_error(out.elasticity.D, want) < 1e-6,
               "P %g, tau_I %g: %.10g, expected %.10g; N_E* %g, lambda %g", P[k % 3], tau_I[k / 3], out.elasticity.D,
               want, entrant->N, entrant->lambda);
        moat_deterministic_destroy(&f.table);
    }
}

/* For nu' < nu and small D the threshold tends to a closed form, whose exponent is -(nu' + 1)/nu'. */
static void third_regime(void)
{
    const double gamma = 0.3, nu = 2.4, Q = 0.8, tau_E = 0.7, alpha = sqrt(tau_E), a = 1 - alpha;
    const double s = 1 + gamma, C2 = (1 - 1 / s) * (M_PI / s) / sin(M_PI / s);
    const double w2 = 2 * Q * a * (2 * alpha - 1), w3 = 2 * Q * a * alpha;
    struct fixture f;
    fixture_open(&f, gamma, nu, INFINITY, Q);
    double error[3];
    for (int k = 0; k < 3; k++) {
        struct outcome out = solve(&f, INFINITY, tau_E - pow(10, -5 - 3 * k), tau_E);
        double D = moat_market_gap(&f.market), zeta = gsl_sf_zeta(nu - gamma);
        double limit = pow(1 + s, 1 + 1 / s) / s * w3 * f.solver.A0 * C2 * pow(w2 * zeta, 1 / s) * pow(D, -1 - 1 / s);
        error[k] = fabs(out.found.N_E_star / limit - 1);
        expect(fabs(out.elasticity.D - (s + 1) / s) < 0.03 * pow(10, -k), "exponent %.6f, expected %.6f",
               out.elasticity.D, (s + 1) / s);
    }
    expect(error[2] < 1e-5 && error[1] < 0.1 * error[0] && error[2] < 0.1 * error[1], "errors %g, %g, %g", error[0],
           error[1], error[2]);
    moat_deterministic_destroy(&f.table);
}

/* tau gives alpha whatever the data: down to one point, and for sampled data no less. */
static void limits(void)
{
    struct fixture f;
    fixture_open(&f, 0.5, 1, INFINITY, 0.6);
    struct moat_market free = f.market;
    free.scrutiny = MOAT_SCRUTINY_TRAINED_MODEL;
    for (double N = 1; N < 1e12; N *= 17) {
        struct moat_company found, unbounded, half;
        moat_company_solve(&f.market, N, 1, &found);
        moat_company_solve(&free, N, INFINITY, &unbounded);
        expect(found.alpha == 1 && relative_error(found.loss_performance, unbounded.loss_performance) < 1e-12 &&
                   relative_error(found.loss_safety, unbounded.loss_safety) < 1e-9,
               "tau = L* at N %g: %.17g, expected %.17g", N, found.loss_performance, unbounded.loss_performance);
        moat_company_solve(&f.market, N, 0.25, &half);
        expect(half.feasible && half.alpha == 0.5 && relative_error(half.loss_safety, half.loss_performance) < 1e-14,
               "alpha = 1/2 at N %g", N);
        moat_company_solve(&f.market, N, 0.25 * (1 - 1e-15), &half);
        CU_ASSERT(!half.feasible && isnan(half.loss_performance) && isnan(half.alpha));
    }
    CU_ASSERT_EQUAL(solve(&f, 100, 0.2, 0.5).found.status, MOAT_MARKET_INCUMBENT_INFEASIBLE);
    CU_ASSERT_EQUAL(solve(&f, INFINITY, 0.5, 0.5).found.status, MOAT_MARKET_NO_ENTRY);
    CU_ASSERT_EQUAL(solve(&f, 1e9, 0.9, 0.3).found.status, MOAT_MARKET_NO_ENTRY);
    CU_ASSERT_EQUAL(solve(&f, 100, 0.5, 0.25).found.status, MOAT_MARKET_NO_ENTRY);
    expect(relative_error(solve(&f, 12345, 0.5, 0.5).found.N_E_star, 12345) < 1e-10, "equal thresholds");

    struct moat_company infinite, model_of_it;
    moat_company_solve(&f.market, INFINITY, 0.7, &infinite);
    moat_company_solve(&free, INFINITY, 0.7, &model_of_it);
    CU_ASSERT(infinite.alpha == model_of_it.alpha && infinite.loss_safety == model_of_it.loss_safety &&
              infinite.loss_performance == model_of_it.loss_performance);
    moat_deterministic_destroy(&f.table);
}

int main(void)
{
    CU_TestInfo tests[] = {{"known values", known_values},
                           {"dense search over lambda", dense_search},
                           {"slopes by brute force", slopes},
                           {"exponent of the gap", exponent_of_the_gap},
                           {"third regime", third_regime},
                           {"limits", limits},
                           CU_TEST_INFO_NULL};
    return suite_run("mixture", tests);
}
