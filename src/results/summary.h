/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SUMMARY_H
#define MOAT_SUMMARY_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/results.h"

/* Sets summary->title from the file's attribute. Local. */
void summary_read_title(hid_t file, struct results_summary *summary);

/* Adds the points of the dataset `status`, the field of that name, to summary->points and points_by_status, chunk by
   chunk. False on failure, also when out of memory. Local. */
bool summary_count_points(hid_t status, struct results_summary *summary);

#endif
