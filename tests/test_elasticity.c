/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elasticities of N_E* against differences of moat_market_threshold itself, and against the theory's exponents. */
#include "moat/elasticity.h"

#include <gsl/gsl_rng.h>
#include <string.h>

#include "expect.h"
#include "moat/deterministic.h"
#include "moat/empirical.h"
#include "suite.h"

enum parameter { N_I, TAU_E, TAU_I, MISALIGNMENT, PARAMETERS };
static const char *const parameter_name[PARAMETERS] = {"N_I", "tau_E", "tau_I", "Q"};

/* One market and its incumbent's data, as parameters; thresholds in multiples of L_star or, not in_L_star, absolute. */
struct setting {
    const struct moat_solver *solver;
    bool in_L_star;
    double value[PARAMETERS];
    enum moat_scrutiny scrutiny; /* trained_model unless set */
};

struct outcome {
    struct moat_market market;
    struct moat_company incumbent;
    double tau_I, tau_E, L_star; /* absolute */
    struct moat_threshold threshold;
};

static struct outcome solve(const struct setting *setting)
{
    struct outcome out;
    const double *value = setting->value;
    out.market = (struct moat_market){setting->solver,
                                      value[MISALIGNMENT],
                                      value[TAU_I],
                                      value[TAU_E],
                                      setting->in_L_star ? MOAT_TAU_L_STAR : MOAT_TAU_ABSOLUTE,
                                      setting->scrutiny};
    out.L_star = moat_market_L_star(&out.market);
    out.tau_I = moat_market_tau(&out.market, value[TAU_I]);
    out.tau_E = moat_market_tau(&out.market, value[TAU_E]);
    moat_market_incumbent(&out.market, value[N_I], &out.incumbent);
    moat_market_threshold(&out.market, &out.incumbent, &out.threshold);
    return out;
}

static struct moat_elasticity elasticity_of(const struct outcome *at)
{
    struct moat_elasticity found;
    moat_elasticity_threshold(&at->market, &at->incumbent, &at->threshold, &found);
    return found;
}

/* ln N_E* and ln(1/D) with one parameter multiplied by e^step. */
struct point {
    double log_N, log_inverse_D;
};

static struct point moved(struct setting setting, int which, double step)
{
    setting.value[which] *= exp(step);
    struct outcome out = solve(&setting);
    long double root = sqrtl(out.L_star), I = root - fminl(root, sqrtl(out.tau_I)),
                E = root - fminl(root, sqrtl(out.tau_E));
    return (struct point){log(out.threshold.N_E_star), (double)-logl(I * I - E * E)};
}

static double stencil(double below2, double below, double above, double above2, double h)
{
    return (8 * (above - below) - (above2 - below2)) / (12 * h);
}

enum verdict { SMOOTH, KINK, WRONG, VERDICTS };

/* How far `exact` may be from a difference whose points have errors of 1e-12, as moat_market_threshold's do. */
static bool close_to(double exact, double difference, double tolerance, double h)
{
    return fabs(exact - difference) <= tolerance * fabs(exact) + 1e-7 + fmin(2e-12 / h, 2e-6);
}

/* At a kink of N_E* or next to the end of the feasible range: compares with the differences over h to both sides, of
   which one may be NaN. ln N_E* is good to 1e-11 (least_data.h). */
static enum verdict judge_sides(double exact, double left, double right, double h)
{
    double low = fmin(left, right), high = fmax(left, right), margin = 1e-4 * (fabs(low) + fabs(high)) + 2e-11 / h;
    bool apart = high - low > 3 * margin || isnan(left) || isnan(right);
    return apart && exact >= low - margin && exact <= high + margin ? KINK : WRONG;
}

