/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SPECTRUM_FILE_H
#define MOAT_SPECTRUM_FILE_H

#include "moat/error.h"
#include "sweep/config.h"
#include "sweep/directions.h"

/*
 * A spectrum file: HDF5 with the one-dimensional variables `eigenvalue`, `alignment_performance`, `alignment_safety`
 * and `alignment_joint`, numbers of any type and equal length, and the root attributes `noise_performance` and
 * `noise_safety`, variances of label noise, 0 where they are left out. A root attribute `title` of fixed length, as
 * moat and NumPy's bytes_ write it, names the spectrum. Anything else in the file is ignored.
 */
enum { SPECTRUM_DIRECTIONS_MAX = 10000000 };

/* Reads the file `path`. The numbers are not judged; moat_measured_check does that. Returns MOAT_USAGE where it is not
   such a file, with what is missing or wrong, MOAT_IO where it cannot be read, MOAT_MEMORY. The caller frees *out with
   directions_free whatever is returned. Rank 0. */
enum moat_status spectrum_file_load(const char *path, struct directions *out);

/* The same with moat_measured_check. Rank 0. */
enum moat_status spectrum_file_load_checked(const char *path, struct directions *out);

/* Gives `config` the checked numbers of the spectrum file that it names (config_give_directions); MOAT_OK at once where
   it names none. Returns what spectrum_file_load_checked does. Rank 0. */
enum moat_status spectrum_file_give(struct config *config);

#endif
