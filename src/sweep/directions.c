/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of a measured spectrum: one piece, so that it is one message to another rank. */
#include "sweep/directions.h"

#include <stdlib.h>

enum moat_status directions_allocate(size_t n, struct directions *out)
{
    double *value = malloc(4 * n * sizeof *value + 1);
    *out = (struct directions){0};
    if (!value) {
        return moat_error_set(MOAT_MEMORY, "out of memory for a spectrum of %zu directions", n);
    }
    out->value = value;
    out->spectrum = (struct moat_measured_spectrum){
        .n = n, .sigma = value, .b11 = value + n, .b22 = value + 2 * n, .b12 = value + 3 * n};
    return MOAT_OK;
}

void directions_free(struct directions *directions)
{
    free(directions->value);
    *directions = (struct directions){0};
}
