/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_AGREEMENT_H
#define MOAT_AGREEMENT_H

#include <mpi.h>

#include "moat/error.h"

/* Returns the worst of the ranks' statuses, so that all ranks take the same branch before the next collective call.
   Collective over comm. */
enum moat_status agreement_worst(enum moat_status status, MPI_Comm comm);

#endif
