/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_MEASURE_PANEL_H
#define MOAT_RIDGE_MEASURE_PANEL_H

#include "ridge/measure.h"
#include "ridge/work.h"

/* Reads this rank's part of the features into work->data, which is allocated here, centres the columns, and divides all
   by *scale, a power of 2 that makes the largest of them about 1. Sets *constant to the number of features that are the
   same in every row; they become exact zeros. Returns MOAT_USAGE where no feature varies or numbers are too large, the
   source's status, or MOAT_MEMORY. Collective over the group. */
enum moat_status measure_panel_read(struct ridge_work *work, const struct measure_source *source, double *scale,
                                    size_t *constant);

/* Doubles of a buffer for blocks of rows of so many columns. Local. */
size_t measure_panel_buffer(size_t rows, size_t columns);

#endif
