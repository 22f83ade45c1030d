/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Markets on sampled data of a measured spectrum: on expected tables those of the measured spectrum itself; on tables
 * with smooth known factors a search over a grid of (lambda, alpha) that is refined; slopes against differences; every
 * status; what is refused.
 */
#include "moat/sampled.h"

#include <stdlib.h>
#include <string.h>

#include "brute_alignment.h"
#include "expect.h"
#include "moat/elasticity.h"
#include "moat/empirical.h"
#include "moat/market.h"
#include "moat/scaling_law.h"
#include "suite.h"

enum { RUNGS = 21, LAMBDAS = 64, P = 60, CELLS = RUNGS * LAMBDAS * MOAT_SAMPLED_ALPHAS };

static double sigma[P], b11[P], b22[P], b12[P], rung[RUNGS], lambda[LAMBDAS], performance[CELLS], safety[CELLS];

struct fixture {
    struct moat_measured *measured;
    struct moat_sampled *sampled;
    struct moat_solver expected, solver;
    double strength; /* of the factors; 0: expected tables */
};

static bool targets_agree; /* up to 1e-11: then L_star is far below any loss */

static struct moat_measured_spectrum make_spectrum(void)
{
    for (size_t j = 0; j < P; j++) {
        sigma[j] = pow((double)j + 1, -1.3);
        b11[j] = pow((double)j + 1, -0.4);
        b22[j] = (j % 3 == 0 ? 1.5 : 0.6) * b11[j];
        b12[j] = (j % 2 == 0 ? 0.4 : -0.2) * sqrt(b11[j] * b22[j]);
        b22[j] = targets_agree ? b11[j] : b22[j];
        b12[j] = targets_agree ? (1 - 1e-11) * b11[j] : b12[j];
    }
    return (struct moat_measured_spectrum){P, sigma, b11, b22, b12, 0.2, 0.3};
}

/* By how much a loss at node c of alpha exceeds the expected one: smooth in N and lambda. */
static double factor(double strength, int loss, int c, double N, double level)
{
    return 1 + strength * sin(0.7 * log(N) + 0.5 * c + loss) / (1 + 0.3 * log1p(level * 1e3));
}

static struct fixture fixture_open(double strength)
{
    struct fixture f = {.strength = strength};
    struct moat_measured_spectrum spectrum = make_spectrum();
    CU_ASSERT_EQUAL_FATAL(moat_measured_create(&spectrum, &f.measured), MOAT_OK);
    struct moat_sampled_tables tables = {.rungs = RUNGS,
                                         .lambdas = LAMBDAS,
                                         .N = rung,
                                         .lambda = lambda,
                                         .lambda_unit = moat_sampled_lambda_unit(&spectrum),
                                         .performance = performance,
                                         .safety = safety};
    moat_empirical_lambda(tables.lambda_unit, LAMBDAS, lambda);
    for (size_t k = 0; k < RUNGS; k++) {
        rung[k] = rint(8 * pow(125, (double)k / (RUNGS - 1))); /* 8 to 1000 */
        for (size_t i = 0; i < LAMBDAS * MOAT_SAMPLED_ALPHAS; i++) {
            size_t at = k * LAMBDAS * MOAT_SAMPLED_ALPHAS + i, j = i / MOAT_SAMPLED_ALPHAS;
            int c = (int)(i % MOAT_SAMPLED_ALPHAS);
            double loss[2];
            moat_measured_losses(f.measured, rung[k], lambda[j], moat_sampled_alpha[c], loss);
            performance[at] = loss[0] * factor(strength, 0, c, rung[k], lambda[j]);
            safety[at] = loss[1] * factor(strength, 1, c, rung[k], lambda[j]);
        }
    }
    CU_ASSERT_EQUAL_FATAL(moat_sampled_create(f.measured, &tables, &f.sampled), MOAT_OK);
    f.expected = moat_measured_solver(f.measured);
    f.solver = moat_sampled_solver(f.sampled);
    return f;
}

static void fixture_close(struct fixture *f)
{
    moat_sampled_destroy(&f->sampled);
    moat_measured_destroy(&f->measured);
}

static struct moat_market market_of(const struct moat_solver *solver, double tau_I, double tau_E, int mixture)
{
    return (struct moat_market){
        solver,          1,
        tau_I,           tau_E,
        MOAT_TAU_L_STAR, mixture ? MOAT_SCRUTINY_TRAINING_MIXTURE : MOAT_SCRUTINY_TRAINED_MODEL};
}