/* Compares `exact` with central differences. The step goes from 1e-3 down to a tenth of the parameter's room. */
static enum verdict judge(const struct setting *setting, int which, double exact, double exact_D, double tolerance,
                          double difference[3])
{
    double centre = moved(*setting, which, 0).log_N;
    double unit = setting->in_L_star ? 1 : 2 * setting->value[MISALIGNMENT] * setting->solver->A0;
    double room = 1, h = 1e-3;
    if (which == TAU_I || which == TAU_E) {
        room = fmin(fabs(log(setting->value[which] / unit)), fabs(log(setting->value[TAU_I] / setting->value[TAU_E])));
        room = room > 0 ? room : 1;
    }
    for (double last = fmin(1e-7, room / 30); h > 0.1 * last; h /= 10) {
        struct point at[4];
        for (int k = 0; k < 4; k++) {
            at[k] = moved(*setting, which, h * (k < 2 ? k - 2 : k - 1));
        }
        double N = stencil(at[0].log_N, at[1].log_N, at[2].log_N, at[3].log_N, h);
        double D = stencil(at[0].log_inverse_D, at[1].log_inverse_D, at[2].log_inverse_D, at[3].log_inverse_D, h);
        if (close_to(exact, N, tolerance, h) &&
            (which != TAU_I || isnan(exact_D) || close_to(exact_D, N / D, tolerance, h * fmin(1, fabs(D))))) {
            return SMOOTH;
        }
        difference[0] = (centre - at[1].log_N) / h;
        difference[1] = N;
        difference[2] = (at[2].log_N - centre) / h;
    }
    return judge_sides(exact, difference[0], difference[2], 10 * h);
}

/* Kinds of cases, told from the results alone. The suite counts how often it meets each. */
enum branch {
    UNCONSTRAINED,
    BINDING,
    KINKED,
    INCUMBENT_BINDING,
    INCUMBENT_KINKED,
    INCUMBENT_INFINITE,
    RIDGELESS,
    UNIT_LAMBDA,
    BY_FEASIBILITY,
    BY_JUMP,
    BEYOND_P,
    NO_SCRUTINY,
    STRICTER_ENTRANT,
    LAX_INCUMBENT,
    ABSOLUTE,
    WITH_D,
    ALWAYS,
    AT_P,
    TURNING,
    BRANCHES
};
static const char *const branch_name[BRANCHES] = {"unconstrained",    "binding",
                                                  "kinked",           "incumbent binding",
                                                  "incumbent kinked", "incumbent infinite",
                                                  "ridgeless",        "unit lambda",
                                                  "by feasibility",   "by jump",
                                                  "beyond P",         "no scrutiny",
                                                  "stricter entrant", "lax incumbent",
                                                  "absolute",         "with D",
                                                  "always",           "at P",
                                                  "turning"};

/* Whether L1* jumps down at N_E*: the entrant becomes able to meet tau_E and is at once better than it need be. */
static bool jumps(const struct outcome *at)
{
    const struct moat_company *entrant = &at->threshold.entrant;
    return entrant->alpha > 1 - 1e-10 && entrant->loss_safety >= at->tau_E * (1 - 1e-9) &&
           entrant->loss_performance < at->incumbent.loss_performance * (1 - 1e-6);
}

static void count(const struct setting *setting, const struct outcome *at, const struct moat_elasticity *found,
                  int counts[BRANCHES])
{
    const struct moat_company *entrant = &at->threshold.entrant, *incumbent = &at->incumbent;
    bool tight = entrant->loss_safety >= at->tau_E * (1 - 1e-9), full = entrant->alpha > 1 - 1e-10;
    bool tight_I = incumbent->loss_safety >= at->tau_I * (1 - 1e-9), full_I = incumbent->alpha > 1 - 1e-10;
    bool feasibility = incumbent->loss_performance >= at->tau_E, jump = jumps(at);
    const bool is[BRANCHES] = {
        [UNCONSTRAINED] = !tight && full,
        [BINDING] = tight && !full && !feasibility,
        [KINKED] = tight && full && !jump && entrant->end == 0,
        [INCUMBENT_BINDING] = isfinite(incumbent->N) && tight_I && !full_I,
        [INCUMBENT_KINKED] = isfinite(incumbent->N) && tight_I && full_I && incumbent->end == 0,
        [INCUMBENT_INFINITE] = isinf(incumbent->N),
        [RIDGELESS] = (entrant->end < 0),
        [UNIT_LAMBDA] = (entrant->end > 0),
        [BY_FEASIBILITY] = feasibility && !jump,
        [BY_JUMP] = jump,
        [BEYOND_P] = entrant->N > setting->solver->N_interpolating,
        [NO_SCRUTINY] = isinf(at->tau_E),
        [STRICTER_ENTRANT] = at->tau_E<at->tau_I, [LAX_INCUMBENT] = at->tau_I> at->L_star,
        [ABSOLUTE] = !setting->in_L_star,
        [WITH_D] = !isnan(found->D),
        [AT_P] = entrant->excess == 0,
        [TURNING] = !tight && !full,
    };
    for (int b = 0; b < BRANCHES; b++) {
        counts[b] += is[b];
    }
}

