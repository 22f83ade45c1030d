/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_IDENTITY_H
#define MOAT_IDENTITY_H

#include <stdbool.h>

#include "results/handle.h"

/* What stands at the path of a results file: nothing, something else, or the file of this or another sweep. */

/* The ends of messages that refuse a file for writing: always, and unless --force is given. */
extern const char identity_refused[], identity_replace[];

/* Sets *exists, and checks that an existing `path` is a regular file with HDF5's signature. Changes nothing. `advice`
   ends the message when it is something else. Returns MOAT_USAGE then, or MOAT_IO. Rank 0. */
enum moat_status identity_check_kind(const char *path, const char *advice, bool *exists);

/* The same for another kind of HDF5 file, `expected` in words: "a moat results file" above. Rank 0. */
enum moat_status identity_check_hdf5(const char *path, const char *expected, const char *advice, bool *exists);

/* The sweep of a file against that of a config: in a format of another version, another one, the same on another
   measured spectrum or on other data, the same in other variables, or the same, to resume. */
enum identity { IDENTITY_FORMAT, IDENTITY_OTHER, IDENTITY_SPECTRUM, IDENTITY_DATA, IDENTITY_SWEEP, IDENTITY_FILE };

/* Compares the existing file of `results`, which is locked, with `config`. Sets left_open. Changes nothing. With
   IDENTITY_FORMAT the error message names the version. Returns MOAT_USAGE when the file is damaged or moat did not
   write it, MOAT_IO, MOAT_MEMORY. Rank 0. */
enum moat_status identity_compare(struct results *results, const struct config *config, enum identity *out);

#endif
