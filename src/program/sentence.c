/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to a market in words. A company is the incumbent or the newcomer; losses are in multiples of L* where
   thresholds are. */
#include "program/sentence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

/* A loss or threshold in the market's unit: "0.9 L*", or "0.05". */
static const char *in_unit(const struct moat_market *market, double value, int digits, char text[NUMBER_SIZE])
{
    number_short(value, digits, text);
    if (market->unit == MOAT_TAU_L_STAR && value != 0) {
        strncat(text, " L*", NUMBER_SIZE - strlen(text) - 1);
    }
    return text;
}

/* An absolute loss in the market's unit. */
static double relative(const struct moat_market *market, double loss)
{
    return market->unit == MOAT_TAU_L_STAR ? loss / moat_market_L_star(market) : loss;
}

enum { PHRASE_SIZE = 96 };

/* "a safety threshold of 0.9 L*", or "no safety threshold". */
static const char *threshold(const struct moat_market *market, double tau, char text[PHRASE_SIZE])
{
    char number[NUMBER_SIZE];
    bool mixture = market->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE;
    if (isinf(tau)) {
        snprintf(text, PHRASE_SIZE, "no safety threshold");
    } else {
        snprintf(text, PHRASE_SIZE, "a safety threshold of %s%s", in_unit(market, tau, 15, number),
                 mixture ? " on its mixture of labels" : "");
    }
    return text;
}

/* "1,000 data points", "1 data point" or "unlimited data". */
static const char *data(double N, char text[PHRASE_SIZE])
{
    char number[NUMBER_SIZE];
    snprintf(text, PHRASE_SIZE, "%s data%s", number_of_data(N, number), isinf(N) ? "" : N > 1 ? " points" : " point");
    return text;
}

/* Writes two losses with as many digits as it takes to tell them apart, six where they are the same. */
static void two_losses(const struct moat_market *market, const double loss[2], char text[2][NUMBER_SIZE])
{
    for (int digits = 3; digits <= 15; digits++) {
        in_unit(market, relative(market, loss[0]), digits, text[0]);
        in_unit(market, relative(market, loss[1]), digits, text[1]);
        if (strcmp(text[0], text[1]) != 0) {
            return;
        }
    }
    for (int i = 0; i < 2; i++) {
        in_unit(market, relative(market, loss[i]), 6, text[i]);
    }
}

static void write_enough(const struct point *point, char text[SENTENCE_SIZE])
{
    const struct moat_market *market = &point->market;
    double N_E = point->threshold.N_E_star, ratio = N_E / point->N_I;
    char incumbent[PHRASE_SIZE], rule[2][PHRASE_SIZE], number[2][NUMBER_SIZE], share[PHRASE_SIZE] = "";
    if (fabs(ratio - 1) < 0.005) {
        snprintf(share, sizeof share, ", about as much as its own");
    } else if (ratio > 0) {
        bool less = ratio < 1;
        snprintf(share, sizeof share, ": %s %s its data", number_short(less ? 100 * ratio : ratio, 3, number[1]),
                 less ? "% of" : "times");
    }
    snprintf(text, SENTENCE_SIZE, "With %s and %s, the incumbent can be beaten with %s by a newcomer with %s%s.",
             data(point->N_I, incumbent), threshold(market, market->tau_I, rule[0]), number_of_data(N_E, number[0]),
             threshold(market, market->tau_E, rule[1]), share);
}

static void write_always(const struct point *point, char text[SENTENCE_SIZE])
{
    const struct moat_market *market = &point->market;
    char incumbent[PHRASE_SIZE], rule[2][PHRASE_SIZE], loss[2][NUMBER_SIZE];
    two_losses(market, (double[]){point->threshold.entrant.loss_performance, point->incumbent.loss_performance}, loss);
    snprintf(text, SENTENCE_SIZE,
             "One data point is enough: with it and %s the newcomer's performance loss is %s; the incumbent, with %s "
             "and %s, has %s.",
             threshold(market, market->tau_E, rule[0]), loss[0], data(point->N_I, incumbent),
             threshold(market, market->tau_I, rule[1]), loss[1]);
}

