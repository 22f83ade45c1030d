/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FIELD_H
#define MOAT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "moat/config.h"
#include "moat/grid.h"

/*
 * What a sweep stores at each grid point: one table of names, dimensions, units and meanings, read by the worker that
 * fills a block, the writer of the file and the tests.
 */
enum field_id {
    FIELD_N_E_STAR,
    FIELD_STATUS,
    FIELD_ENTRANT_ALPHA,
    FIELD_ENTRANT_LAMBDA,
    FIELD_ENTRANT_LOSS_PERFORMANCE,
    FIELD_ENTRANT_LOSS_SAFETY,
    FIELD_INCUMBENT_ALPHA,
    FIELD_INCUMBENT_LAMBDA,
    FIELD_INCUMBENT_LOSS_PERFORMANCE,
    FIELD_INCUMBENT_LOSS_SAFETY,
    FIELD_L_STAR,
    FIELD_TAU_I,
    FIELD_TAU_E_ABSOLUTE,
    FIELD_N_E_STAR_STDERR, /* these two with solver: ridge only */
    FIELD_N_E_STAR_DETERMINISTIC,
    FIELD_COUNT
};

enum field_type { FIELD_FLOAT64, FIELD_UINT8 };

struct field {
    const char *name;
    enum field_type type;
    unsigned axes; /* bit GRID_x set: the field varies along that axis */
    const char *units;
    const char *long_name;
    bool ridge_only; /* in the file of `solver: ridge` only */
};

extern const struct field field_table[FIELD_COUNT];

/* Names of the axes, as in the config and the file. */
extern const char *const field_axis_name[GRID_AXES];
extern const char *const field_axis_units[GRID_AXES];
extern const char *const field_axis_long_name[GRID_AXES];

/* Whether a sweep has the field in its file. Its record has room for every field. Local. */
bool field_stored(const struct field *field, enum solver_kind solver);

/* Bytes of one element. Local. */
size_t field_element_size(enum field_type type);

/* Box of a field within `block`: rank of the field (number of axes it has) is returned, start and count filled in the
   order of the axes. Local. */
int field_box(const struct field *field, const struct block *block, size_t start[GRID_AXES], size_t count[GRID_AXES]);

/* Byte offset of every field in the packed record of `block`; offset[FIELD_COUNT] is the record's size. Fields are
   packed in table order, each a C-ordered array over field_box, aligned to 8 bytes. Local. */
void field_offsets(const struct block *block, size_t offset[FIELD_COUNT + 1]);

#endif