struct tally {
    int branches[BRANCHES], verdicts[VERDICTS];
};

/* A market fails only where N_E* is outside the solver's range of N. */
static void expect_outside(const struct outcome *at, const char *where)
{
    const struct moat_solver *solver = at->market.solver;
    const double tau_E = at->market.tau_E, loss = at->incumbent.loss_performance;
    struct moat_company least, most;
    moat_company_solve(&at->market, solver->N_low, tau_E, &least);
    moat_company_solve(&at->market, solver->N_high, tau_E, &most);
    bool inside = least.loss_performance > loss * (1 + 1e-8) && most.loss_performance < loss * (1 - 1e-8);
    expect(!inside, "failed at %s, N_I %.17g, tau_I %.17g, tau_E %.17g", where, at->incumbent.N, at->market.tau_I,
           tau_E);
}

static void compare(const struct setting *setting, const char *where, struct tally *tally)
{
    struct outcome at = solve(setting);
    struct moat_elasticity found = elasticity_of(&at);
    const double exact[PARAMETERS] = {found.N_I, found.tau_E, found.tau_I, found.Q};
    bool D_moves = at.tau_I < at.L_star && at.tau_I < at.tau_E;
    if (at.threshold.status == MOAT_MARKET_ENTRANT_ALWAYS) {
        CU_ASSERT(exact[0] == 0 && exact[1] == 0 && exact[2] == 0 && exact[3] == 0);
        CU_ASSERT(D_moves ? found.D == 0 : isnan(found.D));
        tally->branches[ALWAYS]++;
        return;
    }
    if (at.threshold.status != MOAT_MARKET_OK) {
        CU_ASSERT(isnan(exact[0]) && isnan(exact[1]) && isnan(exact[2]) && isnan(exact[3]) && isnan(found.D));
        if (at.threshold.status == MOAT_MARKET_FAILED) {
            expect_outside(&at, where);
        }
        return;
    }
    CU_ASSERT(D_moves ? isfinite(found.D) : isnan(found.D));
    CU_ASSERT(isinf(setting->value[N_I]) ? exact[N_I] == 0 : true);
    CU_ASSERT(isinf(setting->value[TAU_E]) ? exact[TAU_E] == 0 : true);
    count(setting, &at, &found, tally->branches);
    for (int which = 0; which < PARAMETERS; which++) {
        double difference[3] = {NAN, NAN, NAN};
        /* at a jump N_E* turns on a minimum over x, which N_E* to 1e-12 leaves uncertain by 1e-6 */
        double tolerance = jumps(&at) ? 1e-4 : 1e-5;
        enum verdict verdict = judge(setting, which, exact[which], found.D, tolerance, difference);
        tally->verdicts[verdict]++;
        const struct moat_company *entrant = &at.threshold.entrant, *incumbent = &at.incumbent;
        expect(verdict != WRONG,
               "%s at %s N_I %.17g tau_I %.17g tau_E %.17g Q %.17g in L* %d: %.9g (D %.9g), differences %.9g %.9g "
               "%.9g; N_E* %.17g alpha %.17g end %d L2/tau-1 %g excess %g; incumbent alpha %.17g end %d L2/tau-1 %g",
               parameter_name[which], where, setting->value[N_I], setting->value[TAU_I], setting->value[TAU_E],
               setting->value[MISALIGNMENT], setting->in_L_star, exact[which], found.D, difference[0], difference[1],
               difference[2], at.threshold.N_E_star, entrant->alpha, entrant->end, entrant->loss_safety / at.tau_E - 1,
               entrant->excess, incumbent->alpha, incumbent->end, incumbent->loss_safety / at.tau_I - 1);
    }
}

