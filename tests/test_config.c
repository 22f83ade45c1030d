/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The config: the values read from good ones, and the messages about bad ones. Runs in the repository's top folder. */
#include "sweep/config.h"

#include <fcntl.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "suite.h"
#include "sweep/field.h"

enum { TEXT_SIZE = 4096, FRAGMENTS = 4 };

static const char good[] = "name: test\n"
                           "sweep: market_entry\n"
                           "solver: deterministic\n"
                           "output: test.h5\n"
                           "model: {gamma: 0.5, P: .inf}\n"
                           "incumbent: {tau: 0.9}\n"
                           "tau_unit: L_star\n"
                           "grid:\n"
                           "  N_I:   {log: [1e1, 1e12], points: 111}\n"
                           "  tau_E: {values: [.inf]}\n"
                           "  Q:     {values: [0.1]}\n"
                           "  nu:\n"
                           "    values: [0.6, 1.0]\n";

struct bad {
    const char *from, *to;       /* the mistake: `from` of the good config becomes `to` */
    const char *said[FRAGMENTS]; /* what the message has in it */
};

#define RIDGE(P, N, trials, seed) "ridge: {P: " P ", N: {values: [" N "]}, trials: " trials ", seed: " seed "}"

static const struct bad bad_keys[] = {
    {"solver:",
     "sollver:",
     {"bad.yaml:3: sollver: ", "unknown key", "name, sweep, solver, output, model", "is solver"}},
    {"{gamma:",
     "{gama:",
     {"bad.yaml:5: model.gama: ", "unknown key", "expected a mapping with the keys gamma, P", "nearest is gamma"}},
    {"[1e1, 1e12]",
     "[1e1, 1e12], step: 2",
     {"bad.yaml:9: grid.N_I.step: ", "unknown key, expected {values: [..]}, {log: [low, high], points: n} or"}},
    {"  nu:\n    values",
     "  nu:\n    vals",
     {"bad.yaml:13: grid.nu.vals: ", "unknown key", "{log: [low", "nearest is values"}},
    {"deterministic", "ridge\nridge: {P: 2048}", {"bad.yaml:4: ridge.N: ", "missing", "{values: [..]}"}},
    {"name: test\n", "", {"bad.yaml:1: name: missing, expected text"}},
    {", P: .inf", "", {"bad.yaml:5: model.P: missing, expected an integer from 1 to 1e9, or .inf"}},
    {"  Q:     {values: [0.1]}\n", "", {"bad.yaml:8: grid.Q: missing, expected {values: [..]}, {log: "}},
    {"{tau: 0.9}", "{}", {"bad.yaml:6: incumbent.tau: missing, expected 0 < tau_I <= 1e100"}},
    {"grid:", "name: again\ngrid:", {"bad.yaml:8: name: ", "a second time", "once"}},
    {"P: .inf", "P: .inf, gamma: 0.5", {"bad.yaml:5: model.gamma: ", "a second time"}},
    {"name: test", "name: [test]", {"bad.yaml:1: name: ", "found a list of 1 value", "expected text"}},
    {"name: test", "name:", {"bad.yaml:1: name: ", "found nothing", "expected text"}},
    {"output: test.h5", "output: ''", {"bad.yaml:4: output: ", "found nothing", "expected"}},
    {"output: test.h5", "output: ~", {"bad.yaml:4: output: ", "found ~", "expected text"}},
    {"{gamma: 0.5, P: .inf}", "0.5", {"bad.yaml:5: model: ", "found 0.5", "a mapping with the keys gamma, P"}},
    {"{values: [0.1]}",
     "0.1",
     {"bad.yaml:11: grid.Q: ", "found 0.1", "expected {values: [0.1]}, {log: [low, high], p"}},
    {"{values: [0.1]}", "[0.1, 0.2]", {"bad.yaml:11: grid.Q: ", "found a list of 2 values", "expected {values: [..]}"}},
    {"{values: [0.1]}", "little", {"bad.yaml:11: grid.Q: ", "found little", "expected {values: [..]}"}},
    {"[0.6, 1.0]", "0.6", {"bad.yaml:13: grid.nu.values: ", "found 0.6", "a list of at least one number"}},
    {"[0.6, 1.0]", "\n    - 0.6\n    - [1.0]", {"bad.yaml:15: grid.nu.values[1]: ", "list of 1 value", "single value"}},
    {"[0.6, 1.0]", "[]", {"bad.yaml:13: grid.nu.values: ", "found a list of 0 values", "at least one number"}},
    {"[1e1, 1e12]", "[1e1]", {"bad.yaml:9: grid.N_I.log: ", "found a list of 1 value,", "two numbers"}},
    {"[1e1, 1e12]", "[1, 2, 3]", {"bad.yaml:9: grid.N_I.log: ", "found a list of 3 values,", "two numbers"}},
    {"[1e1, 1e12]", "[1, {a: 2}]", {"bad.yaml:9: grid.N_I.log[1]: ", "found a mapping", "a single value"}},
    {"[1e1, 1e12]", "5", {"bad.yaml:9: grid.N_I.log: ", "found 5", "two numbers"}},
};

