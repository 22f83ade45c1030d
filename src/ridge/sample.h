/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_SAMPLE_H
#define MOAT_RIDGE_SAMPLE_H

#include "ridge/work.h"

/* Makes L and the c_i of the labels. Returns MOAT_MEMORY. Collective over the group. */
enum moat_status ridge_sample(struct ridge_work *work);

/* Makes the c_i of the labels alone, from those of all points: all[points][label weights]. For N < P. Returns
   MOAT_MEMORY. Collective over the group. */
enum moat_status ridge_sample_labels(struct ridge_work *work, const double *all);

#endif