static double uniform(gsl_rng *rng, double low, double high)
{
    return low + (high - low) * gsl_rng_uniform(rng);
}

/* A threshold in multiples of L_star: anywhere, or close to L_star or to L_star/4. */
static double draw_tau(gsl_rng *rng)
{
    double distance = exp(uniform(rng, -12, -1));
    switch (gsl_rng_uniform_int(rng, 6)) {
    case 0:
        return 1 - distance;
    case 1:
        return 1 + 10 * distance;
    case 2:
        return 0.25 * (1 + distance);
    default:
        return uniform(rng, 0.255, 1.3);
    }
}

static double draw_data(gsl_rng *rng, double P, int number)
{
    switch (number % 8) {
    case 3:
        return isfinite(P) ? P * exp(uniform(rng, -1, 1)) : INFINITY;
    case 4:
        return INFINITY;
    case 5:
        return exp(uniform(rng, 0, 4));
    default:
        return exp(uniform(rng, 0, log(1e12)));
    }
}

/* One market. The stricter threshold is mostly the incumbent's. At times tau_E is close to the incumbent's loss, so
   that meeting tau_E decides N_E*. */
static struct setting draw_market(gsl_rng *rng, const struct moat_solver *solver, enum moat_scrutiny scrutiny,
                                  int number)
{
    double Q = number % 7 == 0 ? uniform(rng, 0.9, 0.99) : exp(uniform(rng, -6, -1e-2));
    double first = draw_tau(rng), second = number % 3 == 0 ? INFINITY : draw_tau(rng);
    bool swap = second < first && number % 6 != 1;
    double data = draw_data(rng, solver->N_interpolating, number);
    if (solver->N_low > 1) {
        data = exp(uniform(rng, log(solver->N_low), log(solver->N_high)));
    }
    struct setting setting = {solver, true, {data, swap ? first : second, swap ? second : first, Q}, scrutiny};
    struct outcome at = solve(&setting);
    if (number % 5 == 0 && at.incumbent.loss_performance > at.L_star / 4) {
        setting.value[TAU_E] = at.incumbent.loss_performance / at.L_star * (number % 10 ? uniform(rng, 0.95, 1.02) : 1);
    }
    if (number % 4 == 2) {
        setting.in_L_star = false;
        setting.value[TAU_I] *= at.L_star;
        setting.value[TAU_E] *= at.L_star;
    }
    return setting;
}

static void expect_met(const struct tally *tally, const int least[BRANCHES], int kinks_max)
{
    for (int b = 0; b < BRANCHES; b++) {
        expect(tally->branches[b] >= least[b], "%s: met %d times, expected at least %d", branch_name[b],
               tally->branches[b], least[b]);
    }
    expect(tally->verdicts[KINK] <= kinks_max, "%d kinks of N_E*, expected at most %d", tally->verdicts[KINK],
           kinks_max);
}

static struct tally random_markets(enum moat_scrutiny scrutiny)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    struct tally tally = {0};
    for (int table = 0; table < 40; table++) {
        double gamma = uniform(rng, 0.01, 2),
               nu = fmin(2 * (1 + gamma), gamma + (2 + gamma) * gsl_rng_uniform_pos(rng));
        if (table % 5 == 0) { /* with these the best lambda may be 1 */
            gamma = uniform(rng, 0.01, 0.1);
            nu = 1.5 * gamma;
        }
        double P = table % 2 ? INFINITY : floor(exp(uniform(rng, log(20), log(1e6))));
        struct moat_deterministic *deterministic = NULL;
        CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, P, &deterministic), MOAT_OK);
        struct moat_solver solver = moat_deterministic_solver(deterministic);
        char where[96];
        snprintf(where, sizeof where, "gamma %.17g nu %.17g P %.0f", gamma, nu, P);
        for (int number = 0; number < 60; number++) {
            struct setting setting = draw_market(rng, &solver, scrutiny, number);
            compare(&setting, where, &tally);
        }
        moat_deterministic_destroy(&deterministic);
    }
    gsl_rng_free(rng);
    return tally;
}

