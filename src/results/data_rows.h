/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_DATA_ROWS_H
#define MOAT_DATA_ROWS_H

#include "moat/error.h"
#include "sweep/config.h"

/* Gives `config`, which has its directions, the rows of the data file that ridge.data names, along their own directions
   and scaled to the largest eigenvalue of the spectrum, and their checksum; MOAT_OK at once where it names none. Takes
   three times the memory of the features while it reads. Returns MOAT_USAGE where the file is no data file, its numbers
   do not vary or its spectrum is not that of the config; MOAT_IO, MOAT_MEMORY, MOAT_NUMERICAL. Rank 0. */
enum moat_status data_rows_give(struct config *config);

/* Opens and closes that file. Returns as data_rows_give. Rank 0. */
enum moat_status data_rows_check(const struct config *config);

#endif
