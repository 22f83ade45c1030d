/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RUN_SPECTRUM_SHARE_H
#define MOAT_RUN_SPECTRUM_SHARE_H

#include <mpi.h>

#include "moat/error.h"
#include "sweep/config.h"

/* Gives the config of every rank the directions of rank 0's, which is `measured` and has them, in two calls with an
   agreement on the status of the first between them. */

/* Makes room, and sends all but the lists of numbers. Returns MOAT_MEMORY. Collective over comm. */
enum moat_status spectrum_make_room(struct config *config, MPI_Comm comm);

/* Sends the lists. Collective over comm. */
void spectrum_share(struct config *config, MPI_Comm comm);

#endif
