/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rank 0 sends the ticket of its file to the workers; each tries it, and the first that objects sends its reason. */
#include "run/writers.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const writers_name[] = {[WRITERS_WORKERS] = "workers", [WRITERS_RANK_0] = "rank-0"};

/* Rank 0's part: returns true if the workers are to try the ticket. */
static bool offer(enum writers asked, struct results *results, int ranks, struct writer_ticket *ticket, char *why)
{
    if (asked == WRITERS_RANK_0 || ranks == 1) {
        return false;
    }
    if (!results_ticket(results, asked == WRITERS_WORKERS, ticket)) {
        snprintf(why, WRITERS_WHY_SIZE, "HDF5 does not tell where the values of the file lie");
        return false;
    }
    return true;
}

/* Gives rank 0 the reason of the rank that objects, in `why`. Collective. */
static void tell(int rank, int objects, MPI_Comm comm, char why[WRITERS_WHY_SIZE])
{
    if (rank == objects) {
        char host[256] = "";
        gethostname(host, sizeof host - 1);
        snprintf(why, WRITERS_WHY_SIZE, "rank %d on %s: %s", rank, host, moat_error_message());
    }
    MPI_Bcast(why, WRITERS_WHY_SIZE, MPI_CHAR, objects, comm);
}

bool writers_agree(enum writers asked, struct results *results, const struct config *config, MPI_Comm comm,
                   struct writer **out, char why[WRITERS_WHY_SIZE])
{
    struct writer_ticket ticket;
    int rank, ranks, offered = 0, objects = INT_MAX, first = INT_MAX;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    *out = NULL;
    memset(&ticket, 0, sizeof ticket);
    memset(why, 0, WRITERS_WHY_SIZE);
    if (rank == 0) {
        offered = offer(asked, results, ranks, &ticket, why);
    }
    MPI_Bcast(&offered, 1, MPI_INT, 0, comm);
    if (!offered) {
        return false;
    }
    MPI_Bcast(&ticket, (int)sizeof ticket, MPI_BYTE, 0, comm);
    if (rank > 0 && writer_open(&ticket, config, out) != MOAT_OK) {
        objects = rank;
    }
    MPI_Allreduce(&objects, &first, 1, MPI_INT, MPI_MIN, comm);
    if (first == INT_MAX) {
        return true;
    }
    writer_close(out);
    tell(rank, first, comm, why);
    return false;
}
