/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdio.h>

#include "run/measuring.h"

/* Prints what was measured, for people. Local. */
void measure_print(const struct measuring_request *request, const struct measuring *measuring);

/* Writes the same to `out` as one object of JSON, on a line; what the spectrum file has too keeps its name. Local. */
void measure_write_json(FILE *out, const struct measuring_request *request, const struct measuring *measuring);

#endif