static void under_trained_model(void)
{
    struct tally tally = random_markets(MOAT_SCRUTINY_TRAINED_MODEL);
    const int least[BRANCHES] = {[UNCONSTRAINED] = 500,
                                 [BINDING] = 200,
                                 [KINKED] = 5,
                                 [INCUMBENT_BINDING] = 400,
                                 [INCUMBENT_KINKED] = 10,
                                 [INCUMBENT_INFINITE] = 100,
                                 [RIDGELESS] = 500,
                                 [BY_FEASIBILITY] = 10,
                                 [BY_JUMP] = 5,
                                 [BEYOND_P] = 20,
                                 [NO_SCRUTINY] = 200,
                                 [STRICTER_ENTRANT] = 20,
                                 [LAX_INCUMBENT] = 100,
                                 [ABSOLUTE] = 200,
                                 [WITH_D] = 500,
                                 [ALWAYS] = 10,
                                 [AT_P] = 50};
    expect_met(&tally, least, 200);
}

static void under_training_mixture(void)
{
    struct tally tally = random_markets(MOAT_SCRUTINY_TRAINING_MIXTURE);
    const int least[BRANCHES] = {
        [INCUMBENT_INFINITE] = 100, [RIDGELESS] = 500, [BEYOND_P] = 20, [NO_SCRUTINY] = 200, [STRICTER_ENTRANT] = 20,
        [LAX_INCUMBENT] = 100,      [ABSOLUTE] = 200,  [WITH_D] = 500,  [ALWAYS] = 10,       [AT_P] = 50};
    expect_met(&tally, least, 100);
}

/* Few data and a demanding tau_E: the entrant's best lambda is at its upper end. */
static void unit_lambda(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    struct tally tally = {0};
    struct moat_deterministic *deterministic = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.3, 0.33, INFINITY, &deterministic), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(deterministic);
    for (int number = 0; number < 300; number++) {
        double tau_I = uniform(rng, 0.46, 0.53), tau_E = tau_I + uniform(rng, -0.01, 0.05);
        struct setting setting = {.solver = &solver,
                                  .in_L_star = true,
                                  .value = {exp(uniform(rng, 0, 3)), tau_E, tau_I, uniform(rng, 0.9, 0.99)}};
        compare(&setting, "unit lambda", &tally);
    }
    moat_deterministic_destroy(&deterministic);
    const int least[BRANCHES] = {[UNIT_LAMBDA] = 5};
    expect_met(&tally, least, 0);
    gsl_rng_free(rng);
}

/* Expected coefficients times smooth factors, like those of data; with `turning`, alpha < 1 may be best even without
   the constraint. */
static struct moat_empirical *measured(const struct moat_deterministic *deterministic, double gamma, double P,
                                       bool turning)
{
    enum { RUNGS = 25, LAMBDAS = 65 };
    static double N[RUNGS], lambda[LAMBDAS], A1[RUNGS][LAMBDAS], A2[RUNGS][LAMBDAS], D[RUNGS][LAMBDAS];
    struct moat_solver solver = moat_deterministic_solver(deterministic);
    double unit = moat_empirical_lambda_unit(gamma, P);
    moat_empirical_lambda(unit, LAMBDAS, lambda);
    for (int k = 0; k < RUNGS; k++) {
        N[k] = 16 * exp(k * log(2) / 4);
        for (int j = 0; j < LAMBDAS; j++) {
            struct moat_coefficients c;
            solver.coefficients(solver.state, N[k], solver.x_of_lambda(solver.state, N[k], lambda[j]), &c);
            double by = 1 + 0.1 * sin(0.7 * log(N[k])) / (1 + 0.3 * log1p(lambda[j] * 1e4));
            A1[k][j] = c.A1 * by * (turning ? 2.5 : 1);
            A2[k][j] = c.A2 * sqrt(by);
            D[k][j] = c.D * by * (turning ? 0.1 : 1);
        }
    }
    struct moat_empirical_tables tables = {RUNGS, LAMBDAS, N, lambda, unit, A1[0], A2[0], D[0]};
    struct moat_empirical *out = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_empirical_create(deterministic, &tables, &out), MOAT_OK);
    return out;
}