static double threshold_of(const struct moat_market *market, double N_I, struct moat_threshold *out)
{
    struct moat_company incumbent;
    moat_market_incumbent(market, N_I, &incumbent);
    moat_market_threshold(market, &incumbent, out);
    return out->N_E_star;
}

/* The losses of the deterministic equivalent against another implementation, from moments of the trained model. */
static void losses(void)
{
    struct moat_measured_spectrum spectrum = make_spectrum();
    struct moat_measured *measured = NULL;
    struct brute_alignment brute;
    CU_ASSERT_EQUAL_FATAL(moat_measured_create(&spectrum, &measured), MOAT_OK);
    brute_alignment_init(&brute, &spectrum, false);
    for (int i = 0; i < 60; i++) {
        double log_kappa = -6 + 0.1 * i, N = 200, alpha = i % 5 / 4.0, loss[2];
        struct brute_alignment_sums sums = brute_alignment_sums(&brute, log_kappa);
        double level = (double)(sums.kappa * (1 - sums.df1 / N));
        struct brute_alignment_losses want = brute_alignment_losses(&sums, N, alpha);
        if (level >= 0 && level <= 1) {
            moat_measured_losses(measured, N, level, alpha, loss);
            expect(relative_error(loss[0], (double)want.performance) < 1e-10, "L1 %.15g at %d", loss[0], i);
            expect(relative_error(loss[1], (double)want.safety) < 1e-10, "L2 %.15g at %d", loss[1], i);
        }
    }
    moat_measured_destroy(&measured);
}

/* On expected tables all answers are those of the measured spectrum. */
static void expected_tables(void)
{
    struct fixture f = fixture_open(0);
    const double tau_I[] = {0.6, 0.75, 1.2}, tau_E[] = {0.7, 0.9, INFINITY}, N_I[] = {40, 300, INFINITY};
    for (int i = 0; i < 54; i++) {
        struct moat_market market = market_of(&f.solver, tau_I[i % 3], tau_E[i / 3 % 3], i / 27), same = market;
        struct moat_threshold found, want;
        struct moat_elasticity slopes, slopes_wanted;
        struct moat_company incumbent, incumbent_wanted;
        same.solver = &f.expected;
        moat_market_incumbent(&market, N_I[i / 9 % 3], &incumbent);
        moat_market_incumbent(&same, N_I[i / 9 % 3], &incumbent_wanted);
        moat_market_threshold(&market, &incumbent, &found);
        moat_market_threshold(&same, &incumbent_wanted, &want);
        expect(relative_error(incumbent.loss_performance, incumbent_wanted.loss_performance) < 1e-9, "case %d: %g", i,
               incumbent.loss_performance);
        if (want.status == MOAT_MARKET_OK && (want.N_E_star > 1000 || want.N_E_star < 8)) {
            want.status = MOAT_MARKET_FAILED;
        }
        expect(found.status == want.status, "case %d: %s, expected %s", i, moat_market_status_name[found.status],
               moat_market_status_name[want.status]);
        if (want.status == MOAT_MARKET_OK) {
            expect(relative_error(found.N_E_star, want.N_E_star) < 1e-8, "case %d: %.12g, expected %.12g", i,
                   found.N_E_star, want.N_E_star);
            expect(fabs(found.entrant.alpha - want.entrant.alpha) < 1e-4, "case %d: alpha %g, expected %g", i,
                   found.entrant.alpha, want.entrant.alpha);
            moat_elasticity_threshold(&market, &incumbent, &found, &slopes);
            moat_elasticity_threshold(&same, &incumbent_wanted, &want, &slopes_wanted);
            expect(fabs(slopes.N_I - slopes_wanted.N_I) < 1e-4 && fabs(slopes.tau_E - slopes_wanted.tau_E) < 1e-3,
                   "case %d: slopes %g %g, expected %g %g", i, slopes.N_I, slopes.tau_E, slopes_wanted.N_I,
                   slopes_wanted.tau_E);
        }
    }
    for (int i = 0; i < 24; i++) {
        struct moat_scaling_law law, wanted;
        double N = 10 * (1 + i), alpha = 0.5 + i % 6 / 10.0, level = i % 2 ? 0.01 : NAN;
        moat_scaling_law_solve(&f.solver, N, 1, alpha, level, &law);
        moat_scaling_law_solve(&f.expected, N, 1, alpha, level, &wanted);
        expect(relative_error(law.loss, wanted.loss) < 1e-9, "law %d: %g", i, law.loss);
        expect(fabs(law.exponent_loss - wanted.exponent_loss) < 1e-6, "law %d: exponent %g", i, law.exponent_loss);
    }
    fixture_close(&f);
}

