/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a data set to every rank. Rank 0 alone turns them to their directions, so that all have the same bits. */
#include "run/rows.h"

#include <stdbool.h>

enum { PIECE = 1 << 24 }; /* MPI counts elements with an int */

struct rows_header {
    unsigned long long there, n, P, checksum;
    double noise[2];
};

static void broadcast(double *values, size_t count, MPI_Comm comm)
{
    for (size_t done = 0; done < count; done += PIECE) {
        MPI_Bcast(values + done, (int)(count - done < PIECE ? count - done : PIECE), MPI_DOUBLE, 0, comm);
    }
}

enum moat_status rows_make_room(struct config *config, MPI_Comm comm)
{
    struct rows_header header = {0};
    int rank;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0 && config->rows) {
        const struct ridge_rows *rows = config->rows;
        header = (struct rows_header){1, rows->n, rows->P, config->rows_checksum, {rows->noise[0], rows->noise[1]}};
    }
    MPI_Bcast(&header, (int)sizeof header, MPI_BYTE, 0, comm);
    if (rank == 0 || !header.there) {
        return MOAT_OK;
    }
    enum moat_status status = ridge_rows_allocate((size_t)header.n, (size_t)header.P, &config->rows);
    if (status == MOAT_OK) {
        config->rows_checksum = (uint32_t)header.checksum;
        config->rows->noise[0] = header.noise[0];
        config->rows->noise[1] = header.noise[1];
    }
    return status;
}

void rows_share(struct config *config, MPI_Comm comm)
{
    struct ridge_rows *rows = config->rows;
    if (rows) {
        broadcast(rows->feature, rows->n * rows->P, comm);
        broadcast(rows->label[0], ridge_rows_lists(rows->n, rows->P), comm);
    }
}
