/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RECORD_H
#define MOAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/config.h"
#include "sweep/field.h"
#include "sweep/grid.h"

/*
 * One block's values, packed for the message and the file in the layout of field_offsets. `at` is always a point of the
 * block, counted from the block's own start on each axis.
 */
struct record {
    const struct config *config; /* not owned */
    struct block block;
    unsigned char *bytes; /* [record_size], not owned */
    size_t offset[FIELD_COUNT + 1];
};

/* Bytes of the record of block `index`; no block has more than block 0. Local. */
size_t record_size(const struct config *config, size_t index);

/* Begins the record of block `index` in `bytes`, with every point marked as failed: status failed, no regime, all
   numbers NaN. `config` and `bytes` must outlive it. Local. */
struct record record_begin(const struct config *config, size_t index, unsigned char *bytes);

/* The grid's value on `axis` at the block's point `at`. Local. */
double record_coordinate(const struct record *record, int axis, const size_t at[GRID_AXES]);

/* Returns true if the file has one of the `count` fields from `first` on in field_table. Local. */
bool record_has(const struct record *record, enum field_id first, int count);

/* Stores a value of `field` at the point `at`; nothing when the file does not have the field. Local. */
void record_store(const struct record *record, enum field_id field, const size_t at[GRID_AXES], double value);
void record_store_flag(const struct record *record, enum field_id field, const size_t at[GRID_AXES], int value);

#endif
