/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SPECTRUM_FILE_H
#define MOAT_SPECTRUM_FILE_H

#include <stdint.h>

#include "moat/error.h"
#include "moat/measured.h"

/*
 * A spectrum file: HDF5 with the one-dimensional variables `eigenvalue`, `alignment_performance`, `alignment_safety`
 * and `alignment_joint`, numbers of any type and equal length, and the root attributes `noise_performance` and
 * `noise_safety`, variances of label noise, 0 where they are left out. Anything else in the file is ignored.
 */
enum { SPECTRUM_DIRECTIONS_MAX = 10000000 };

struct spectrum_file {
    struct moat_measured_spectrum spectrum; /* points into value */
    double *value;                          /* owned: the four variables, one after the other */
    uint32_t checksum;                      /* of the numbers as doubles, whatever their type in the file is */
};

/* Reads the file `path`. The numbers are not judged; moat_measured_create does that. Returns MOAT_USAGE where it is not
   such a file, with what is missing or wrong, MOAT_IO where it cannot be read, MOAT_MEMORY. The caller frees *out with
   spectrum_file_free whatever is returned. Rank 0. */
enum moat_status spectrum_file_load(const char *path, struct spectrum_file *out);

/* Frees the contents; accepts contents that are all zero. Local. */
void spectrum_file_free(struct spectrum_file *file);

#endif
