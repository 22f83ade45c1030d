/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/agreement.h"

enum moat_status agreement_worst(enum moat_status status, MPI_Comm comm)
{
    int mine = (int)status, worst = 0;
    MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, comm);
    return (enum moat_status)worst;
}
