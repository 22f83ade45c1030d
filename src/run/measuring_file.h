/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASURING_FILE_H
#define MOAT_MEASURING_FILE_H

#include "base/launch.h"
#include "results/data_file.h"
#include "run/measuring.h"

/* Writes what was measured to request->output. Returns MOAT_USAGE, MOAT_IO or MOAT_MEMORY. Rank 0. */
enum moat_status measuring_write(const struct measuring_request *request, const struct data_file *data,
                                 const struct measuring *measuring, const struct launch *launch);

#endif
