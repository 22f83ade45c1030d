/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat point: solves one market and prints it. */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moat/deterministic.h"
#include "moat/elasticity.h"
#include "moat/market.h"
#include "moat/measured.h"
#include "program/command.h"
#include "program/point.h"
#include "results/spectrum_file.h"
#include "sweep/names.h"

enum number { N_I, TAU_I, TAU_E, GAMMA, NU, MISALIGNMENT, DIMENSION, NUMBERS };

/* Those that a spectrum file takes the place of. */
static const enum number of_power_laws[] = {GAMMA, NU, MISALIGNMENT, DIMENSION};

struct point_arguments {
    const char *spectrum;
    double number[NUMBERS];
    bool given[NUMBERS];
    enum moat_tau_unit unit;
    enum moat_scrutiny scrutiny;
    bool json;
};

enum { KEY_FIRST = 0x200, KEY_UNIT = KEY_FIRST + NUMBERS, KEY_SCRUTINY, KEY_SPECTRUM };

static const struct argp_option options[] = {
    {"N-I", KEY_FIRST + N_I, "N", 0, "the incumbent's data points, 1 to 1e15 or inf", 0},
    {"tau-I", KEY_FIRST + TAU_I, "T", 0, "the incumbent's safety threshold", 0},
    {"tau-E", KEY_FIRST + TAU_E, "T", 0, "the entrant's safety threshold, or inf", 0},
    {"gamma", KEY_FIRST + GAMMA, "G", 0, "decay of the spectrum, 0.01 to 2", 0},
    {"nu", KEY_FIRST + NU, "NU", 0, "data efficiency, gamma < nu <= 2 (1 + gamma)", 0},
    {"Q", KEY_FIRST + MISALIGNMENT, "Q", 0, "misalignment, in (0, 1]", 0},
    {"P", KEY_FIRST + DIMENSION, "P", 0, "feature dimension, 1 to 1e9 or inf (default)", 0},
    {"tau-unit", KEY_UNIT, "UNIT", 0, "L_star (default): thresholds are multiples of L*; or absolute", 0},
    {"scrutiny", KEY_SCRUTINY, "READING", 0,
     "what is held against a threshold, the safety loss of: trained_model (default), the model; or training_mixture, "
     "its "
     "mixture of labels with unlimited data",
     0},
    {"spectrum", KEY_SPECTRUM, "FILE.h5", 0,
     "a measured spectrum, as of `moat measure`, in place of --gamma, --nu, --Q and --P", 0},
    COMMAND_JSON_OPTION,
    {0},
};

static bool in_range(enum number number, double value)
{
    switch (number) {
    case MISALIGNMENT:
        return value > 0 && value <= 1;
    case N_I:
        return value >= 1 && (value <= 1e15 || isinf(value));
    case TAU_I:
    case TAU_E:
        return value > 0;
    default:
        return !isnan(value); /* moat_deterministic_create checks the rest */
    }
}

static void parse_number(struct point_arguments *arguments, int index, const char *text, struct argp_state *state)
{
    char *end = NULL;
    double value = strcmp(text, ".inf") == 0 ? INFINITY : strtod(text, &end);
    if ((end && (end == text || *end)) || !in_range((enum number)index, value)) {
        argp_error(state, "--%s: found `%s`, expected %s", options[index].name, text, options[index].doc);
    }
    arguments->number[index] = value;
    arguments->given[index] = true;
}

/* Which of two words `text` is. */
static int parse_word(const char *option, const char *const word[2], const char *text, struct argp_state *state)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(text, word[i]) == 0) {
            return i;
        }
    }
    argp_error(state, "--%s: found `%s`, expected %s or %s", option, text, word[0], word[1]);
    return 0;
}