static const struct bad bad_values[] = {
    {"market_entry", "market", {"bad.yaml:2: sweep: ", "found market,", "expected market_entry or scaling_law"}},
    {"market_entry", "nothing", {"bad.yaml:2: sweep: ", "found nothing", "expected market_entry or scaling_law"}},
    {"market_entry", "scaling_law", {"bad.yaml:6: incumbent: ", "a key of sweep: market_entry", "none with sweep: sc"}},
    {"incumbent: {tau: 0.9}\n", "", {"bad.yaml:1: incumbent: missing, expected {tau: ..}, or an axis grid.tau_I"}},
    {"grid:\n", "grid:\n  tau_I: {values: [0.5]}\n", {"bad.yaml:6: incumbent: ", "none beside grid.tau_I"}},
    {"incumbent: {tau: 0.9}\n", "incumbent:\n", {"bad.yaml:6: incumbent: ", "found nothing", "the key tau"}},
    {"deterministic", "exact", {"bad.yaml:3: solver: ", "found exact", "expected deterministic or ridge"}},
    {"deterministic", "ridge", {"bad.yaml:1: ridge: missing", "the keys P, N, trials", ", because solver is ridge"}},
    {"deterministic",
     "deterministic\n" RIDGE("64", "8, 16, 32, 64", "2", "1"),
     {"bad.yaml:4: ridge: ", "found a key of solver: ridge", "none with solver: deterministic"}},
    {"deterministic", "ridge\n" RIDGE("1", "8, 16, 32, 64", "2", "1"), {"bad.yaml:4: ridge.P: ", "found 1", "from 2"}},
    {"deterministic", "ridge\n" RIDGE("64", "8, 16, 32", "2", "1"), {"bad.yaml:4: ridge.N: ", "3 rungs", "at least 4"}},
    {"deterministic",
     "ridge\n" RIDGE("64", "8, 16, 32.5, 64", "2", "1"),
     {"bad.yaml:4: ridge.N.values[2]: ", "found 32.5", "an integer"}},
    {"deterministic",
     "ridge\n" RIDGE("64", "8, 16, 16, 64", "2", "1"),
     {"bad.yaml:4: ridge.N.values[2]: ", "found 16", "greater than"}},
    {"deterministic",
     "ridge\nridge: {P: 64, N: {log: [1, 9], points: 90}, trials: 2, seed: 1}",
     {"bad.yaml:4: ridge.N.points: ", "found 90", "some would be the same whole number"}},
    {"deterministic",
     "ridge\nridge: {P: 64, N: {log: [1, 9], points: 9}, trials: 2, seed: 1}",
     {"bad.yaml:4: ridge.N.points: ", "found 9", "round to the same whole number"}},
    {"deterministic",
     "ridge\n" RIDGE("1e6", "8, 16, 32, 4e4", "2", "1"),
     {"bad.yaml:4: ridge.N: ", "found 40000", "at most 32766"}},
    {"deterministic",
     "ridge\n" RIDGE("64", "8, 16, 32, 64", "1", "1"),
     {"bad.yaml:4: ridge.trials: ", "found 1", "from 2"}},
    {"deterministic",
     "ridge\n" RIDGE("64", "8, 16, 32, 64", "2", "-1"),
     {"bad.yaml:4: ridge.seed: ", "found -1", "from 0"}},
    {"deterministic",
     "ridge\n" RIDGE("64", "8, 16, 32, 64", "2", "1, ranks_per_group: 0"),
     {"bad.yaml:4: ridge.ranks_per_group: ", "found 0", "or auto"}},
    {"L_star", "Lstar", {"bad.yaml:7: tau_unit: ", "found Lstar", "expected L_star or absolute"}},
    {"gamma: 0.5", "gamma: 0.009", {"bad.yaml:5: model.gamma: ", "found 0.009", "0.01 <= gamma <= 2"}},
    {"gamma: 0.5", "gamma: 2.1", {"bad.yaml:5: model.gamma: ", "found 2.1", "0.01 <= gamma <= 2"}},
    {"gamma: 0.5", "gamma: .inf", {"bad.yaml:5: model.gamma: ", "found .inf", "0.01 <= gamma <= 2"}},
    {"gamma: 0.5", "gamma: .nan", {"bad.yaml:5: model.gamma: ", "found .nan", "a decimal number"}},
    {"gamma: 0.5", "gamma: 0x1", {"bad.yaml:5: model.gamma: ", "found 0x1", "a decimal number"}},
    {"gamma: 0.5", "gamma: 0.5x", {"bad.yaml:5: model.gamma: ", "found 0.5x", "a decimal number"}},
    {"gamma: 0.5", "gamma: 1e", {"bad.yaml:5: model.gamma: ", "found 1e", "a decimal number"}},
    {"gamma: 0.5", "gamma: '.'", {"bad.yaml:5: model.gamma: ", "found .,", "a decimal number"}},
    {"gamma: 0.5", "gamma: 5e-1_0", {"bad.yaml:5: model.gamma: ", "found 5e-1_0", "a decimal number"}},
    {"P: .inf", "P: 10.5", {"bad.yaml:5: model.P: ", "found 10.5", "an integer from 1 to 1e9, or .inf"}},
    {"P: .inf", "P: 0", {"bad.yaml:5: model.P: ", "found 0", "an integer from 1 to 1e9"}},
    {"P: .inf", "P: 1000000001", {"bad.yaml:5: model.P: ", "found 1000000001", "an integer from 1 to 1e9"}},
    {"P: .inf", "P: inf", {"bad.yaml:5: model.P: ", "found inf", "a decimal number", "or .inf"}},
    {"tau: 0.9", "tau: 1e999", {"bad.yaml:6: incumbent.tau: ", "found 1e999", "that a double holds"}},
    {"tau: 0.9", "tau: 1e-999", {"bad.yaml:6: incumbent.tau: ", "found 1e-999", "that a double holds"}},
    {"tau: 0.9", "tau: 0", {"bad.yaml:6: incumbent.tau: ", "found 0", "0 < tau"}},
    {"tau: 0.9", "tau: -.inf", {"bad.yaml:6: incumbent.tau: ", "found -.inf", "0 < tau"}},
    {"[1e1, 1e12]", "[0.5, 1e12]", {"bad.yaml:9: grid.N_I.log[0]: ", "found 0.5", "1 <= N_I <= 1e15, or .inf"}},
    {"[1e1, 1e12]", "[1, 1e16]", {"bad.yaml:9: grid.N_I.log[1]: ", "found 1e16", "1 <= N_I <= 1e15"}},
    {"[1e1, 1e12]", "[1, .inf]", {"bad.yaml:9: grid.N_I.log[1]: ", "found .inf", "a finite end"}},
    {"[1e1, 1e12]", "[1e1, 10]", {"bad.yaml:9: grid.N_I.log: ", "found [1e1, 10]", "two different ends"}},
    {"log: [1e1, 1e12]", "linear: [2, 2]", {"bad.yaml:9: grid.N_I.linear: ", "found [2, 2]", "two different ends"}},
    {", points: 111", "", {"bad.yaml:9: grid.N_I.points: missing, expected the number of points beside log"}},
    {"[0.1]}", "[0.1], points: 1}", {"bad.yaml:11: grid.Q.points: ", "found 1", "no points beside values"}},
    {"points: 111", "points: 1", {"bad.yaml:9: grid.N_I.points: ", "found 1", "an integer from 2 to 1e8"}},
    {"points: 111", "points: 2.5", {"bad.yaml:9: grid.N_I.points: ", "found 2.5", "an integer from 2 to 1e8"}},
    {"points: 111", "points: 100000001", {"bad.yaml:9: grid.N_I.points: ", "found 100000001", "an integer from 2"}},
    {"[1e1, 1e12], p", "[1, 1.000000000000001], p", {"bad.yaml:9: grid.N_I.points: ", "found 111", "fewer"}},
    {"[0.1]}", "[0.1], log: [0.1, 1]}", {"bad.yaml:11: grid.Q: ", "found values and log", "one of {values: [..]}"}},
    {"{values: [0.1]}",
     "{points: 3}",
     {"bad.yaml:11: grid.Q: ", "found neither values, log nor linear", "one of {values"}},
    {"[0.1]",
     "[0.1, 0.3, 0.2]",
     {"bad.yaml:11: grid.Q.values[2]: ", "found 0.2", "greater than the one before it, 0.3"}},
    {"[0.1]", "[0.3, 0.1, 0.2]", {"bad.yaml:11: grid.Q.values[2]: ", "found 0.2", "less than the one before it, 0.1"}},
    {"[0.1]", "[0.1, 1e-1]", {"bad.yaml:11: grid.Q.values[1]: ", "found 1e-1", "greater than the one before it, 0.1"}},
    {"[.inf]", "[2, .inf, .inf]", {"bad.yaml:10: grid.tau_E.values[2]: ", "found .inf", "the one before it, .inf"}},
    {"[0.1]", "[0, 0.1]", {"bad.yaml:11: grid.Q.values[0]: ", "found 0", "0 < Q <= 1"}},
    {"[0.1]", "[1.1]", {"bad.yaml:11: grid.Q.values[0]: ", "found 1.1", "0 < Q <= 1"}},
    {"[0.6, 1.0]", "[0.5]", {"bad.yaml:13: grid.nu.values[0]: ", "found 0.5", "gamma < nu <= 2 (1 + gamma) = 3"}},
    {"[0.6, 1.0]", "[1, 4]", {"bad.yaml:13: grid.nu.values[1]: ", "found 4", "gamma < nu <= 2 (1 + gamma) = 3"}},
    {"[0.6, 1.0]", "[1,\n  3.5]", {"bad.yaml:14: grid.nu.values[1]: ", "found 3.5", "gamma < nu"}},
    {"tau: 0.9", "tau: 0.2499", {"bad.yaml:6: incumbent.tau: ", "found 0.2499", "at least 0.25", "L_star/4"}},
    {"[.inf]", "[0.1, 0.2]", {"bad.yaml:10: grid.tau_E: ", "found 0.2 as the largest", "at least 0.25", "L_star/4"}},
};

static const struct bad bad_texts[] = {
    {good, "", {"bad.yaml:1: ", "empty file", "expected"}},
    {good, "# nothing but this\n", {"bad.yaml:1: ", "empty file", "expected"}},
    {good, "just text\n", {"bad.yaml:1: ", "found just text", "expected a mapping with the keys name, sweep"}},
    {good, "\n- name: test\n", {"bad.yaml:2: ", "found a list of 1 value", "expected a mapping with the keys name"}},
    {"values: [0.6, 1.0]\n", "values: [0.6, 1.0]\n---\na: 1\n", {"bad.yaml:14: ", "second document", "one per file"}},
    {"[0.1]}", "[0.1}", {"bad.yaml:11: ", "broken YAML", "from line 11", "expected ',' or ']'"}},
    {"  nu:", "\tnu:", {"bad.yaml:12: ", "found a tab, expected spaces"}},
    {"  nu:", "  \tnu:", {"bad.yaml:12: ", "found a tab, expected spaces"}},
    {"model: {gamma: 0.5, P: .inf}",
     "model:\n  gamma: 0.5\n\tP: .inf",
     {"bad.yaml:7: ", "found a tab, expected spaces"}},
    {"[0.1]", "&a [0.1]", {"bad.yaml:11: ", "anchor", "plain values"}},
    {"[0.1]", "*a", {"bad.yaml:11: ", "alias", "plain values"}},
    {"[0.1]", "!!binary aGk=", {"bad.yaml:11: ", "tag", "plain values"}},
    {"name: test", "name: \"a\\0b\"", {"bad.yaml:1: name: ", "NUL", "expected text"}},
    {"name: test", "name: \x80\x81", {"bad.yaml:1: ", "bytes that are not text", "UTF-8"}},
    {"nu:", "n\x01u:", {"bad.yaml:12: ", "bytes that are not text", "UTF-8"}},
    {"name: test", "[a]: test", {"bad.yaml:1: ", "key that is a list or mapping", "a name"}},
    {"[0.1]", "[[[[[[[[[[0.1]]]]]]]]]]", {"bad.yaml:11: grid.Q.values[0][0]", "nested"}},
};