/* L1* by a grid over ln lambda and alpha that is refined around its best point; INFINITY where none meets tau. */
static double search(const struct fixture *f, double N, double tau, double top)
{
    enum { STEPS = 120, ROUNDS = 7 };
    double low = log(1e-7), high = 0, alpha_low = 0.5, alpha_high = top, best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double best_level = NAN, best_alpha = NAN, step = (high - low) / STEPS, alpha_step;
        alpha_step = (alpha_high - alpha_low) / STEPS;
        for (int i = 0; i <= STEPS; i++) {
            double level = exp(fmin(0, low + step * i)), node[2][3], loss[2];
            for (int c = 0; c < 3; c++) {
                moat_measured_losses(f->measured, N, level, moat_sampled_alpha[c], loss);
                for (int k = 0; k < 2; k++) {
                    node[k][c] = loss[k] * factor(f->strength, k, c, N, level);
                }
            }
            for (int j = 0; j <= STEPS; j++) {
                double alpha = fmin(top, fmax(0.5, alpha_low + alpha_step * j)), u = 4 * alpha - 2; /* 0, 1, 2 */
                for (int k = 0; k < 2; k++) {
                    loss[k] =
                        node[k][0] * (u - 1) * (u - 2) / 2 - node[k][1] * u * (u - 2) + node[k][2] * u * (u - 1) / 2;
                }
                if (loss[1] <= tau && loss[0] < best) {
                    best = loss[0];
                    best_level = log(level);
                    best_alpha = alpha;
                }
            }
        }
        if (isnan(best_level)) {
            return best;
        }
        low = best_level - 4 * step;
        high = best_level + 4 * step;
        alpha_low = best_alpha - 4 * alpha_step;
        alpha_high = best_alpha + 4 * alpha_step;
    }
    return best;
}

