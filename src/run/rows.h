/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RUN_ROWS_H
#define MOAT_RUN_ROWS_H

#include <mpi.h>

#include "moat/error.h"
#include "sweep/config.h"

/* Gives the config of every rank the rows of rank 0's, in two calls with an agreement on the status of the first
   between them: each rank has them as a whole. With none on rank 0 both do nothing. */

/* Makes room. Returns MOAT_MEMORY. Collective over comm. */
enum moat_status rows_make_room(struct config *config, MPI_Comm comm);

/* Sends the numbers. Collective over comm. */
void rows_share(struct config *config, MPI_Comm comm);

#endif
