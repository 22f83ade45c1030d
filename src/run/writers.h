/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_WRITERS_H
#define MOAT_WRITERS_H

#include <mpi.h>
#include <stdbool.h>

#include "results/results.h"
#include "results/writer.h"
#include "sweep/config.h"

/* Who puts the values of blocks into the file, as the user asks for it. */
enum writers {
    WRITERS_BY_FILE_SYSTEM, /* the workers where the file system is good for it, else rank 0 */
    WRITERS_WORKERS,        /* the workers on any file system, unless one of them cannot reach the file */
    WRITERS_RANK_0
};

/* The user's words for them; NULL for the default. */
extern const char *const writers_name[];

enum { WRITERS_WHY_SIZE = 768 };

/*
 * Opens the file on every worker for the blocks that it will solve, and sets *out to its writer, which is the caller's.
 * Unless all of them can write it, none does: then *out is NULL everywhere, and `why` on rank 0 says why not, "" if the
 * user asked for it or there are no workers. `results` is the open file on rank 0, NULL elsewhere; `config` must
 * outlive the writers. Returns true if the workers write. Collective over comm.
 */
bool writers_agree(enum writers asked, struct results *results, const struct config *config, MPI_Comm comm,
                   struct writer **out, char why[WRITERS_WHY_SIZE]);

#endif