/* The good config with its first `from` turned into `to`. */
static void edit_text(const char *original, const char *from, const char *to, char text[TEXT_SIZE])
{
    const char *at = strstr(original, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(text, TEXT_SIZE, "%.*s%s%s", (int)(at - original), original, to, at + strlen(from));
}

static void edit(const char *from, const char *to, char text[TEXT_SIZE])
{
    edit_text(good, from, to, text);
}

/* The config of an edit that makes a good one; to be destroyed. */
static struct config *parse_edited(const char *from, const char *to)
{
    char text[TEXT_SIZE];
    struct config *config = NULL;
    edit(from, to, text);
    if (config_parse(text, "good.yaml", &config) != MOAT_OK) {
        printf("\n    '%s' refused: %s\n", to, moat_error_message());
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static bool accepted(const char *text)
{
    struct config *config = NULL;
    enum moat_status status = config_parse(text, "some.yaml", &config);
    CU_ASSERT_EQUAL(status == MOAT_OK, config != NULL);
    config_destroy(&config);
    return status == MOAT_OK;
}

static bool accepts(const char *from, const char *to)
{
    char text[TEXT_SIZE];
    edit(from, to, text);
    return accepted(text);
}

static void reads_ridge(void)
{
    char text[TEXT_SIZE];
    struct config *config = NULL, *other = NULL;
    edit("deterministic", "ridge\n" RIDGE("2048", "16, 64, 256, 2048", "16", "7, ranks_per_group: 3"), text);
    CU_ASSERT_EQUAL_FATAL(config_parse(text, "good.yaml", &config), MOAT_OK);
    CU_ASSERT_EQUAL(config->solver, SOLVER_RIDGE);
    CU_ASSERT_EQUAL(config->P, 2048);
    CU_ASSERT_EQUAL(config->ridge.N.size, 4);
    CU_ASSERT_EQUAL(config->ridge.N.values[2], 256);
    CU_ASSERT_EQUAL(config->ridge.trials, 16);
    CU_ASSERT_EQUAL(config->ridge.seed, 7);
    CU_ASSERT_EQUAL(config->ridge.ranks_per_group, 3);

    edit("deterministic", "ridge\n" RIDGE("2048", "16, 64, 256, 2048", "16", "7"), text);
    CU_ASSERT_EQUAL_FATAL(config_parse(text, "good.yaml", &other), MOAT_OK);
    CU_ASSERT(config_equal(config, other)); /* groups are not part of the question */
    other->ridge.seed = 8;
    CU_ASSERT(!config_equal(config, other));
    config_destroy(&config);
    config_destroy(&other);
}

static const char scaling[] = "name: test\n"
                              "sweep: scaling_law\n"
                              "solver: deterministic\n"
                              "output: test.h5\n"
                              "model: {gamma: 0.5, P: .inf}\n"
                              "grid:\n"
                              "  N: {log: [1, 1e30], points: 31}\n"
                              "  alpha: {values: [0.5, 1]}\n"
                              "  Q: {values: [0.1]}\n"
                              "  nu: {values: [0.6, 1.0]}\n";

static void reads_scaling_laws(void)
{
    static const char *const bad[][3] = {
        {"1e30", "1e31", "bad.yaml:7: grid.N.log[1]: found 1e31, expected 1 <= N <= 1e30"},
        {"[0.5, 1]", "[0.4, 1]", "bad.yaml:8: grid.alpha.values[0]: found 0.4, expected 0.5 <= alpha <= 1"},
        {"  alpha", "  lambda: {values: [0]}\n  alpha",
         "bad.yaml:8: grid.lambda.values[0]: found 0, expected 0 < lambda"},
        {"  alpha", "  tau_E: {values: [1]}\n  alpha",
         "bad.yaml:8: grid.tau_E: found a key of sweep: market_entry, expected none with sweep: scaling_law"},
        {"  alpha", "  beta: {values: [1]}\n  alpha",
         "bad.yaml:8: grid.beta: found an unknown key, expected a mapping with the keys N, alpha, Q, nu, lambda"},
        {"grid:", "tau_unit: L_star\ngrid:", "bad.yaml:6: tau_unit: found a key of sweep: market_entry"},
        {"grid:", "scrutiny: trained_model\ngrid:", "bad.yaml:6: scrutiny: found a key of sweep: market_entry"},
        {"grid:", "store: [N_E_star]\ngrid:", "bad.yaml:6: store[0]: found N_E_star, expected status, "},
        {"  Q: {values: [0.1]}\n", "", "bad.yaml:6: grid.Q: missing, expected {values: [..]}"},
    };
    struct config *config = NULL, *other = NULL;
    char text[TEXT_SIZE];
    CU_ASSERT_EQUAL_FATAL(config_parse(scaling, "good.yaml", &config), MOAT_OK);
    CU_ASSERT_EQUAL(config->sweep, SWEEP_SCALING_LAW);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_N].size, 31);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_ALPHA].values[0], 0.5);
    CU_ASSERT(config->grid.axis[GRID_LAMBDA].scalar && isnan(config->grid.axis[GRID_LAMBDA].values[0]));
    edit_text(scaling, "  alpha", "  lambda: {log: [1e-6, 1], points: 7}\n  alpha", text);
    CU_ASSERT_EQUAL_FATAL(config_parse(text, "good.yaml", &other), MOAT_OK);
    CU_ASSERT(!other->grid.axis[GRID_LAMBDA].scalar && other->grid.axis[GRID_LAMBDA].size == 7);
    CU_ASSERT(config_equal(config, config) && !config_equal(config, other));
    config_destroy(&config);
    config_destroy(&other);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        edit_text(scaling, bad[i][0], bad[i][1], text);
        CU_ASSERT_EQUAL(config_parse(text, "bad.yaml", &config), MOAT_USAGE);
        expect(strncmp(moat_error_message(), bad[i][2], strlen(bad[i][2])) == 0, "%s: not what was expected, %s",
               moat_error_message(), bad[i][2]);
    }
}

/* The incumbent's threshold as an axis, and as a list of one, which is another file than a scalar. */
static void reads_tau_I_axis(void)
{
    struct config *scalar = NULL, *list = NULL;
    char bare[TEXT_SIZE], text[TEXT_SIZE];
    edit("incumbent: {tau: 0.9}\n", "", bare);
    edit_text(bare, "grid:\n", "grid:\n  tau_I: {values: [0.9]}\n", text);
    CU_ASSERT_EQUAL_FATAL(config_parse(text, "good.yaml", &list), MOAT_OK);
    CU_ASSERT_EQUAL_FATAL(config_parse(good, "good.yaml", &scalar), MOAT_OK);
    CU_ASSERT(!list->grid.axis[GRID_TAU_I].scalar && scalar->grid.axis[GRID_TAU_I].scalar);
    CU_ASSERT_EQUAL(list->grid.axis[GRID_TAU_I].values[0], 0.9);
    CU_ASSERT(!config_equal(list, scalar));
    config_destroy(&list);
    config_destroy(&scalar);
    edit_text(bare, "grid:\n", "grid:\n  tau_I: {values: [0.1, 0.2]}\n", text);
    CU_ASSERT_EQUAL(config_parse(text, "bad.yaml", &list), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "grid.tau_I: found 0.2 as the largest value"));
}

static void check_bad(const struct bad *bad, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[TEXT_SIZE];
        struct config *config = (struct config *)text; /* must become NULL */
        edit(bad[i].from, bad[i].to, text);
        CU_ASSERT_EQUAL(config_parse(text, "bad.yaml", &config), MOAT_USAGE);
        CU_ASSERT_PTR_NULL(config);
        for (int f = 0; f < FRAGMENTS && bad[i].said[f]; f++) {
            bool said = strstr(moat_error_message(), bad[i].said[f]) != NULL;
            CU_ASSERT_TRUE(said);
            if (!said) {
                printf("\n    '%s': no '%s' in: %s\n", bad[i].to, bad[i].said[f], moat_error_message());
            }
        }
        CU_ASSERT_PTR_NULL(strchr(moat_error_message(), '\n'));
    }
}

