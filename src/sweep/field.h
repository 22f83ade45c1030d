/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FIELD_H
#define MOAT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "moat/regime.h"
#include "sweep/config.h"
#include "sweep/grid.h"

/*
 * The fields that a sweep stores at each grid point. One table has their names, dimensions, units and meanings; the
 * worker that fills a block, the writer of the file and the tests read it.
 */
enum field_id {
    /* of every sweep */
    FIELD_STATUS,
    FIELD_REGIME,
    FIELD_L_STAR,
    FIELD_NU_PRIME,
    /* of market_entry */
    FIELD_N_E_STAR,
    FIELD_ENTRANT_ALPHA,
    FIELD_ENTRANT_LAMBDA,
    FIELD_ENTRANT_LOSS_PERFORMANCE,
    FIELD_ENTRANT_LOSS_SAFETY,
    FIELD_INCUMBENT_ALPHA,
    FIELD_INCUMBENT_LAMBDA,
    FIELD_INCUMBENT_LOSS_PERFORMANCE,
    FIELD_INCUMBENT_LOSS_SAFETY,
    FIELD_TAU_I,
    FIELD_TAU_I_ABSOLUTE,
    FIELD_TAU_E_ABSOLUTE,
    FIELD_GAP,
    FIELD_ELASTICITY_N_I,
    FIELD_ELASTICITY_TAU_E,
    FIELD_ELASTICITY_TAU_I,
    FIELD_ELASTICITY_Q,
    FIELD_EXPONENT_D,
    FIELD_BREAK_N_I_FIRST,
    FIELD_BREAK_N_I_OVER_REGULARISED,
    FIELD_BREAK_N_I_SECOND,
    FIELD_BREAK_D_FIRST,
    FIELD_BREAK_D_SECOND,
    FIELD_N_E_STAR_STDERR,
    FIELD_N_E_STAR_DETERMINISTIC,
    /* of scaling_law */
    FIELD_LOSS,
    FIELD_EXCESS_LOSS,
    FIELD_LAMBDA_LOSS,
    FIELD_LAMBDA_EXCESS,
    FIELD_FINITE_DATA_ERROR,
    FIELD_OVERFITTING_ERROR,
    FIELD_MIXTURE_ERROR,
    FIELD_MIXTURE_FINITE_DATA_ERROR,
    FIELD_EXPONENT_LOSS,
    FIELD_EXPONENT_EXCESS,
    FIELD_BREAK_LOSS_FIRST,
    FIELD_BREAK_LOSS_SECOND,
    FIELD_BREAK_EXCESS_FIRST,
    FIELD_BREAK_EXCESS_SECOND,
    FIELD_REGIME_EXCESS,
    FIELD_LOSS_STDERR,
    FIELD_LOSS_DETERMINISTIC,
    FIELD_EXCESS_LOSS_DETERMINISTIC,
    FIELD_COUNT
};

enum field_type { FIELD_FLOAT64, FIELD_UINT8 };

/* Which files have a field: those of the sweeps named, if they also meet every condition named. */
enum {
    FIELD_OF_MARKET_ENTRY = 1 << SWEEP_MARKET_ENTRY,
    FIELD_OF_SCALING_LAW = 1 << SWEEP_SCALING_LAW,
    FIELD_IF_RIDGE = 4,      /* solver: ridge */
    FIELD_IF_SCALAR = 8,     /* the grid's first axis is scalar */
    FIELD_IF_AXIS = 16,      /* it is not */
    FIELD_IF_POWER_LAWS = 32 /* the spectrum is not a measured one */
};

struct field {
    const char *name, *units, *long_name;
    const char *const *flags; /* names of the values 0, 1, .. of a FIELD_UINT8; as many as flag_count */
    int flag_count;
    enum field_type type;
    unsigned axes; /* bit GRID_x set: the field varies along that axis */
    unsigned files;
};

extern const struct field field_table[FIELD_COUNT];

/* The fields that a sweep like `config` has: bit f is set for field f. Its sweep, solver, the kind of the grid's
   first axis and that of the spectrum decide. Local. */
uint64_t field_all(const struct config *config);

/* Returns true if the file of `config` has the field: one of field_all that its `stored` names. Local. */
bool field_stored(const struct field *field, const struct config *config);

/* The regimes of field_theory's exponents, in their order. */
extern const enum moat_regime field_theory_regime[MOAT_REGIME_EXPONENTS];

/* Sets `exponent` to the values that theory gives for the field at nu, one for each of field_theory_regime, NaN where
   theory has no such regime. False when the field is no exponent of theory; then nothing is set. Local. Source:
   MODEL.md section 11. */
bool field_theory(enum field_id field, const struct config *config, double nu, double exponent[MOAT_REGIME_EXPONENTS]);

/* Bytes of one element. Local. */
size_t field_element_size(enum field_type type);

/* Sets axis[0], axis[1], .. to the axes of `grid` that the field has in the file, in order, and returns their number.
   Local. */
int field_axes(const struct field *field, const struct grid *grid, int axis[GRID_AXES]);

/* The box of a field within `block`: sets start and count along field_axes, and returns their number. Local. */
int field_box(const struct field *field, const struct grid *grid, const struct block *block, size_t start[GRID_AXES],
              size_t count[GRID_AXES]);

/* Byte offset of every field in the packed record of `block`; offset[FIELD_COUNT] is the record's size. Fields are
   packed in table order, each a C-ordered array over field_box, aligned to 8 bytes. Fields that are not stored take no
   space. Local. */
void field_offsets(const struct config *config, const struct block *block, size_t offset[FIELD_COUNT + 1]);

/* CRC-32 of the values in the packed record of `block`, in table order, without padding. Local. */
uint32_t field_checksum(const struct config *config, const struct block *block, const unsigned char *record);

#endif
