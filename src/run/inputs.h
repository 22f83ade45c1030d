/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RUN_INPUTS_H
#define MOAT_RUN_INPUTS_H

#include <mpi.h>

#include "moat/error.h"
#include "sweep/config.h"

/* config_load, with the measured spectrum and the rows that the config names. Returns also what spectrum_file_give and
   data_rows_give do; on failure *out is NULL. Rank 0. */
enum moat_status inputs_load(const char *path, const char *const *settings, struct config **out);

/* The same for a process that leaves the work to others: the data file is opened, but not read. Local. */
enum moat_status inputs_check(const char *path, const char *const *settings);

/* Gives the config of every rank what rank 0 has loaded for its own, the directions of a measured spectrum and the rows
   that are sampled, in two calls; between them the ranks agree on the status of the first. Each rank has all of it. A
   config without either stays as it is. */

/* Makes room. Returns MOAT_MEMORY. Collective over comm. */
enum moat_status inputs_make_room(struct config *config, MPI_Comm comm);

/* Sends the numbers. Collective over comm. */
void inputs_share(struct config *config, MPI_Comm comm);

#endif