static void write_no_entry(const struct point *point, char text[SENTENCE_SIZE])
{
    const struct moat_market *market = &point->market;
    struct moat_company best;
    char incumbent[PHRASE_SIZE], rule[2][PHRASE_SIZE], loss[2][NUMBER_SIZE];
    moat_company_solve(market, INFINITY, market->tau_E, &best);
    two_losses(market, (double[]){best.loss_performance, point->incumbent.loss_performance}, loss);
    snprintf(text, SENTENCE_SIZE,
             "No amount of data is enough: with %s even unlimited data leave the newcomer a performance loss of %s; "
             "the incumbent, with %s and %s, has %s.",
             threshold(market, market->tau_E, rule[0]), loss[0], data(point->N_I, incumbent),
             threshold(market, market->tau_I, rule[1]),
             strcmp(loss[0], loss[1]) == 0 ? "the same, which finite data only approach" : loss[1]);
}

/* The safety loss that no finite amount of data comes below, L_star / 4. On a measured spectrum a small safety target
   and regularisation may bring a model below that, so there the bound is the mixture's alone. */
static void write_bound(const struct moat_market *market, char *text, size_t size)
{
    char number[NUMBER_SIZE];
    if (market->solver->methods && market->scrutiny == MOAT_SCRUTINY_TRAINED_MODEL) {
        snprintf(text, size, "no model does that labels at least half of its data for performance");
        return;
    }
    snprintf(text, size, "a company that labels at least half of its data for performance stays above %s",
             in_unit(market, relative(market, moat_market_L_star(market) / 4), 6, number));
}

static void write_incumbent_infeasible(const struct point *point, char text[SENTENCE_SIZE])
{
    const struct moat_market *market = &point->market;
    struct moat_company limit;
    char incumbent[PHRASE_SIZE], rule[PHRASE_SIZE], bound[2 * PHRASE_SIZE] = "", number[NUMBER_SIZE];
    moat_company_solve(market, INFINITY, market->tau_I, &limit);
    double least = limit.loss_performance + point->incumbent.excess; /* company.h: the smallest loss at alpha = 1/2 */
    if (!limit.feasible) {
        write_bound(market, bound, sizeof bound);
    } else if (isnan(least)) { /* a measured spectrum */
        snprintf(bound, sizeof bound, "that takes more data");
    } else {
        snprintf(bound, sizeof bound, "the least safety loss that it can reach is %s",
                 in_unit(market, relative(market, least), 6, number));
    }
    snprintf(text, SENTENCE_SIZE, "There is no incumbent to beat: with %s it cannot meet %s; %s.",
             data(point->N_I, incumbent), threshold(market, market->tau_I, rule), bound);
}

void sentence_write(const struct point *point, char text[SENTENCE_SIZE])
{
    char rule[PHRASE_SIZE], bound[2 * PHRASE_SIZE];
    switch (point->threshold.status) {
    case MOAT_MARKET_OK:
        write_enough(point, text);
        break;
    case MOAT_MARKET_ENTRANT_ALWAYS:
        write_always(point, text);
        break;
    case MOAT_MARKET_NO_ENTRY:
        write_no_entry(point, text);
        break;
    case MOAT_MARKET_INCUMBENT_INFEASIBLE:
        write_incumbent_infeasible(point, text);
        break;
    case MOAT_MARKET_ENTRANT_INFEASIBLE:
        write_bound(&point->market, bound, sizeof bound);
        snprintf(text, SENTENCE_SIZE, "No amount of data is enough: the newcomer cannot meet %s; %s.",
                 threshold(&point->market, point->market.tau_E, rule), bound);
        break;
    default:
        snprintf(text, SENTENCE_SIZE, "Not solved: N_E* lies beyond the solver's tables, at 1e15 data points or more.");
    }
}
