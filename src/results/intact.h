/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_INTACT_H
#define MOAT_INTACT_H

#include <hdf5.h>

#include "moat/error.h"

/* Checks that `file`, which was opened for reading as `path`, was written by moat and is whole: everything in it can be
   opened and is of a kind that a sweep has. `advice` ends the message when it is not. Returns MOAT_USAGE then, or
   MOAT_IO. Local. */
enum moat_status intact_check(hid_t file, const char *path, const char *advice);

#endif
