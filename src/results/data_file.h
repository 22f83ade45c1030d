/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_DATA_FILE_H
#define MOAT_DATA_FILE_H

#include <hdf5.h>
#include <stddef.h>

#include "moat/error.h"

/*
 * A data file: HDF5 with `features`, n rows of P numbers, and the labels `performance` and `safety`, n numbers each.
 * Integers, floating-point numbers and booleans of any size are taken. Each process that reads has the file open by
 * itself, for reading only, so that no read is collective. Rows and columns count from 0, in messages too.
 */
struct data_file {
    char *path;                /* for messages */
    hid_t file, features;      /* -1: not open */
    hid_t performance, safety; /* likewise */
    size_t n, P;               /* rows and features, 1 to INT_MAX each */
    char title[256];           /* root attribute of that name, a text of fixed length; "" if there is none */
    char history[4096];        /* likewise */
};

/* Opens `path` and checks names, shapes and types; the numbers are not read. Returns MOAT_USAGE where it is not such a
   file, with the thing, its shape and the one that was expected; MOAT_IO; MOAT_MEMORY. The caller closes *out with
   data_file_close whatever is returned. Local: rank 0 first, so that one process says what is wrong. */
enum moat_status data_file_open(const char *path, struct data_file *out);

/* Reads columns [first_column, first_column + columns) of rows [first_row, first_row + rows) of the features into
   out[rows][columns]. Returns MOAT_USAGE with row and column of the first number that is not finite, or MOAT_IO.
   Local. */
enum moat_status data_file_block(const struct data_file *file, size_t first_row, size_t rows, size_t first_column,
                                 size_t columns, double *out);

/* Reads the rows index[0..count) of the features, in any order and as often as they are named, into out[count][P].
   Runs of consecutive rows are read at once. Returns as data_file_block. Local. */
enum moat_status data_file_rows(const struct data_file *file, const size_t *index, size_t count, double *out);

/* Reads all labels into performance[n] and safety[n]. Returns MOAT_USAGE with the row of the first number that is not
   finite, or MOAT_IO. Local. */
enum moat_status data_file_labels(const struct data_file *file, double *performance, double *safety);

/* Closes and frees everything; accepts a file that was not opened. Local. */
void data_file_close(struct data_file *file);

#endif
