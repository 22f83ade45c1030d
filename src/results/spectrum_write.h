/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SPECTRUM_WRITE_H
#define MOAT_SPECTRUM_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/launch.h"
#include "moat/error.h"

/* A new spectrum file (results/spectrum_file.h): variables over `feature`, which counts directions from 1, and root
   attributes. */
struct spectrum_variable {
    const char *name, *long_name;
    const double *values; /* [directions] */
};

struct spectrum_number {
    const char *name;
    double value;
};

struct spectrum_text {
    const char *name, *value; /* a value that is "" is left out */
};

struct spectrum_contents {
    size_t directions;
    const struct spectrum_variable *variables; /* a row with name NULL ends each list */
    const struct spectrum_number *numbers;
    const struct spectrum_text *texts;
};

/* Checks that spectrum_write can write `path`: its folder is there and can be written; and no file is, or, with
   `force`, only a spectrum file that moat wrote. Changes nothing. Returns MOAT_USAGE, MOAT_IO or MOAT_MEMORY. Rank 0.
 */
enum moat_status spectrum_write_check(const char *path, bool force);

/* Writes the file `path`, whole or not at all: under a temporary name in its folder, with the claim of the run `launch`
   (results/claim.h), then renamed. What stands at the path is checked again. A symbolic link stays, and the file it
   points to is written. Returns as spectrum_write_check. Rank 0. */
enum moat_status spectrum_write(const char *path, bool force, const struct launch *launch,
                                const struct spectrum_contents *contents);

#endif
