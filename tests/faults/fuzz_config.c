/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conditions that hold for any text given as a config. An accepted text gives a sweep within all bounds, and the
 * same sweep when it is read again. A refused text gets a message with one of its lines and a printable reason.
 * libFuzzer
 * (`make fuzz`) calls this with texts that it generates, tests/test_fuzz_corpus.c with those of the corpus.
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

static void check_accepted(const struct config *config)
{
    struct config *again = NULL;
    size_t points = grid_points(&config->grid);
    require(points >= 1 && points <= 10000000000 && grid_blocks(&config->grid) >= 1, "a grid has 1 to 1e10 points");
    for (int a = 0; a < GRID_AXES; a++) {
        check_axis(&config->grid.axis[a]);
    }
    require(config->gamma >= 0.01 && config->gamma <= 2, "gamma is in its range");
    require(config->P >= 1 && (config->P <= 1e9 || isinf(config->P)), "P is in its range");
    require(*config->name && *config->output, "a sweep has a name and an output");
    if (config->solver == SOLVER_RIDGE) {
        check_axis(&config->ridge.N);
        require(config->ridge.trials >= 2 && config->ridge.N.size >= 4, "a ladder has trials and rungs");
    }
    require(config_parse(config->text, "again", &again) == MOAT_OK && config_equal(config, again),
            "the text gives the same sweep again");
    config_destroy(&again);
}

static void check_refused(const char *text)
{
    unsigned line = 0, lines = 1;
    for (const char *c = text; *c; c++) { /* YAML's ends of lines, at most */
        lines += *c == '\n' || *c == '\r' || *c == '\x85' || *c == '\xe2';
    }
    require(sscanf(moat_error_message(), "fuzz.yaml:%u: ", &line) == 1, "a refusal names the line");
    require(line >= 1 && line <= lines + 1, "the line is one of the text");
    for (const char *c = moat_error_message(); *c; c++) {
        require((unsigned char)*c >= ' ' && *c != '\x7f', "a refusal is printable");
    }
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
    enum moat_status status = config_parse(text, "fuzz.yaml", &config);
    if (status == MOAT_OK) {
        check_accepted(config);
    } else {
        require(status == MOAT_USAGE && !config, "what is not accepted is refused");
        check_refused(text);
    }
    config_destroy(&config);
    free(text);
    return 0;
}
