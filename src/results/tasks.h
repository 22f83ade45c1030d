/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_TASKS_H
#define MOAT_TASKS_H

#include <hdf5.h>
#include <stdbool.h>

#include "sweep/config.h"

/* Writes A0 at each nu of power laws, which is known exactly, to /ridge of the new `file`. False on failure. Rank 0. */
bool tasks_write_A0(hid_t file, const struct config *config);

#endif