/* All bad configs; with nothing on stderr but what the caller would print. */
static void refuses_with_place_and_reason(void)
{
    char path[] = "/tmp/moat-test-config-XXXXXX";
    int kept = dup(STDERR_FILENO), file = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(kept >= 0 && file >= 0);
    dup2(file, STDERR_FILENO);

    check_bad(bad_keys, sizeof bad_keys / sizeof *bad_keys);
    check_bad(bad_values, sizeof bad_values / sizeof *bad_values);
    check_bad(bad_texts, sizeof bad_texts / sizeof *bad_texts);

    dup2(kept, STDERR_FILENO);
    struct stat about;
    CU_ASSERT_EQUAL(fstat(file, &about), 0);
    CU_ASSERT_EQUAL(about.st_size, 0);
    close(file);
    close(kept);
    unlink(path);
}

static void reads_every_key(void)
{
    struct config *config = NULL;
    CU_ASSERT_EQUAL_FATAL(config_parse(good, "good.yaml", &config), MOAT_OK);
    CU_ASSERT_STRING_EQUAL(config->name, "test");
    CU_ASSERT_STRING_EQUAL(config->output, "test.h5");
    CU_ASSERT_STRING_EQUAL(config->text, good);
    CU_ASSERT_EQUAL(config->solver, SOLVER_DETERMINISTIC);
    CU_ASSERT_EQUAL(config->tau_unit, MOAT_TAU_L_STAR);
    CU_ASSERT_EQUAL(config->gamma, 0.5);
    CU_ASSERT_EQUAL(config->P, INFINITY);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_TAU_I].values[0], 0.9);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_TAU_E].size, 1);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_TAU_E].values[0], INFINITY);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_Q].values[0], 0.1);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_NU].size, 2);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_NU].values[0], 0.6);
    CU_ASSERT_EQUAL(config->grid.axis[GRID_NU].values[1], 1.0);
    config_destroy(&config);
    CU_ASSERT_PTR_NULL(config);
    config_destroy(&config);

    config = parse_edited("tau_unit: L_star\n", "");
    CU_ASSERT_EQUAL(config->tau_unit, MOAT_TAU_L_STAR);
    config_destroy(&config);

    config = parse_edited("tau_unit: L_star", "tau_unit: absolute");
    CU_ASSERT_EQUAL(config->tau_unit, MOAT_TAU_ABSOLUTE);
    config_destroy(&config);

    config = parse_edited("P: .inf", "P: 1e9");
    CU_ASSERT_EQUAL(config->P, 1000000000.0);
    config_destroy(&config);

    config = parse_edited("tau: 0.9", "tau: +.INF");
    CU_ASSERT_EQUAL(config->grid.axis[GRID_TAU_I].values[0], INFINITY);
    config_destroy(&config);
}

/* Points of a log axis, against decades written out and repeated multiplication. */
static void spaces_log_axes(void)
{
    static const double decades[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    struct config *config = parse_edited("name", "name");
    const struct axis *axis = &config->grid.axis[GRID_N_I];
    CU_ASSERT_EQUAL_FATAL(axis->size, 111);
    double expected = 10;
    for (size_t i = 0; i < 111; i++) {
        CU_ASSERT_DOUBLE_EQUAL(axis->values[i] / expected, 1, 1e-13);
        expected *= 1.2589254117941673; /* the tenth root of 10 */
        if (i % 10 == 0) {
            CU_ASSERT_EQUAL(axis->values[i], decades[i / 10]);
        }
    }
    config_destroy(&config);

    config = parse_edited("[1e1, 1e12], points: 111", "[3.3, 77777.7], points: 4");
    axis = &config->grid.axis[GRID_N_I];
    CU_ASSERT_EQUAL_FATAL(axis->size, 4);
    CU_ASSERT_EQUAL(axis->values[0], 3.3);
    CU_ASSERT_DOUBLE_EQUAL(axis->values[1] / (3.3 * cbrt(77777.7 / 3.3)), 1, 1e-14);
    CU_ASSERT_DOUBLE_EQUAL(axis->values[2] / (77777.7 / cbrt(77777.7 / 3.3)), 1, 1e-14);
    CU_ASSERT_EQUAL(axis->values[3], 77777.7);
    config_destroy(&config);
}

static void spaces_linear_axes(void)
{
    struct config *config = parse_edited("{values: [0.1]}", "{linear: [0.1, 0.7], points: 7}");
    const struct axis *axis = &config->grid.axis[GRID_Q];
    CU_ASSERT_EQUAL_FATAL(axis->size, 7);
    for (int i = 0; i < 7; i++) {
        CU_ASSERT_DOUBLE_EQUAL(axis->values[i], 0.1 + 0.1 * i, 2e-16);
    }
    CU_ASSERT_EQUAL(axis->values[0], 0.1);
    CU_ASSERT_EQUAL(axis->values[6], 0.7);
    config_destroy(&config);

    config = parse_edited("{values: [.inf]}", "{values: [0.3, 1.5e0, 2., .5e1, 1E2, .inf]}");
    static const double listed[] = {0.3, 1.5, 2, 5, 100, INFINITY};
    axis = &config->grid.axis[GRID_TAU_E];
    CU_ASSERT_EQUAL_FATAL(axis->size, 6);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(axis->values[i], listed[i]);
    }
    config_destroy(&config);
}

/* Every value of a linear axis is the double that its decimal is read as, so that sel(Q=0.3) finds it. */
static void spaces_linear_axes_in_decimals(void)
{
    static const struct {
        const char *from, *to;
        int axis, first, step, points; /* in tenths */
    } cases[] = {
        {"{values: [0.1]}", "{linear: [0.1, 1.0], points: 10}", GRID_Q, 1, 1, 10},
        {"{values: [0.1]}", "{linear: [1, 1e-1], points: 10}", GRID_Q, 1, 1, 10},
        {"{values: [.inf]}", "{linear: [0.3, 1.2], points: 10}", GRID_TAU_E, 3, 1, 10},
        {"values: [0.6, 1.0]", "{linear: [0.6, 3.0], points: 25}", GRID_NU, 6, 1, 25},
        {"{log: [1e1, 1e12], points: 111}", "{linear: [1, 999901], points: 1001}", GRID_N_I, 10, 9999, 1001},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct config *config = parse_edited(cases[c].from, cases[c].to);
        const struct axis *axis = &config->grid.axis[cases[c].axis];
        CU_ASSERT_EQUAL_FATAL((int)axis->size, cases[c].points);
        for (int i = 0; i < cases[c].points; i++) {
            int tenths = cases[c].first + i * cases[c].step;
            char decimal[32];
            snprintf(decimal, sizeof decimal, "%d.%d", tenths / 10, tenths % 10);
            expect(axis->values[i] == strtod(decimal, NULL), "%s: %.17g is not %s", cases[c].to, axis->values[i],
                   decimal);
        }
        config_destroy(&config);
    }
}

/* Falling lists and ends give the axis that the rising ones give. */
static void turns_falling_axes(void)
{
    static const char *const pairs[][3] = {
        {"[0.1]", "[0.1, 0.25, 1]", "[1, 0.25, 0.1]"},
        {"[.inf]", "[2, .inf]", "[.inf, 2]"},
        {"[1e1, 1e12]", "[3, 7e12]", "[7e12, 3]"},
        {"log: [1e1, 1e12]", "linear: [3, 7e12]", "linear: [7e12, 3]"},
        {"deterministic", "ridge\n" RIDGE("64", "8, 16, 32, 64", "2", "1"),
         "ridge\n" RIDGE("64", "64, 32, 16, 8", "2", "1")},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct config *rising = parse_edited(pairs[i][0], pairs[i][1]);
        struct config *falling = parse_edited(pairs[i][0], pairs[i][2]);
        CU_ASSERT(config_equal(rising, falling));
        config_destroy(&rising);
        config_destroy(&falling);
    }
}

/* A whole number is what the text says, or it is refused: not the double next to it. */
static void refuses_whole_numbers_between_doubles(void)
{
    static const struct {
        const char *seed;
        uint64_t value; /* 0: refused */
    } cases[] = {
        {"9007199254740992", 9007199254740992},
        {"9007199254740991", 9007199254740991},
        {"9007199254740993", 0},
        {"9007199254740992.5", 0},
        {"9007199254740991.4", 0},
        {"4503599627370497.5", 0},
        {"4.00000000000000000001", 0},
        {"90071992547409.92e2", 9007199254740992},
        {"0.9007199254740992e16", 9007199254740992},
        {"+007.000", 7},
        {"120e-1", 12},
        {"1e15", 1000000000000000},
        {"10000000000000000000000e-20", 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char mapping[256], text[TEXT_SIZE];
        struct config *config = NULL;
        snprintf(mapping, sizeof mapping, "ridge\n" RIDGE("64", "8, 16, 32, 64", "2", "%s"), cases[i].seed);
        edit("deterministic", mapping, text);
        CU_ASSERT_EQUAL(config_parse(text, "bad.yaml", &config), cases[i].value > 0 ? MOAT_OK : MOAT_USAGE);
        if (cases[i].value > 0) {
            CU_ASSERT(config && config->ridge.seed == cases[i].value);
        } else {
            CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "bad.yaml:4: ridge.seed: found"));
            CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "expected an integer from 0 to 2^53"));
        }
        config_destroy(&config);
    }
}

