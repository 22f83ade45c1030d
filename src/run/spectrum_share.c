/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directions of a measured spectrum to every rank, which makes its own tables of them. */
#include "run/spectrum_share.h"

#include <string.h>

enum moat_status spectrum_make_room(struct config *config, MPI_Comm comm)
{
    struct directions sent = config->directions, made;
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Bcast(&sent, (int)sizeof sent, MPI_BYTE, 0, comm); /* the pointers in it are rank 0's */
    if (rank == 0) {
        return MOAT_OK;
    }
    enum moat_status status = directions_allocate(sent.spectrum.n, &made);
    if (status == MOAT_OK) {
        made.spectrum.noise1 = sent.spectrum.noise1;
        made.spectrum.noise2 = sent.spectrum.noise2;
        made.checksum = sent.checksum;
        memcpy(made.title, sent.title, sizeof made.title);
        config_give_directions(config, &made);
    }
    return status;
}

void spectrum_share(struct config *config, MPI_Comm comm)
{
    MPI_Bcast(config->directions.value, 4 * (int)config->directions.spectrum.n, MPI_DOUBLE, 0, comm);
}
