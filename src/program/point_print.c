/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints a solved market, for people and as JSON. What a results file has too keeps its name there. */
#include <math.h>
#include <stdio.h>

#include "moat/loss.h"
#include "moat/regime.h"
#include "moat/scaling_law.h"
#include "program/json.h"
#include "program/point.h"
#include "program/prose.h"
#include "program/sentence.h"
#include "sweep/field.h"
#include "sweep/names.h"

/* The lemma's terms at the company's choice. With infinite data only the mixture's is not zero. */
static struct moat_loss_terms terms_of(const struct moat_market *market, const struct moat_company *company)
{
    const struct moat_solver *solver = market->solver;
    double Q = market->Q;
    if (isinf(company->N)) {
        double a = 1 - company->alpha;
        if (company->lambda > 0) { /* a measured spectrum may ask for it, and the lemma has no terms for that */
            return (struct moat_loss_terms){NAN, NAN, NAN, NAN};
        }
        return (struct moat_loss_terms){.mixture = a * a * 2 * Q * solver->A0};
    }
    if (solver->methods) {
        struct moat_scaling_law law;
        moat_scaling_law_solve(solver, company->N, Q, company->alpha, company->lambda, &law);
        return law.term;
    }
    struct moat_coefficients coefficients;
    solver->coefficients(solver->state, company->N, company->x, &coefficients);
    return moat_loss_terms(solver->A0, Q, company->alpha, &coefficients);
}

static void print_company(const char *name, const struct moat_market *market, const struct moat_company *company,
                          double tau)
{
    if (!company->feasible) {
        printf("%s: no choice\n", name);
        return;
    }
    struct moat_loss_terms terms = terms_of(market, company);
    printf("%s\n", name);
    printf("  data points            %.10g\n", company->N);
    printf("  alpha                  %.10g\n", company->alpha);
    printf("  lambda                 %.10g%s\n", company->lambda, company->lambda == 0 ? "  (ridgeless limit)" : "");
    printf("  performance loss L1    %.10g\n", company->loss_performance);
    if (!isnan(terms.mixture)) {
        printf("    finite data          %.10g\n", terms.finite_data);
        printf("    overfitting          %.10g\n", terms.overfitting);
        printf("    mixture              %.10g\n", terms.mixture);
        printf("    mixture finite data  %.10g\n", terms.mixture_finite_data);
    }
    printf("  safety loss L2         %.10g", company->loss_safety);
    if (market->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE) {
        printf("\n    with infinite data   %.10g", company->alpha * company->alpha * moat_market_L_star(market));
    }
    printf("  (threshold %.10g)\n", moat_market_tau(market, tau));
}

static void print_elasticities(const struct point *point)
{
    const struct moat_elasticity *elasticity = &point->elasticity;
    printf("  d ln N_E* / d ln N_I     %.6g\n", elasticity->N_I);
    printf("  d ln N_E* / d ln tau_E   %.6g\n", elasticity->tau_E);
    printf("  d ln N_E* / d ln tau_I   %.6g\n", elasticity->tau_I);
    if (!point->spectrum) {
        printf("  d ln N_E* / d ln Q       %.6g\n", elasticity->Q);
    }
}

void point_print(const struct point *point)
{
    char sentence[SENTENCE_SIZE];
    sentence_write(point, sentence);
    prose_print(sentence);
    printf("\n");
    printf("market entry threshold N_E* = %.10g  (%s)\n", point->threshold.N_E_star,
           moat_market_status_name[point->threshold.status]);
    print_elasticities(point);
    printf("L* = %.10g\n", moat_market_L_star(&point->market));
    print_company("incumbent", &point->market, &point->incumbent, point->market.tau_I);
    print_company("entrant", &point->market, &point->threshold.entrant, point->market.tau_E);
}

/* A number under the name that it has in a results file. */
static void write_field(struct json *json, enum field_id field, double value)
{
    json_number(json, field_table[field].name, value);
}

/* A company's four fields, which follow each other in the table, and the lemma's terms, null where it has no choice. */
static void write_company(struct json *json, const struct point *point, enum field_id alpha, const char *name)
{
    const struct moat_company *company = alpha == FIELD_INCUMBENT_ALPHA ? &point->incumbent : &point->threshold.entrant;
    struct moat_loss_terms terms = {NAN, NAN, NAN, NAN};
    if (company->feasible) {
        terms = terms_of(&point->market, company);
    }
    const double value[] = {company->alpha,       company->lambda,          company->loss_performance,
                            company->loss_safety, terms.finite_data,        terms.overfitting,
                            terms.mixture,        terms.mixture_finite_data};
    for (int i = 0; i < 4; i++) {
        write_field(json, (enum field_id)((int)alpha + i), value[i]);
    }
    for (int i = 0; i < 4; i++) {
        char term[64];
        snprintf(term, sizeof term, "%s_%s", name, field_table[FIELD_FINITE_DATA_ERROR + i].name);
        json_number(json, term, value[4 + i]);
    }
}