/* One config in spellings that YAML allows: quotes, explicit keys, JSON, indentation, a line for each word, other ends
   of lines, a byte order mark. */
static void reads_spellings_alike(void)
{
    static const char head[] = "name: a\nsweep: market_entry\nsolver: deterministic\noutput: plain.h5\n"
                               "model: {gamma: 0.5, P: .inf}\nincumbent: {tau: 1.1}\n";
    static const char tail[] = "grid:\n  N_I:   {log: [10, 1e6], points: 12}\n  tau_E: {values: [1.2, 1.5, .inf]}\n"
                               "  Q:     {values: [0.5]}\n  nu:    {values: [1.0]}\n";
    static const char *const unit[] = {"tau_unit: absolute\n", "\"tau_unit\": 'absolute'\n", "tau_unit:\n  absolute\n",
                                       "? tau_unit\n: absolute\n"};
    static const char json[] =
        "{\"name\": \"a\", \"sweep\": \"market_entry\", \"solver\": \"deterministic\", \"output\": \"json.h5\",\n"
        " \"model\": {\"gamma\": 0.5, \"P\": \".inf\"}, \"incumbent\": {\"tau\": 1.1}, \"tau_unit\": \"absolute\",\n"
        " \"grid\": {\"N_I\": {\"log\": [10, 1e6], \"points\": 12}, \"tau_E\": {\"values\": [1.2, 1.5, \".inf\"]},\n"
        " \"Q\": {\"values\": [0.5]}, \"nu\": {\"values\": [1.0]}}}\n";
    enum { SPELLINGS = 8 };
    static char text[SPELLINGS][TEXT_SIZE];
    for (int i = 0; i < 4; i++) {
        snprintf(text[i], TEXT_SIZE, "%s%s%s", head, unit[i], tail);
    }
    snprintf(text[4], TEXT_SIZE, "%s", json);
    snprintf(text[5], TEXT_SIZE, "\xEF\xBB\xBF%.4000s", text[0]);
    size_t indented = 0, crossed = 0;
    for (const char *c = text[0]; *c; c++) { /* two blanks before each line; lines that end as on Windows */
        indented += (size_t)sprintf(text[6] + indented, "%s%c", c == text[0] || c[-1] == '\n' ? "  " : "", *c);
        crossed += (size_t)sprintf(text[7] + crossed, "%s%c", *c == '\n' ? "\r" : "", *c);
    }
    struct config *first = NULL, *other = NULL;
    CU_ASSERT_EQUAL_FATAL(config_parse(text[0], "plain.yaml", &first), MOAT_OK);
    CU_ASSERT(first->tau_unit == MOAT_TAU_ABSOLUTE && first->grid.axis[GRID_TAU_I].values[0] == 1.1);
    for (int i = 1; i < SPELLINGS; i++) {
        enum moat_status status = config_parse(text[i], "spelled.yaml", &other);
        expect(status == MOAT_OK && config_equal(first, other), "spelling %d is another config: %s", i,
               status == MOAT_OK ? "its numbers differ" : moat_error_message());
        config_destroy(&other);
    }
    config_destroy(&first);
}

/* The ends of ranges are in where they are said to be. */
static void accepts_ends_of_ranges(void)
{
    CU_ASSERT_TRUE(accepts("gamma: 0.5", "gamma: 0.01"));
    CU_ASSERT_TRUE(accepts("gamma: 0.5, P: .inf", "gamma: 0.5, P: 1"));
    CU_ASSERT_TRUE(accepts("[1e1, 1e12]", "[1, 1e15]"));
    CU_ASSERT_TRUE(accepts("{log: [1e1, 1e12], points: 111}", "{values: [.inf]}"));
    CU_ASSERT_TRUE(accepts("[0.1]", "[1e-9, 1]"));
    CU_ASSERT_TRUE(accepts("[0.6, 1.0]", "[0.5000000001, 3]"));
    CU_ASSERT_TRUE(accepts("tau: 0.9", "tau: 0.25"));
    CU_ASSERT_TRUE(accepts("[.inf]", "[0.1, 0.25]"));
    for (int hundredths = 1; hundredths <= 200; hundredths++) { /* nu = 2 (1 + gamma), typed in decimals */
        char text[TEXT_SIZE];
        snprintf(text, sizeof text,
                 "{name: a, sweep: market_entry, solver: deterministic, output: b, model: {gamma: %.2f, P: .inf},"
                 " incumbent: {tau: 1}, grid: {N_I: {values: [1]}, tau_E: {values: [1]}, Q: {values: [1]},"
                 " nu: {values: [%.2f]}}}",
                 hundredths / 100.0, 2 + hundredths / 50.0);
        CU_ASSERT_TRUE(accepted(text));
    }
}

/* Absolute thresholds against L_star/4 at the least misalignment and the largest nu, 1: Q/2 pi^2/6 and partial sums. */
static void refuses_thresholds_nobody_meets(void)
{
    static const struct {
        double tau_I, tau_E;
        const char *P, *Q;
        bool met;
    } cases[] = {
        {0.08224, 9, ".inf", "0.1", false},    {0.08225, 9, ".inf", "0.1", true}, /* 0.05 pi^2/6 = 0.0822467 */
        {9, 0.08224, ".inf", "0.1, 1", false}, {9, 0.08225, ".inf", "0.1, 1", true},
        {0.06805, 9, "3", "0.1, 0.2", false},  {0.06806, 9, "3", "0.1, 0.2", true}, /* 0.05 (1 + 1/4 + 1/9) */
        {9, 0.0499, "1", "0.1", false},        {9, 0.0501, "1", "0.1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TEXT_SIZE];
        snprintf(text, sizeof text,
                 "{name: a, sweep: market_entry, solver: deterministic, output: b, model: {gamma: 0.5, P: %s},"
                 " incumbent: {tau: %g}, tau_unit: absolute, grid: {N_I: {values: [1]}, tau_E: {values: [1e-9, %g]},"
                 " Q: {values: [%s]}, nu: {values: [0.6, 1]}}}",
                 cases[i].P, cases[i].tau_I, cases[i].tau_E, cases[i].Q);
        CU_ASSERT_EQUAL(accepted(text), cases[i].met);
        if (!cases[i].met) {
            CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), cases[i].tau_I < 1 ? "incumbent.tau" : "grid.tau_E"));
            CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "L_star/4"));
        }
    }
}

static double peak_megabytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void refuses_huge_grids_at_once(void)
{
    char text[TEXT_SIZE];
    struct config *config = NULL;
    edit("points: 111}\n  tau_E: {values: [.inf]}", "points: 1e8}\n  tau_E: {log: [1, 2], points: 5000}", text);
    double megabytes = peak_megabytes();
    clock_t start = clock();
    CU_ASSERT_EQUAL(config_parse(text, "huge.yaml", &config), MOAT_USAGE);
    CU_ASSERT_TRUE((double)(clock() - start) / CLOCKS_PER_SEC < 1);
    CU_ASSERT_TRUE(peak_megabytes() - megabytes < 100);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(moat_error_message(), "huge.yaml:8: grid: found N_I 100000000 x tau_E 5000 x Q 1 x nu 2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "1e+12 points"));
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "at most 1e10"));
}

/* Equal whatever the spelling; unequal at the last bit of any number. */
static void tells_equal_sweeps(void)
{
    static const char spelled[] =
        "# the same\n"
        "{grid: {nu: {values: [6e-1, 1]}, Q: {values: [0.10]}, tau_E: {values: [.INF]},"
        " N_I: {points: 1.11e2, log: [10, 1000000000000]}}, incumbent: {tau: .9}, model: {P: +.inf, gamma: 5e-1},"
        " solver: deterministic, sweep: market_entry, name: other, output: elsewhere.h5}\n";
    static const char *const changes[][2] = {
        {"gamma: 0.5", "gamma: 0.50000000000000011"},
        {"P: .inf", "P: 1e9"},
        {"tau: 0.9", "tau: 0.90000000000000013"},
        {"L_star", "absolute"},
        {"points: 111", "points: 110"},
        {"1e12", "1.0000000000000002e12"},
        {"[.inf]", "[1e100]"},
        {"[0.1]", "[0.10000000000000002]"},
        {"[0.6, 1.0]", "[0.6]"},
        {"[0.6, 1.0]", "[0.6, 1.0000000000000002]"},
    };
    struct config *left = NULL, *right = NULL;
    CU_ASSERT_EQUAL_FATAL(config_parse(good, "left.yaml", &left), MOAT_OK);
    CU_ASSERT_EQUAL(config_parse(spelled, "right.yaml", &right), MOAT_OK);
    CU_ASSERT_TRUE(right && config_equal(left, right));
    config_destroy(&right);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        right = parse_edited(changes[i][0], changes[i][1]);
        CU_ASSERT_FALSE(config_equal(left, right));
        config_destroy(&right);
    }
    config_destroy(&left);
}

