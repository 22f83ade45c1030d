/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_DESCRIBE_H
#define MOAT_DESCRIBE_H

#include <stddef.h>

#include "moat/error.h"

/* What a results file holds, for people. */
enum { DESCRIBE_PATH_SIZE = 160, DESCRIBE_TYPE_SIZE = 40, DESCRIBE_AXES = 32, DESCRIBE_SPECTRUM_SIZE = 768 };

struct described_variable {
    char path[DESCRIBE_PATH_SIZE]; /* from the file's root, as "run/block_state"; control characters are ? */
    char type[DESCRIBE_TYPE_SIZE]; /* "float64", "uint8", .., "text of 256 bytes" */
    int rank;
    size_t size[DESCRIBE_AXES];      /* of each axis */
    const char *axis[DESCRIBE_AXES]; /* its name; NULL if moat did not make the variable, as the next two */
    const char *units, *long_name;
};

struct results_description {
    char *config;                          /* the YAML text that the sweep was started from, to the byte */
    char spectrum[DESCRIBE_SPECTRUM_SIZE]; /* a line on the measured spectrum that it is on; "" for power laws */
    char *origins; /* a line for each file whose tables it has taken, with a newline; NULL if there is none */
    char *history; /* one line for each run, with a newline between; NULL if the file has none that can be read */
    struct described_variable *variable; /* [variables] in the order in which they were made, groups after the root */
    size_t variables;
};

/* Reads what `path` holds, also while a run writes it or after one was killed. The names, units and meanings are this
   version's for the config in the file. The caller frees *out with results_description_free, also after a failure.
   Returns MOAT_USAGE (no such file, damaged, not written by moat), MOAT_IO or MOAT_MEMORY. Rank 0. */
enum moat_status results_describe(const char *path, struct results_description *out);

/* Frees what results_describe filled; accepts zeros. Local. */
void results_description_free(struct results_description *description);

#endif
