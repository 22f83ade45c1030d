/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SUMMARY_H
#define MOAT_SUMMARY_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/groups.h"
#include "results/results.h"

/* Opens `path` for reading as *file, which the caller closes, whether a run writes it, has closed it or was killed, and
   checks that moat wrote it and that it is whole. Returns MOAT_USAGE or MOAT_IO, with *file negative. Local. */
enum moat_status summary_open(const char *path, bool *written_now, hid_t *file);

/* Sets summary->title from the file's attribute. Local. */
void summary_read_title(hid_t file, struct results_summary *summary);

/* Adds the blocks to summary->blocks, blocks_done and seconds, which are zero. Local. */
void summary_count_blocks(const struct block_record *block, size_t blocks, struct results_summary *summary);

/* Adds the points of the dataset `status`, the field of that name on `grid`, to summary->points and points_by_status,
   chunk by chunk, and sets failed_at; with `grid` NULL in terms of the file's axes. False on failure, also when out of
   memory. Local. */
bool summary_count_points(hid_t status, const struct grid *grid, struct results_summary *summary);

#endif
