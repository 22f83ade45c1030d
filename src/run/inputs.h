/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RUN_INPUTS_H
#define MOAT_RUN_INPUTS_H

#include <mpi.h>

#include "moat/error.h"
#include "sweep/config.h"

/* Gives the config of every rank what rank 0 has loaded for its own, the directions of a measured spectrum and the rows
   that are sampled, in two calls; between them the ranks agree on the status of the first. Each rank has all of it. A
   config without either stays as it is. */

/* Makes room. Returns MOAT_MEMORY. Collective over comm. */
enum moat_status inputs_make_room(struct config *config, MPI_Comm comm);

/* Sends the numbers. Collective over comm. */
void inputs_share(struct config *config, MPI_Comm comm);

#endif
