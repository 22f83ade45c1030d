/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_VARIABLE_H
#define MOAT_VARIABLE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

#include "sweep/axis.h"

/*
 * One variable of the results file. A description of it creates the variable, and later tells whether a file has it.
 *
 * Values in memory have these types, packed in C order:
 *   VARIABLE_FLOAT64 double, VARIABLE_UINT8 uint8_t, VARIABLE_INT32 int32_t, VARIABLE_UINT32 uint32_t,
 *   VARIABLE_INT64 int64_t, VARIABLE_TEXT char[] of a fixed size, padded with NUL
 */
enum variable_type { VARIABLE_FLOAT64, VARIABLE_UINT8, VARIABLE_INT32, VARIABLE_UINT32, VARIABLE_INT64, VARIABLE_TEXT };

struct variable {
    const char *path; /* from the file's root */
    const char *units, *long_name;
    enum variable_type type;
    size_t text_size;         /* bytes of a VARIABLE_TEXT */
    const void *fill;         /* a double for VARIABLE_FLOAT64, else a long long; NULL: zero */
    const char *const *flags; /* the meanings of the values 0, 1, .. (CF flag_meanings); NULL: not a flag */
    int flag_count;           /* at most 16 */
    bool chunked;             /* in chunks of `chunk`; else in one piece */
    bool unfilled;            /* its chunks have a place, but no values yet */
    bool constant;            /* written once, before the file has readers: HDF5 keeps a checksum */
    int rank;
    hsize_t dims[GRID_AXES], chunk[GRID_AXES];
    hid_t scale[GRID_AXES]; /* the dimension scale of each axis; -1 in the first: none */
};

/* The fills of variables that have one: NaN, and -1 for a rank. */
extern const double variable_nan;
extern const long long variable_no_rank;

/* Bytes of one value. Local. */
size_t variable_bytes(const struct variable *variable);

/* Creates the variable. Its group is there already. The caller closes it. Negative on failure. Rank 0. */
hid_t variable_create(hid_t file, const struct variable *variable);

/* The same for a coordinate: writes its `values` and makes it a dimension scale. Negative on failure. Rank 0. */
hid_t variable_create_scale(hid_t file, const struct variable *variable, const void *values);

/* Opens the variable `path`, which the caller closes. Negative on failure. Local. */
hid_t variable_open(hid_t file, const char *path);

/* Returns true if `file` has the variable with the same type and shape, and with the same chunks if it is chunked.
   Local. */
bool variable_fits(hid_t file, const struct variable *variable);

/* The same for a coordinate of VARIABLE_FLOAT64 that is to have these `values`, up to rounding by another version of
   the mathematics library. Local. */
bool variable_holds(hid_t file, const struct variable *variable, const double *values);

/* Returns true if `dataset` has texts of `size` bytes. Local. */
bool variable_is_text(hid_t dataset, size_t size);

/* Reads all values of a variable; texts with the size that they have in the file. False on failure. Local. */
bool variable_read(hid_t dataset, enum variable_type type, void *values);

/* Reads or writes a box of `rank` axes, at most GRID_AXES. False on failure. Reading is Local, writing Rank 0. */
bool variable_read_box(hid_t dataset, enum variable_type type, int rank, const size_t *start, const size_t *count,
                       void *values);
bool variable_write_box(hid_t dataset, enum variable_type type, int rank, const size_t *start, const size_t *count,
                        const void *values);

/* Creates an attribute of `object` with a numeric type: an array of `rank` axes. False on failure. Rank 0. */
bool variable_write_attribute(hid_t object, const char *name, enum variable_type type, int rank, const hsize_t *dims,
                              const void *values);

#endif
