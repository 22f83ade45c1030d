/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_MEASURE_PROJECT_H
#define MOAT_RIDGE_MEASURE_PROJECT_H

#include "ridge/measure.h"
#include "ridge/work.h"

enum { MEASURE_LISTS = 8 /* doubles for each data point, at most, that measure_project needs */ };

/* Fits both labels along the directions order[0..out->directions), columns of the factorisation, and fills what *out
   says of them and of the labels; n, P, exact, directions and the arrays are there. Returns MOAT_USAGE where no
   residuals are left, or MOAT_MEMORY. Collective over the group. Source: MODEL.md section 16. */
enum moat_status measure_project(struct ridge_work *work, const struct measure_source *source, const size_t *order,
                                 struct measure_fit *out);

#endif
