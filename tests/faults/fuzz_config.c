/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conditions that hold for any text given as a config. An accepted text gives a sweep within all bounds, and the
 * same sweep when it is read again, also when it has been written anew because of a setting. A refused text gets a
 * message with one of its lines and a printable reason. Of a text that begins with '=', the rest is a setting of a good
 * config. libFuzzer (`make fuzz`) calls this with texts that it generates, tests/test_fuzz_corpus.c with those of the
 * corpus.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/config.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s; the message is: %s\n", what, moat_error_message());
        abort();
    }
}

static void check_axis(const struct axis *axis)
{
    require(axis->size >= 1 && axis->values, "an axis has a value");
    for (size_t i = 0; !axis->scalar && i < axis->size; i++) {
        require(axis->values[i] > (i > 0 ? axis->values[i - 1] : 0), "values are positive and rise");
    }
}

/* A text that is kept gives the same sweep, name and output again. */
static void check_kept(const struct config *config)
{
    struct config *again = NULL;
    require(config_parse(config->text, "again", &again) == MOAT_OK && config_equal(config, again) &&
                strcmp(config->name, again->name) == 0 && strcmp(config->output, again->output) == 0 &&
                config->ridge.ranks_per_group == again->ridge.ranks_per_group,
            "the text gives the same sweep again");
    config_destroy(&again);
}

static void check_accepted(const struct config *config)
{
    size_t points = grid_points(&config->grid);
    require(points >= 1 && points <= 10000000000 && grid_blocks(&config->grid) >= 1, "a grid has 1 to 1e10 points");
    for (int a = 0; a < GRID_AXES; a++) {
        check_axis(&config->grid.axis[a]);
    }
    require(config->measured == (config->spectrum && *config->spectrum), "a measured spectrum has a path");
    require(config->measured || (config->gamma >= 0.01 && config->gamma <= 2), "gamma is in its range");
    require(config->measured || (config->P >= 1 && (config->P <= 1e9 || isinf(config->P))), "P is in its range");
    require(*config->name && *config->output, "a sweep has a name and an output");
    if (config->solver == SOLVER_RIDGE) {
        check_axis(&config->ridge.N);
        require(config->ridge.trials >= 2 && config->ridge.N.size >= 4, "a ladder has trials and rungs");
    }
    check_kept(config);
}

/* Writes the config anew, with a setting that changes nothing else. */
static void check_written(const struct config *config)
{
    const char *const settings[] = {"tau_unit=absolute", "tau_unit=null", NULL};
    struct config *written = NULL;
    enum moat_status status = config_parse_set(config->text, "fuzz.yaml", settings, &written);
    if (status == MOAT_OK) {
        check_kept(written);
        require(strcmp(config->name, written->name) == 0, "a setting changes its own key alone");
    } else {
        require(status == MOAT_USAGE, "what is not accepted is refused");
    }
    config_destroy(&written);
}

static void check_printable(void)
{
    for (const char *c = moat_error_message(); *c; c++) {
        require((unsigned char)*c >= ' ' && *c != '\x7f', "a refusal is printable");
    }
}

static void try_setting(const char *setting)
{
    static const char text[] = "name: test\nsweep: market_entry\nsolver: deterministic\noutput: test.h5\n"
                               "model: {gamma: 0.5, P: .inf}\nincumbent: {tau: 0.9}\n"
                               "grid:\n  N_I: {log: [10, 1e6], points: 11}\n  tau_E: {values: [.inf]}\n"
                               "  Q: {values: [0.1]}\n  nu: {values: [0.6, 1.0]}\n";
    const char *const settings[] = {setting, NULL};
    struct config *config = NULL;
    enum moat_status status = config_parse_set(text, "fuzz.yaml", settings, &config);
    if (status == MOAT_OK) {
        check_accepted(config);
    } else {
        require(status == MOAT_USAGE && !config, "what is not accepted is refused");
        require(strncmp(moat_error_message(), "--set ", 6) == 0 || strncmp(moat_error_message(), "fuzz.yaml:", 10) == 0,
                "a refusal names the setting or the line");
        check_printable();
    }
    config_destroy(&config);
}

static void check_refused(const char *text)
{
    unsigned line = 0, lines = 1;
    for (const char *c = text; *c; c++) { /* YAML's ends of lines, at most */
        lines += *c == '\n' || *c == '\r' || *c == '\x85' || *c == '\xe2';
    }
    require(sscanf(moat_error_message(), "fuzz.yaml:%u: ", &line) == 1, "a refusal names the line");
    require(line >= 1 && line <= lines + 1, "the line is one of the text");
    check_printable();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL;
    char *text = calloc(size + 1, 1);
    if (!text) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    if (*text == '=') {
        try_setting(text + 1);
        free(text);
        return 0;
    }
    enum moat_status status = config_parse(text, "fuzz.yaml", &config);
    if (status == MOAT_OK) {
        check_accepted(config);
        check_written(config);
    } else {
        require(status == MOAT_USAGE && !config, "what is not accepted is refused");
        check_refused(text);
    }
    config_destroy(&config);
    free(text);
    return 0;
}
