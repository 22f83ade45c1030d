/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FILL_H
#define MOAT_FILL_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "results/placement.h"
#include "results/results.h"

/*
 * The empty values of a new file's fields, which are nearly all of it. HDF5 would write a field's in one call, deaf to
 * signals for minutes. Where it tells where the chunks lie they are written in pieces, which several processes can
 * share (results_run.fill).
 */
#define FILL_OURSELVES PLACEMENT_TOLD

/* A new file that is filled. */
struct fill;

/* A part of a field in the file: multiples of 8 bytes, from an element's beginning on. */
struct fill_piece {
    uint64_t address, bytes; /* no more than fill_next gives */
    int32_t type;            /* of enum field_type */
};

/* Fills memory with the empty values of a field of that type, as the file has them. `bytes` is a multiple of the size
   of an element. Local. */
void fill_memory(void *memory, size_t bytes, enum field_type type);

/* Takes the next piece that is to be filled; false if there is none. Rank 0. */
bool fill_next(struct fill *fill, struct fill_piece *piece);

/* Counts a piece that is filled, tells run->making, and in a durable run brings the file to disk now and then. Returns
   MOAT_STOPPED if run->making asks for it, or MOAT_IO. Rank 0. */
enum moat_status fill_count(struct fill *fill, const struct fill_piece *piece);

/* Writes the empty values of the piece through `descriptor`. Returns 0, or errno. Local. */
int fill_put(int descriptor, const struct fill_piece *piece);

/* Fills every field of `config` in the new `file`, whose chunks have their places, through `descriptor`: by run->fill
   if the file is large, else here. `path` is its name now. Returns MOAT_STOPPED if run->making asks for it, MOAT_IO or
   MOAT_MEMORY. Rank 0. */
enum moat_status fill_fields(hid_t file, const char *path, const struct config *config, const struct results_run *run,
                             int descriptor, bool durable);

#endif