/* Which variables a config stores: all of its sweep without the key, else those named and the status. */
static void reads_what_to_store(void)
{
    static const struct bad bad[] = {
        {"grid:",
         "store: [N_E]\ngrid:",
         {"bad.yaml:8: store[0]: found N_E, expected status, regime, L_star, ", ", N_E_star,"}},
        {"grid:", "store: [status, n_e_star]\ngrid:", {"bad.yaml:8: store[1]: ", "; the nearest is N_E_star"}},
        {"grid:", "store: [loss]\ngrid:", {"bad.yaml:8: store[0]: found loss, expected status, "}},
        {"grid:", "store: [N_E_star_stderr]\ngrid:", {"bad.yaml:8: store[0]: found N_E_star_stderr"}},
        {"grid:", "store: [tau_I_absolute]\ngrid:", {"bad.yaml:8: store[0]: found tau_I_absolute", "tau_I, "}},
        {"grid:", "store: [D, L_star, D]\ngrid:", {"bad.yaml:8: store[2]: found D, expected each variable once"}},
        {"grid:", "store: [[D]]\ngrid:", {"bad.yaml:8: store[0]: found a list of 1 value, expected status, "}},
        {"grid:", "store: N_E_star\ngrid:", {"bad.yaml:8: store: found N_E_star, expected a list of variables"}},
        {"grid:", "store: []\ngrid:", {"bad.yaml:8: store: found a list of 0 values, expected a list of variables"}},
    };
    struct config *all = parse_edited("name", "name"), *some = parse_edited("grid:", "store: [N_E_star, D]\ngrid:");
    struct config *same = parse_edited("grid:", "store: [D, status, N_E_star]\ngrid:");
    check_bad(bad, sizeof bad / sizeof *bad);
    for (int f = 0; f < FIELD_COUNT; f++) {
        bool market =
            field_table[f].files & FIELD_OF_MARKET_ENTRY && !(field_table[f].files & (FIELD_IF_RIDGE | FIELD_IF_AXIS));
        CU_ASSERT_EQUAL(field_stored(&field_table[f], all), market);
        CU_ASSERT_EQUAL(field_stored(&field_table[f], some),
                        f == FIELD_N_E_STAR || f == FIELD_GAP || f == FIELD_STATUS);
    }
    CU_ASSERT(config_equal(some, same) && !config_equal(all, some));
    config_destroy(&all);
    config_destroy(&some);
    config_destroy(&same);
}

static void reads_scrutiny(void)
{
    static const struct bad bad[] = {
        {"grid:",
         "scrutiny: model\ngrid:",
         {"bad.yaml:8: scrutiny: found model, expected trained_model or training_mix"}},
    };
    struct config *left_out = parse_edited("name", "name");
    struct config *model = parse_edited("grid:", "scrutiny: trained_model\ngrid:");
    struct config *mixture = parse_edited("grid:", "scrutiny: training_mixture\ngrid:");
    check_bad(bad, 1);
    CU_ASSERT(left_out->scrutiny == MOAT_SCRUTINY_TRAINED_MODEL && config_equal(left_out, model));
    CU_ASSERT(mixture->scrutiny == MOAT_SCRUTINY_TRAINING_MIXTURE && !config_equal(left_out, mixture));
    config_destroy(&left_out);
    config_destroy(&model);
    config_destroy(&mixture);
}

static const char on_spectrum[] = "name: test\n"
                                  "sweep: market_entry\n"
                                  "solver: deterministic\n"
                                  "output: test.h5\n"
                                  "model: {spectrum: data/words.h5}\n"
                                  "incumbent: {tau: 0.1}\n"
                                  "grid:\n"
                                  "  N_I: {values: [10, .inf]}\n"
                                  "  tau_E: {values: [0.2]}\n";

/* A spectrum file takes the place of gamma, P, Q and nu, and thresholds below L_star/4 are asked for there. */
static void reads_measured(void)
{
    static const char *const bad[][3] = {
        {"{spectrum", "{gamma: 0.5, spectrum",
         "bad.yaml:5: model.gamma: found a key of power laws, expected none beside "},
        {"{spectrum", "{P: 10, spectrum",
         "bad.yaml:5: model.P: found a key of power laws, expected none beside model.sp"},
        {"  tau_E", "  Q: {values: [1]}\n  tau_E",
         "bad.yaml:9: grid.Q: found a key of power laws, expected none beside "},
        {"  tau_E", "  nu: {values: [1]}\n  tau_E",
         "bad.yaml:9: grid.nu: found a key of power laws, expected none beside"},
        {"  tau_E", "  tau: {values: [1]}\n  tau_E",
         "bad.yaml:9: grid.tau: found an unknown key, expected a mapping with "
         "the keys N_I, tau_E, tau_I"},
        {"spectrum: data/words.h5", "spectrum: 0.5, gama: 1",
         "bad.yaml:5: model.gama: found an unknown key, expected a "
         "mapping with the key spectrum"},
        {"data/words.h5", "[a.h5]", "bad.yaml:5: model.spectrum: found a list of 1 value, expected text"},
        {"data/words.h5", "", "bad.yaml:5: model.spectrum: found nothing, expected text"},
        {"grid:", "store: [regime]\ngrid:", "bad.yaml:7: store[0]: found regime, expected status, L_star, N_E_star, "},
        {"grid:", "store: [elasticity_Q]\ngrid:",
         "bad.yaml:7: store[0]: found elasticity_Q, expected status, L_star, "},
        {"solver: deterministic", "solver: ridge\n" RIDGE("64", "8, 16, 32, 64", "2", "1"),
         "bad.yaml:4: ridge.P: found a key of power laws, expected none beside model.spectrum: P is the number of"},
        {"solver: deterministic", "solver: ridge",
         "bad.yaml:1: ridge: missing, expected a mapping with the keys data, N, trials, seed"},
    };
    struct config *config = NULL, *other = NULL;
    char text[TEXT_SIZE], *path = NULL;
    CU_ASSERT_EQUAL_FATAL(config_parse(on_spectrum, "good.yaml", &config), MOAT_OK);
    CU_ASSERT(config->measured && isnan(config->gamma) && isnan(config->P) && config->directions.spectrum.n == 0);
    CU_ASSERT_STRING_EQUAL(config->spectrum, "data/words.h5");
    CU_ASSERT(config->grid.axis[GRID_Q].scalar && config->grid.axis[GRID_Q].values[0] == 1);
    CU_ASSERT(config->grid.axis[GRID_NU].scalar && isnan(config->grid.axis[GRID_NU].values[0]));
    CU_ASSERT_EQUAL(grid_points(&config->grid), 2);
    CU_ASSERT(!(config->stored >> FIELD_REGIME & 1) && config->stored >> FIELD_L_STAR & 1);
    CU_ASSERT_EQUAL(config_locate(config, "/a/b.h5", &path), MOAT_OK);
    CU_ASSERT_STRING_EQUAL(path, "/a/b.h5");
    free(path);

    edit_text(on_spectrum, "data/words.h5", "elsewhere.h5", text);
    CU_ASSERT_EQUAL_FATAL(config_parse(text, "good.yaml", &other), MOAT_OK);
    CU_ASSERT(config_equal(config, other)); /* what is in the files, the results file knows */
    config_destroy(&other);
    CU_ASSERT_EQUAL_FATAL(config_parse(good, "good.yaml", &other), MOAT_OK);
    CU_ASSERT(!other->measured && !config_equal(config, other));
    config_destroy(&config);
    config_destroy(&other);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        edit_text(on_spectrum, bad[i][0], bad[i][1], text);
        CU_ASSERT_EQUAL(config_parse(text, "bad.yaml", &config), MOAT_USAGE);
        expect(strncmp(moat_error_message(), bad[i][2], strlen(bad[i][2])) == 0, "%s: not what was expected, %s",
               moat_error_message(), bad[i][2]);
    }
    edit("deterministic", "ridge\nridge: {data: a.h5, P: 64, N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}", text);
    CU_ASSERT_EQUAL(config_parse(text, "bad.yaml", &config), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "ridge.data: found a key of sweeps on a measured spectrum"));
}

