/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PLACEMENT_H
#define MOAT_PLACEMENT_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "results/writer.h"
#include "sweep/config.h"
#include "sweep/field.h"

/*
 * Where the values of each block lie in a results file. All chunks have their places from the start, one after the
 * other, in C order of the chunks, and a block has exactly one chunk of each field. So the address of a field's first
 * chunk tells where every block's values are, and any process can read and write them with pread and pwrite.
 */

/* From 1.10.5 on HDF5 tells where chunks lie. */
#define PLACEMENT_TOLD H5_VERSION_GE(1, 10, 5)

/* Finds the first chunk of every field that `config` stores in `file`, and checks that the chunks lie one after the
   other, plainly stored. Returns false if they do not, or if HDF5 does not tell: then HDF5 alone may write them. On a
   machine whose numbers have another order of bytes than the file's out->known is false too. Rank 0. */
bool placement_find(hid_t file, const struct config *config, struct results_placement *out);

/* The shape of a chunk of `field` and its bytes; the number of chunks along each axis of field_axes in `parts`. A field
   without axes is one value; of axes that it lacks both are 1. Returns the number of axes. Local. */
int placement_chunk(const struct field *field, const struct grid *grid, size_t shape[GRID_AXES],
                    size_t parts[GRID_AXES], size_t *bytes);

/* The offset in the file of the chunk of field f that holds the values of block `index`. Local. */
uint64_t placement_offset(const struct results_placement *placement, const struct config *config, int f, size_t index);

#endif
