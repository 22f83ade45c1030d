/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FILLERS_H
#define MOAT_FILLERS_H

#include <mpi.h>

#include "results/fill.h"

/*
 * The workers fill a large new file with empty values, before it gets its name. They stand by in fillers_serve while
 * rank 0 opens or makes the file, until it dismisses them.
 */

/* Hands the pieces of the new file to the workers that can write it. Returns MOAT_OK when they have filled what they
   got: everything, or nothing if no worker could; what workers of other nodes have filled is then on disk. Returns
   MOAT_IO, or what fill_count does. Rank 0, while all others are in fillers_serve. */
enum moat_status fillers_run(struct fill *fill, const struct writer_ticket *ticket, MPI_Comm comm);

/* Ends fillers_serve on all other ranks. Rank 0. */
void fillers_dismiss(MPI_Comm comm);

/* Fills pieces for rank 0 until it dismisses this rank. Every rank but 0. */
void fillers_serve(MPI_Comm comm);

#endif