/* Input files are relative to the folder of the config file. */
static void locates_files(void)
{
    static const char *const cases[][2] = {{"s.h5", "/s.h5"}, {"../s.h5", "/../s.h5"}, {"c/s.h5", "/c/s.h5"}};
    char folder[] = "/tmp/moat-test-config-XXXXXX", config_path[64], expected[64], *path = NULL;
    struct config *config = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(config_path, sizeof config_path, "%s//config.yaml", folder);
    FILE *file = fopen(config_path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(on_spectrum, file);
    fclose(file);
    CU_ASSERT_EQUAL_FATAL(config_load(config_path, NULL, &config), MOAT_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(expected, sizeof expected, "%s%s", folder, cases[i][1]);
        CU_ASSERT_EQUAL(config_locate(config, cases[i][0], &path), MOAT_OK);
        expect(strcmp(path, expected) == 0, "%s: not %s", path, expected);
        free(path);
    }
    config_destroy(&config);
    unlink(config_path);
    rmdir(folder);
    CU_ASSERT_EQUAL_FATAL(config_load("jobs/reference.yaml", NULL, &config), MOAT_OK);
    CU_ASSERT_EQUAL(config_locate(config, "s.h5", &path), MOAT_OK);
    CU_ASSERT_STRING_EQUAL(path, "jobs/s.h5");
    free(path);
    config_destroy(&config);
}

enum { SETTINGS_MAX = 4 };

/* Settings of the command line, and the edit of the good config that says the same. Both texts give the same numbers;
   the text that is kept gives them again, without the settings. */
static void takes_settings(void)
{
    static const struct {
        const char *settings[SETTINGS_MAX];
        const char *from, *to;
    } cases[] = {
        {{"model.gamma=0.3"}, "gamma: 0.5", "gamma: 0.3"},
        {{"model.gamma=0.4", "model.gamma=0.3"}, "gamma: 0.5", "gamma: 0.3"},
        {{"model={P: 1e6, gamma: 0.3}"}, "{gamma: 0.5, P: .inf}", "{gamma: 0.3, P: 1e6}"},
        {{"model.P=\"1e6\""}, "P: .inf", "P: 1e6"},
        {{"tau_unit=null"}, "tau_unit: L_star\n", ""},
        {{"scrutiny=training_mixture"}, "grid:", "scrutiny: training_mixture\ngrid:"},
        {{"store=[D, N_E_star]"}, "grid:", "store: [N_E_star, D]\ngrid:"},
        {{"grid.Q.values=[0.1,0.5]"}, "[0.1]", "[0.1, 0.5]"},
        {{"grid.Q={log: [0.1, 1], points: 3}"}, "{values: [0.1]}", "{log: [0.1, 1], points: 3}"},
        {{"grid.N_I.values=[5, 1e3]"}, "{log: [1e1, 1e12], points: 111}", "{values: [5, 1e3]}"},
        {{"grid.N_I.linear=[5, 1e3]"}, "log: [1e1, 1e12]", "linear: [5, 1e3]"},
        {{"grid.N_I.points=7"}, "points: 111", "points: 7"},
        {{"grid.Q.log=[0.1, 1]", "grid.Q.points=3"}, "{values: [0.1]}", "{log: [0.1, 1], points: 3}"},
        {{"grid.Q.points=3", "grid.Q.log=[0.1, 1]"}, "{values: [0.1]}", "{log: [0.1, 1], points: 3}"},
        {{"incumbent=~", "grid.tau_I.values=[0.4, 0.9]"},
         "incumbent: {tau: 0.9}\ntau_unit: L_star\ngrid:",
         "grid:\n  tau_I: {values: [0.4, 0.9]}"},
        {{"solver=ridge", "ridge={P: 64, N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}", "ridge.seed=5"},
         "deterministic",
         "ridge\n" RIDGE("64", "8, 16, 32, 64", "2", "5")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *set = NULL, *again = NULL, *edited = parse_edited(cases[i].from, cases[i].to);
        enum moat_status status = config_parse_set(good, "good.yaml", cases[i].settings, &set);
        expect(status == MOAT_OK, "%s: refused, %s", cases[i].settings[0], moat_error_message());
        if (status == MOAT_OK) {
            expect(config_equal(set, edited), "%s is not %s", cases[i].settings[0], cases[i].to);
            status = config_parse(set->text, "again.yaml", &again);
            expect(status == MOAT_OK && config_equal(set, again), "%s: the text kept is another config", set->text);
            for (int k = 0; cases[i].settings[k]; k++) {
                CU_ASSERT_PTR_NOT_NULL(strstr(set->text, cases[i].settings[k]));
            }
        }
        config_destroy(&set);
        config_destroy(&again);
        config_destroy(&edited);
    }
}

/* Text that YAML would take for something else comes back from the text that is kept. */
static void keeps_set_text(void)
{
    static const char *const names[][2] = {
        {"name=\"a: b # c\"", "a: b # c"},
        {"name=it's", "it's"},
        {"name='null'", "null"},
        {"name=\"two\\nlines\"", "two\nlines"},
        {"name='  blanks  '", "  blanks  "},
        {"name=\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
        {"name=|-\n  folded\n  here", "folded\nhere"},
        {"name=\"a\\Lb: c\"", "a\xE2\x80\xA8"
                              "b: c"},
        {"name=.5", ".5"},
        {"name=\"\xE2\x80\xA8x: y\"", "\xE2\x80\xA8x: y"},
        {"name=a, b] }", "a, b] }"},
        {"name='- &a *b !c %d @e'", "- &a *b !c %d @e"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *const settings[] = {names[i][0], NULL};
        struct config *set = NULL, *again = NULL;
        enum moat_status status = config_parse_set(good, "good.yaml", settings, &set);
        expect(status == MOAT_OK, "%s: refused, %s", names[i][0], moat_error_message());
        if (status == MOAT_OK) {
            expect(strcmp(set->name, names[i][1]) == 0, "found %s, expected %s", set->name, names[i][1]);
            expect(config_parse(set->text, "again", &again) == MOAT_OK && strcmp(set->name, again->name) == 0,
                   "%s in the text kept: %s", names[i][1], moat_error_message());
        }
        config_destroy(&set);
        config_destroy(&again);
    }
}

static void refuses_settings_by_name(void)
{
    static const struct {
        const char *settings[SETTINGS_MAX];
        const char *said;
    } cases[] = {
        {{"model.gamma=9"}, "--set model.gamma=9: model.gamma: found 9, expected 0.01 <= gamma <= 2"},
        {{"model.gama=0.3"},
         "--set model.gama=0.3: model.gama: found an unknown key, expected a mapping with the keys "},
        {{"modle.gamma=0.3"}, "--set modle.gamma=0.3: modle: found an unknown key"},
        {{"name.x=1"}, "--set name.x=1: name: found a mapping, expected text"},
        {{"grid.N_I=1000"}, "--set grid.N_I=1000: grid.N_I: found 1000, expected {values: [1000]}"},
        {{"grid.N_I.points=1"}, "--set grid.N_I.points=1: grid.N_I.points: found 1, expected an integer from 2"},
        {{"grid.Q.points=3"}, "--set grid.Q.points=3: grid.Q.points: found 3, expected no points beside values"},
        {{"grid.Q.log=[0.1, 1]"}, "good.yaml:11: grid.Q.points: missing"},
        {{"grid.Q.values=[0.2, 0.1, 0.3]"},
         "--set grid.Q.values=[0.2, 0.1, 0.3]: grid.Q.values[2]: found 0.3, expected a va"},
        {{"name=null"}, "good.yaml:1: name: missing, expected text"},
        {{"ridge=null"}, "--set ridge=null: ridge: found a key of solver: ridge"},
        {{"ridge.seed=4"},
         "--set ridge.seed=4: ridge: found a key of solver: ridge, expected none with solver: determ"},
        {{"sweep=scaling_law"}, "good.yaml:6: incumbent: found a key of sweep: market_entry"},
        {{"grid.tau_I.values=[0.5]"}, "good.yaml:6: incumbent: found a mapping, expected none beside grid.tau_I"},
        {{"incumbent.tau=0.1"}, "--set incumbent.tau=0.1: incumbent.tau: found 0.1, expected at least 0.25"},
        {{"model.gamma"}, "--set model.gamma: expected KEY=VALUE, such as model.gamma=0.3"},
        {{"model.gamma=0.3", "=3"}, "--set =3: expected KEY=VALUE"},
        {{"model..gamma=3"}, "--set model..gamma=3: expected KEY=VALUE"},
        {{".gamma=3"}, "--set .gamma=3: expected KEY=VALUE"},
        {{"model.=3"}, "--set model.=3: expected KEY=VALUE"},
        {{"grid.Q.values[0]=3"}, "--set grid.Q.values[0]=3: expected KEY=VALUE"},
        {{""}, "--set '': expected KEY=VALUE"},
        {{"name="}, "--set name=: found nothing, expected a value"},
        {{"name=[1"}, "--set name=[1: found broken YAML: "},
        {{"name=&a b"}, "--set name=&a b: found an anchor (&)"},
        {{"model={gamma: 1, gamma: 2}"}, "--set model={gamma: 1, gamma: 2}: gamma: found the key a second time"},
        {{"name=\n\t- x"}, "--set name=?\?- x: found a tab, expected spaces"},
        {{"name=[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]"},
         "--set name=[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: name: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *config = NULL;
        CU_ASSERT_EQUAL(config_parse_set(good, "good.yaml", cases[i].settings, &config), MOAT_USAGE);
        CU_ASSERT_PTR_NULL(config);
        expect(strncmp(moat_error_message(), cases[i].said, strlen(cases[i].said)) == 0, "%s, expected %s",
               moat_error_message(), cases[i].said);
    }
    const char *const settings[] = {"name=x", NULL};
    struct config *config = NULL;
    CU_ASSERT_EQUAL(config_parse_set("just text\n", "bad.yaml", settings, &config), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(moat_error_message(), "bad.yaml:1: found just text, expected a mapping with the keys"));
}

/* Writes a file of `size` bytes, config text first and blanks after. */
static void write_file(const char *path, const char *text, size_t length, size_t size)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(text, 1, length, file);
    for (size_t i = length; i < size; i++) {
        fputc('\n', file);
    }
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void check_load(const char *path, enum moat_status status, const char *said)
{
    struct config *config = NULL;
    CU_ASSERT_EQUAL(config_load(path, NULL, &config), status);
    CU_ASSERT_EQUAL(status == MOAT_OK, config != NULL);
    if (status != MOAT_OK) {
        CU_ASSERT_EQUAL(strncmp(moat_error_message(), path, strlen(path)), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), said));
    }
    config_destroy(&config);
}

static void loads_files_only(void)
{
    char folder[] = "/tmp/moat-test-config-XXXXXX", path[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/config.yaml", folder);

    check_load(path, MOAT_USAGE, "No such file");
    check_load(folder, MOAT_USAGE, "folder");
    check_load("/dev/zero", MOAT_USAGE, "device");
    check_load("/proc/self/mem", MOAT_IO, "cannot be read"); /* a regular file whose first byte never is readable */
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    check_load(path, MOAT_USAGE, "pipe");
    unlink(path);

    write_file(path, good, strlen(good), 1 << 20);
    check_load(path, MOAT_OK, "");
    write_file(path, good, strlen(good), (1 << 20) + 1);
    check_load(path, MOAT_USAGE, "more than 1 MiB");
    write_file(path, good, sizeof good, 0); /* with its final NUL */
    check_load(path, MOAT_USAGE, "binary");
    write_file(path, "", 0, 0);
    check_load(path, MOAT_USAGE, ":1: found an empty file");
    write_file(path, "a\n", 2, 0);
    check_load(path, MOAT_USAGE, ":1: found a, expected a mapping");
    unlink(path);
    rmdir(folder);
}

/* Files near the size limit made to be slow or deep. */
static void refuses_hostile_files_quickly(void)
{
    static const char *const units[] = {"[", "{a: ", "- ", "? ", "a: {", "[1, ", "\"", "1,", ": ", "&a ", "!t ", "%"};
    size_t size = 1 << 20;
    char *text = malloc(size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    clock_t start = clock();
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t length = strlen(units[u]);
        for (size_t i = 0; i < size; i++) {
            text[i] = units[u][i % length];
        }
        text[size] = '\0';
        CU_ASSERT_FALSE(accepted(text));
    }
    CU_ASSERT_TRUE((double)(clock() - start) / CLOCKS_PER_SEC < 10);
    free(text);
}

/* Every cut and every change of one byte is accepted or refused with a line, never worse. */
static void survives_damage(void)
{
    static const char bytes[] = "\n\t []{}:,-#&*!|>'\"%~?.0e\x80";
    char text[sizeof good];
    size_t refused = 0;
    for (size_t i = 0; i < sizeof good - 1; i++) {
        for (size_t b = 0; b < sizeof bytes; b++) { /* the last is NUL: a cut */
            memcpy(text, good, sizeof good);
            text[i] = bytes[b];
            unsigned line = 0;
            if (!accepted(text)) {
                refused++;
                CU_ASSERT_EQUAL(sscanf(moat_error_message(), "some.yaml:%u: ", &line), 1);
                CU_ASSERT_TRUE(line >= 1 && line <= 15); /* 13 lines, one more by the change, and the end */
            }
        }
    }
    CU_ASSERT_TRUE(refused > sizeof good);
}

static void check_names(const char *const names[], int count)
{
    for (int i = 0; i < count; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(names[i]);
        for (int k = 0; k < i; k++) {
            CU_ASSERT_STRING_NOT_EQUAL(names[i], names[k]);
        }
    }
}

/* An enumerator without its entry in the tables would be recorded under another's name, or crash. */
static void names_are_complete(void)
{
    check_names(sweep_name, SWEEPS);
    check_names(solver_name, SOLVERS);
    check_names(tau_unit_name, TAU_UNITS);
    check_names(scrutiny_name, SCRUTINIES);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        const char *names[GRID_AXES];
        int count = 0;
        for (int a = 0; a < GRID_AXES; a++) {
            const struct axis_entry *axis = &axis_table[sweep][a];
            const struct range range = axis_range((enum sweep_kind)sweep, a, 0.5);
            if (axis->name) {
                names[count++] = axis->name;
                CU_ASSERT(axis->units && axis->long_name && *range.expected && range.low < range.high);
            }
        }
        check_names(names, count);
    }
    for (int a = 0; a < GRID_AXES; a++) { /* every axis has one place in the order of filling */
        int places = 0;
        for (int i = 0; i < GRID_AXES; i++) {
            places += axis_fill_order[i] == a;
        }
        CU_ASSERT_EQUAL(places, 1);
    }
}

static void jobs_load(void)
{
    glob_t jobs;
    CU_ASSERT_EQUAL_FATAL(glob("jobs/*.yaml", 0, NULL, &jobs), 0);
    CU_ASSERT_TRUE(jobs.gl_pathc >= 3);
    for (size_t i = 0; i < jobs.gl_pathc; i++) {
        struct config *config = NULL;
        CU_ASSERT_EQUAL(config_load(jobs.gl_pathv[i], NULL, &config), MOAT_OK);
        if (!config) {
            printf("\n    %s\n", moat_error_message());
        }
        config_destroy(&config);
    }
    globfree(&jobs);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"refuses with place and reason", refuses_with_place_and_reason},
        {"reads every key", reads_every_key},
        {"spaces log axes", spaces_log_axes},
        {"spaces linear axes", spaces_linear_axes},
        {"spaces linear axes in decimals", spaces_linear_axes_in_decimals},
        {"turns falling axes", turns_falling_axes},
        {"refuses whole numbers between doubles", refuses_whole_numbers_between_doubles},
        {"reads spellings alike", reads_spellings_alike},
        {"accepts ends of ranges", accepts_ends_of_ranges},
        {"refuses thresholds nobody meets", refuses_thresholds_nobody_meets},
        {"refuses huge grids at once", refuses_huge_grids_at_once},
        {"tells equal sweeps", tells_equal_sweeps},
        {"reads what to store", reads_what_to_store},
        {"reads scrutiny", reads_scrutiny},
        {"reads a measured spectrum", reads_measured},
        {"locates files", locates_files},
        {"takes settings", takes_settings},
        {"keeps set text", keeps_set_text},
        {"refuses settings by name", refuses_settings_by_name},
        {"loads files only", loads_files_only},
        {"refuses hostile files quickly", refuses_hostile_files_quickly},
        {"survives damage", survives_damage},
        {"reads the ridge mapping", reads_ridge},
        {"reads scaling laws", reads_scaling_laws},
        {"reads an axis of incumbents' thresholds", reads_tau_I_axis},
        {"names and axes are complete", names_are_complete},
        {"jobs load", jobs_load},
        CU_TEST_INFO_NULL,
    };
    return suite_run("config", tests);
}
