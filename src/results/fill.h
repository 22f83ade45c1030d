/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FILL_H
#define MOAT_FILL_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/placement.h"
#include "results/results.h"

/*
 * The empty values of a new file's fields, which are nearly all of it. HDF5 would write a field's in one call, deaf to
 * signals for minutes. Where it tells where the chunks lie they are written here, piece by piece.
 */
#define FILL_OURSELVES PLACEMENT_TOLD

/* Fills memory with the empty values of a field of that type, as the file has them. `bytes` is a multiple of the size
   of an element. Local. */
void fill_memory(void *memory, size_t bytes, enum field_type type);

/* Writes the fill of every stored field of `config` to the new `file`, whose chunks have their places, through
   `descriptor`, and tells run->making; with `durable` it brings the parts to disk as it goes. Returns MOAT_STOPPED if
   run->making asks for it, MOAT_IO or MOAT_MEMORY. Rank 0. */
enum moat_status fill_fields(hid_t file, const struct config *config, const struct results_run *run, int descriptor,
                             bool durable);

#endif