static void measured_markets(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    struct tally tally = {0};
    for (int table = 0; table < 4; table++) {
        double gamma = table % 2 ? 0.3 : 0.8, nu = table % 2 ? 0.7 : 1.9, P = table < 2 ? 4096 : 300;
        struct moat_deterministic *deterministic = NULL;
        CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, P, &deterministic), MOAT_OK);
        struct moat_empirical *empirical = measured(deterministic, gamma, P, table == 1);
        struct moat_solver solver = moat_empirical_solver(empirical);
        for (int number = 0; number < 50; number++) {
            struct setting setting = draw_market(rng, &solver, MOAT_SCRUTINY_TRAINED_MODEL, number);
            compare(&setting, table == 1 ? "turning" : "measured", &tally);
            setting = draw_market(rng, &solver, MOAT_SCRUTINY_TRAINING_MIXTURE, number);
            compare(&setting, table == 1 ? "turning, mixture" : "measured, mixture", &tally);
        }
        moat_empirical_destroy(&empirical);
        moat_deterministic_destroy(&deterministic);
    }
    const int least[BRANCHES] = {
        [UNCONSTRAINED] = 20, [BINDING] = 10,         [INCUMBENT_BINDING] = 20, [RIDGELESS] = 20,
        [LAX_INCUMBENT] = 10, [STRICTER_ENTRANT] = 3, [ABSOLUTE] = 10,          [TURNING] = 5};
    expect_met(&tally, least, 20);
    gsl_rng_free(rng);
}

/* Result 1 of MODEL.md section 11: 1, then 1/(nu+1), then 0 as N_I rises. */
static void first_result(void)
{
    struct moat_deterministic *deterministic = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(0.5, 1, INFINITY, &deterministic), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(deterministic);
    static const struct {
        double N_I, exponent, tolerance;
    } known[] = {{10, 1, 0.03}, {1e10, 0.5, 0.02}, {1e24, 0, 0.001}};
    for (int k = 0; k < 3; k++) { /* G_I = 1e-12 L_star puts the breaks at 1e6 and 1e18 */
        struct setting setting = {
            .solver = &solver, .in_L_star = true, .value = {known[k].N_I, INFINITY, (1 - 1e-6) * (1 - 1e-6), 1}};
        struct outcome at = solve(&setting);
        double found = elasticity_of(&at).N_I;
        expect(fabs(found - known[k].exponent) < known[k].tolerance, "exponent at N_I %g: %g, expected about %g",
               known[k].N_I, found, known[k].exponent);
    }
    moat_deterministic_destroy(&deterministic);
}

/* Result 2: 1/nu while D is large, then (nu+1)/nu. With nu > nu' it stays there: a1, whose exponent is nu', enters z,
   where the best alpha compensates for it, and R only by its square (MODEL.md section 11). */
static void second_result(void)
{
    const double gamma = 0.5, nu = 2;
    struct moat_deterministic *deterministic = NULL;
    CU_ASSERT_EQUAL_FATAL(moat_deterministic_create(gamma, nu, INFINITY, &deterministic), MOAT_OK);
    struct moat_solver solver = moat_deterministic_solver(deterministic);
    const struct {
        double tau_E, strictness, exponent;
    } known[] = {{INFINITY, 1e-6, 1 / nu}, {0.8, 1e-6, (nu + 1) / nu}, {0.8, 1e-13, (nu + 1) / nu}};
    for (int k = 0; k < 3; k++) {
        double tau_I = fmin(1, known[k].tau_E) * (1 - known[k].strictness);
        struct setting setting = {
            .solver = &solver, .in_L_star = true, .value = {INFINITY, known[k].tau_E, tau_I, 0.1}};
        struct outcome at = solve(&setting);
        double found = elasticity_of(&at).D;
        expect(fabs(found - known[k].exponent) < 0.002, "exponent at tau_E %g, tau_I %.17g: %g, expected about %g",
               known[k].tau_E, tau_I, found, known[k].exponent);
    }
    moat_deterministic_destroy(&deterministic);
}

int main(void)
{
    CU_TestInfo tests[] = {{"random markets under trained_model", under_trained_model},
                           {"random markets under training_mixture", under_training_mixture},
                           {"measured markets", measured_markets},
                           {"unit lambda", unit_lambda},
                           {"first result", first_result},
                           {"second result", second_result},
                           CU_TEST_INFO_NULL};
    return suite_run("elasticity", tests);
}