/* Checks that the options make one market. */
static void check_given(struct point_arguments *arguments, struct argp_state *state)
{
    for (size_t i = 0; i < sizeof of_power_laws / sizeof *of_power_laws && arguments->spectrum; i++) {
        enum number number = of_power_laws[i];
        if (arguments->given[number]) {
            argp_error(state, "--%s: found it beside --spectrum, expected one or the other", options[number].name);
        }
        arguments->given[number] = true;
    }
    arguments->given[DIMENSION] = true; /* or the default */
    for (int i = 0; i < NUMBERS; i++) {
        if (!arguments->given[i]) {
            argp_error(state, "--%s is missing: %s%s", options[i].name, options[i].doc,
                       i >= GAMMA ? "; or --spectrum FILE.h5" : "");
        }
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct point_arguments *arguments = state->input;
    if (key >= KEY_FIRST && key < KEY_FIRST + NUMBERS) {
        parse_number(arguments, key - KEY_FIRST, text, state);
        return 0;
    }
    switch (key) {
    case COMMAND_JSON:
        arguments->json = true;
        return 0;
    case KEY_UNIT:
        arguments->unit = (enum moat_tau_unit)parse_word("tau-unit", tau_unit_name, text, state);
        return 0;
    case KEY_SCRUTINY:
        arguments->scrutiny = (enum moat_scrutiny)parse_word("scrutiny", scrutiny_name, text, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "found `%s`, expected options only", text);
        return 0;
    case KEY_SPECTRUM:
        arguments->spectrum = text;
        return 0;
    case ARGP_KEY_END:
        check_given(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Solves the market of the arguments on a solver, whose model the point names. */
static void solve_on(const struct moat_solver *solver, const struct point_arguments *arguments, struct point *point)
{
    const double *number = arguments->number;
    point->N_I = number[N_I];
    point->market.solver = solver;
    point->market.tau_I = number[TAU_I];
    point->market.tau_E = number[TAU_E];
    point->market.unit = arguments->unit;
    point->market.scrutiny = arguments->scrutiny;
    moat_market_incumbent(&point->market, number[N_I], &point->incumbent);
    moat_market_threshold(&point->market, &point->incumbent, &point->threshold);
    moat_elasticity_threshold(&point->market, &point->incumbent, &point->threshold, &point->elasticity);
    arguments->json ? point_write_json(stdout, point) : point_print(point);
}

static enum moat_status solve_power_laws(const struct point_arguments *arguments)
{
    const double *number = arguments->number;
    struct moat_deterministic *table = NULL;
    struct point point = {
        .gamma = number[GAMMA], .nu = number[NU], .P = number[DIMENSION], .market.Q = number[MISALIGNMENT]};
    enum moat_status status = moat_deterministic_create(point.gamma, point.nu, point.P, &table);
    if (status == MOAT_OK) {
        struct moat_solver solver = moat_deterministic_solver(table);
        solve_on(&solver, arguments, &point);
    }
    moat_deterministic_destroy(&table);
    return status;
}

static enum moat_status solve_measured(const struct point_arguments *arguments)
{
    struct moat_measured *measured = NULL;
    struct directions directions = {0};
    enum moat_status status = spectrum_file_load_checked(arguments->spectrum, &directions);
    if (status == MOAT_OK) {
        status = moat_measured_create(&directions.spectrum, &measured);
    }
    if (status == MOAT_OK) {
        struct moat_solver solver = moat_measured_solver(measured);
        struct point point = {.spectrum = arguments->spectrum,
                              .gamma = NAN,
                              .nu = NAN,
                              .P = (double)directions.spectrum.n,
                              .market.Q = 1};
        solve_on(&solver, arguments, &point);
    }
    moat_measured_destroy(&measured);
    directions_free(&directions);
    return status;
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Solves one market with the deterministic equivalent and prints the answer as a sentence, N_E*, its "
           "elasticities, both companies' choices, and the four terms of their performance loss."};

static int run(int argc, char **argv)
{
    struct point_arguments arguments = {.number[DIMENSION] = INFINITY};
    command_parse(&argp, argc, argv, &arguments);
    if (!command_is_first()) {
        return 0;
    }
    enum moat_status status = arguments.spectrum ? solve_measured(&arguments) : solve_power_laws(&arguments);
    command_print_error(status);
    return command_exit_code(status);
}

const struct command command_point = {
    .name = "point", .summary = "solve one market and print it", .argp = &argp, .required = GAMMA, .run = run};