static void known_factors(void)
{
    struct fixture f = fixture_open(0.1);
    double L_star = moat_measured_L_star(f.measured);
    const struct {
        double N_I, tau_I, tau_E;
        int mixture;
    } cases[] = {{200, 0.7, 0.8, 0}, {400, 0.6, INFINITY, 0}, {100, 0.8, 0.9, 1}, {600, 0.65, 1.2, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int mixture = cases[i].mixture;
        double tau_I = mixture ? INFINITY : cases[i].tau_I * L_star,
               tau_E = mixture ? INFINITY : cases[i].tau_E * L_star;
        double top_I = mixture ? fmin(1, sqrt(cases[i].tau_I)) : 1, top_E = mixture ? fmin(1, sqrt(cases[i].tau_E)) : 1;
        struct moat_market market = market_of(&f.solver, cases[i].tau_I, cases[i].tau_E, mixture);
        struct moat_company incumbent;
        struct moat_threshold found;
        moat_market_incumbent(&market, cases[i].N_I, &incumbent);
        double target = search(&f, cases[i].N_I, tau_I, top_I);
        /* what the splines leave of a factor that moves by 0.2 over the ladder */
        expect(relative_error(incumbent.loss_performance, target) < 5e-5, "case %zu: L1 %.9g, expected %.9g", i,
               incumbent.loss_performance, target);
        moat_market_threshold(&market, &incumbent, &found);
        expect(found.status == MOAT_MARKET_OK, "case %zu: %s", i, moat_market_status_name[found.status]);
        double above = search(&f, found.N_E_star * 1.001, tau_E, top_E);
        double below = search(&f, found.N_E_star * 0.999, tau_E, top_E);
        expect(above < target && below > target, "case %zu: N_E* %g has losses %.9g, %.9g about %.9g", i,
               found.N_E_star, below, above, target);
    }
    fixture_close(&f);
}

static void slopes(void)
{
    struct fixture f = fixture_open(0.1);
    for (int i = 0; i < 6; i++) {
        const double N_I = 90 * (1 + i), h = 1e-4;
        struct moat_market market = market_of(&f.solver, 0.7, i % 2 ? 0.85 : INFINITY, i / 3);
        struct moat_company incumbent;
        struct moat_threshold found, moved;
        struct moat_elasticity slope;
        moat_market_incumbent(&market, N_I, &incumbent);
        moat_market_threshold(&market, &incumbent, &found);
        moat_elasticity_threshold(&market, &incumbent, &found, &slope);
        double more = threshold_of(&market, N_I * exp(h), &moved), less = threshold_of(&market, N_I * exp(-h), &moved);
        expect(fabs(log(more / less) / (2 * h) - slope.N_I) < 1e-4, "case %d: N_I %g, %g", i, slope.N_I,
               log(more / less) / (2 * h));
        market.tau_I = 0.7 * exp(h);
        more = threshold_of(&market, N_I, &moved);
        market.tau_I = 0.7 * exp(-h);
        less = threshold_of(&market, N_I, &moved);
        expect(fabs(log(more / less) / (2 * h) - slope.tau_I) < 1e-3 * fabs(slope.tau_I), "case %d: tau_I %g, %g", i,
               slope.tau_I, log(more / less) / (2 * h));
    }
    fixture_close(&f);
}

static void statuses(void)
{
    struct fixture f = fixture_open(0.05);
    const struct {
        double N_I, tau_I, tau_E;
        int mixture;
        enum moat_market_status status;
    } cases[] = {
        {200, 0.7, 0.8, 0, MOAT_MARKET_OK},
        {INFINITY, 0.9, 0.7, 0, MOAT_MARKET_NO_ENTRY},
        {1e6, 0.7, 0.8, 0, MOAT_MARKET_FAILED},
        {4, 0.7, 0.8, 0, MOAT_MARKET_FAILED},
        {8, 0.3, 0.9, 0, MOAT_MARKET_INCUMBENT_INFEASIBLE},
        {INFINITY, 0.98, 0.981, 0, MOAT_MARKET_FAILED},
        {200, 0.7, 0.2, 1, MOAT_MARKET_ENTRANT_INFEASIBLE},
        {20, 0.3, INFINITY, 1, MOAT_MARKET_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct moat_market market = market_of(&f.solver, cases[i].tau_I, cases[i].tau_E, cases[i].mixture);
        struct moat_threshold found;
        double N_E_star = threshold_of(&market, cases[i].N_I, &found);
        expect(found.status == cases[i].status, "case %zu: %s", i, moat_market_status_name[found.status]);
        expect(isnan(N_E_star) == (found.status != MOAT_MARKET_OK), "case %zu: %g", i, N_E_star);
    }
    fixture_close(&f);
}

/* At a rung and level of the tables the answer is what they hold, also where the targets are almost one. */
static void almost_one_target(void)
{
    targets_agree = true;
    struct fixture f = fixture_open(0.3);
    int tried = 0;
    for (size_t k = 1; k < RUNGS; k += 4) {
        for (size_t j = 8; j < LAMBDAS; j += 8) {
            size_t at = (k * LAMBDAS + j) * MOAT_SAMPLED_ALPHAS + MOAT_SAMPLED_ALPHAS - 1;
            struct moat_scaling_law law;
            if (performance[at] > 1e-3) { /* not where N >= n leaves next to nothing */
                moat_scaling_law_solve(&f.solver, rung[k], 1, 1, lambda[j], &law);
                expect(relative_error(law.loss, performance[at]) < 1e-9, "loss %.15g at N = %g", law.loss, rung[k]);
                tried++;
            }
        }
    }
    CU_ASSERT(tried > 20);
    fixture_close(&f);
    targets_agree = false;
}

static void refused(void)
{
    struct fixture f = fixture_open(0);
    struct moat_measured_spectrum spectrum = make_spectrum();
    struct moat_sampled_tables tables = {RUNGS,       LAMBDAS, rung, lambda, moat_sampled_lambda_unit(&spectrum),
                                         performance, safety};
    struct moat_sampled *sampled = NULL;
    safety[5 * LAMBDAS * MOAT_SAMPLED_ALPHAS + 7] = NAN;
    CU_ASSERT_EQUAL(moat_sampled_create(f.measured, &tables, &sampled), MOAT_NUMERICAL);
    CU_ASSERT_PTR_NULL(sampled);
    expect(strstr(moat_error_message(), "measured safety loss at N = ") != NULL, "%s", moat_error_message());
    fixture_close(&f);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"losses at a ridge level", losses},  {"expected tables", expected_tables},
        {"known factors", known_factors},     {"slopes against differences", slopes},
        {"every status", statuses},           {"targets that almost agree", almost_one_target},
        {"tables that are refused", refused}, CU_TEST_INFO_NULL,
    };
    return suite_run("sampled", tests);
}
