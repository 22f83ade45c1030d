/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PROVENANCE_H
#define MOAT_PROVENANCE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "moat/error.h"
#include "sweep/config.h"

/*
 * Where a results file comes from: the root attributes, which tell a reader all about the sweep, with their types, so
 * that nobody has to parse the config; and the config's text. src/results/README.md lists them.
 */

/* Writes the attributes of the sweep `config` to the new `file`, and the config's text to /run. False on failure.
   Rank 0. */
bool provenance_write(hid_t file, const struct config *config);

/* Returns MOAT_OK if `file`, which is whole and was opened as `path`, has the format of this version. Otherwise
   MOAT_USAGE, with a message that names the version that wrote it and ends with `advice`. Local. */
enum moat_status provenance_check_format(hid_t file, const char *path, const char *advice);

/* Returns true if `file`, which is whole, is of the measured spectrum whose numbers `config` has; also where neither
   has one. Local. */
bool provenance_has_spectrum(hid_t file, const struct config *config);

/* The same of the data whose rows are sampled. Local. */
bool provenance_has_data(hid_t file, const struct config *config);

/* The checksums of the spectrum and of the data that a whole `file` names; -1 where it names none. Local. */
int64_t provenance_spectrum_checksum(hid_t file);
int64_t provenance_data_checksum(hid_t file);

/* Writes a line on the measured spectrum of `file`, which is whole: file name, title, directions, label noise and
   checksum; "" for power laws. Local. */
void provenance_describe_spectrum(hid_t file, char *text, size_t size);

/* The number of directions that the data sets of a whole `file` on a measured spectrum have; 0 where it does not say.
   Local. */
double provenance_directions(hid_t file);

/* Reads the config's text, which the caller frees, into *text. Returns MOAT_USAGE if it is damaged, with a message that
   ends with `advice`, or MOAT_MEMORY. Local. */
enum moat_status provenance_read_config(hid_t file, const char *path, const char *advice, char **text);

#endif
