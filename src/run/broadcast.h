/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_BROADCAST_H
#define MOAT_BROADCAST_H

#include <mpi.h>
#include <stddef.h>

/* Gives every rank the numbers of rank 0, in pieces, since MPI counts elements with an int. Collective over comm. */
void broadcast_numbers(double *values, size_t count, MPI_Comm comm);

#endif