static void write_question(struct json *json, const struct point *point)
{
    if (point->spectrum) {
        json_text(json, "spectrum", point->spectrum);
    } else {
        json_number(json, "gamma", point->gamma);
        json_number(json, "delta", point->nu - point->gamma);
    }
    json_number(json, "P", point->P);
    json_number(json, "N_I", point->N_I);
    json_number(json, "tau_I", point->market.tau_I);
    json_number(json, "tau_E", point->market.tau_E);
    if (!point->spectrum) {
        json_number(json, "Q", point->market.Q);
        json_number(json, "nu", point->nu);
    }
    json_text(json, "tau_unit", tau_unit_name[point->market.unit]);
    json_text(json, "scrutiny", scrutiny_name[point->market.scrutiny]);
}

/* Where theory's regimes end, and the one that the point is in. */
static void write_regimes(struct json *json, const struct point *point)
{
    const struct moat_market *market = &point->market;
    struct moat_regimes result_1, result_2;
    moat_regime_result_1(market->scrutiny, point->gamma, point->nu, market->Q, moat_market_share(market, market->tau_I),
                         &result_1);
    moat_regime_result_2(market->scrutiny, point->gamma, point->nu, market->Q, moat_market_share(market, market->tau_E),
                         &result_2);
    write_field(json, FIELD_BREAK_N_I_FIRST, moat_regime_end(&result_1, MOAT_REGIME_FIRST));
    write_field(json, FIELD_BREAK_N_I_OVER_REGULARISED, moat_regime_end(&result_1, MOAT_REGIME_OVER_REGULARISED));
    write_field(json, FIELD_BREAK_N_I_SECOND, moat_regime_end(&result_1, MOAT_REGIME_SECOND));
    write_field(json, FIELD_BREAK_D_FIRST, moat_regime_end(&result_2, MOAT_REGIME_FIRST));
    write_field(json, FIELD_BREAK_D_SECOND, moat_regime_end(&result_2, MOAT_REGIME_SECOND));
    enum moat_regime regime =
        moat_regime_market(market, point->N_I, isinf(point->N_I) ? &result_2 : &result_1, &point->elasticity);
    json_text(json, field_table[FIELD_REGIME].name, moat_regime_name[regime]);
}

void point_write_json(FILE *out, const struct point *point)
{
    struct json json = {.out = out};
    const struct moat_market *market = &point->market;
    const struct moat_elasticity *elasticity = &point->elasticity;
    char sentence[SENTENCE_SIZE];
    sentence_write(point, sentence);
    json_begin(&json, NULL, '{');
    write_question(&json, point);
    if (!point->spectrum) {
        write_field(&json, FIELD_NU_PRIME, moat_regime_nu_prime(point->gamma, point->nu));
    }
    write_field(&json, FIELD_L_STAR, moat_market_L_star(market));
    write_field(&json, FIELD_TAU_I_ABSOLUTE, moat_market_tau(market, market->tau_I));
    write_field(&json, FIELD_TAU_E_ABSOLUTE, moat_market_tau(market, market->tau_E));
    write_field(&json, FIELD_GAP, moat_market_gap(market));
    json_text(&json, field_table[FIELD_STATUS].name, moat_market_status_name[point->threshold.status]);
    write_field(&json, FIELD_N_E_STAR, point->threshold.N_E_star);
    write_company(&json, point, FIELD_ENTRANT_ALPHA, "entrant");
    write_company(&json, point, FIELD_INCUMBENT_ALPHA, "incumbent");
    write_field(&json, FIELD_ELASTICITY_N_I, elasticity->N_I);
    write_field(&json, FIELD_ELASTICITY_TAU_E, elasticity->tau_E);
    write_field(&json, FIELD_ELASTICITY_TAU_I, elasticity->tau_I);
    if (!point->spectrum) {
        write_field(&json, FIELD_ELASTICITY_Q, elasticity->Q);
    }
    write_field(&json, FIELD_EXPONENT_D, elasticity->D);
    if (!point->spectrum) {
        write_regimes(&json, point);
    }
    json_text(&json, "sentence", sentence);
    json_end(&json, '}');
}
