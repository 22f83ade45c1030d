/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/broadcast.h"

enum { PIECE = 1 << 24 };

void broadcast_numbers(double *values, size_t count, MPI_Comm comm)
{
    for (size_t done = 0; done < count; done += PIECE) {
        MPI_Bcast(values + done, (int)(count - done < PIECE ? count - done : PIECE), MPI_DOUBLE, 0, comm);
    }
}
