/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_WORKER_H
#define MOAT_WORKER_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#include "moat/error.h"
#include "results/writer.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

/* Solves blocks. It owns the solvers of the nu it met last and room for one record. */
struct worker;

/* Makes a worker. `ladder` has the measured tables with SOLVER_RIDGE, else it is NULL; it and `config` must outlive the
   worker. Returns MOAT_MEMORY. The caller owns *out. Local. */
enum moat_status worker_create(const struct config *config, const struct ladder *ladder, struct worker **out);

/* Makes the worker put its blocks into the file itself, with `writer`, which must outlive it; NULL: it sends them to
   rank 0. Local. */
void worker_write_with(struct worker *worker, struct writer *writer);

/* Frees *worker and sets it to NULL; accepts NULL inside. Local. */
void worker_destroy(struct worker **worker);

/*
 * The protocol. Rank 0 sends a block's number with WORKER_TAG_SOLVE, or any with WORKER_TAG_STOP. A worker answers each
 * WORKER_TAG_SOLVE with one message, WORKER_TAG_SOLVED: struct solved_header, then the record unless the worker has put
 * it into the file. If that fails, or once the worker has run out of memory, it gives back that block, of a lack of
 * memory every later one too: then a reason of WORKER_REASON_SIZE bytes follows the header.
 */
enum { WORKER_TAG_SOLVE = 1, WORKER_TAG_STOP = 2, WORKER_TAG_SOLVED = 3 };
enum { WORKER_REASON_SIZE = 512 };

struct solved_header {
    unsigned long long block;
    double seconds;
    uint32_t checksum; /* field_checksum of the record */
    int32_t status;    /* MOAT_OK, MOAT_MEMORY, or MOAT_IO if the record could not be put into the file */
    int32_t written;   /* the record is in the file, and does not follow */
};

/* Bytes of the largest message of that protocol. Local. */
size_t worker_message_size(const struct config *config);

/* Solves every point of block `index`, fills *header, and points *record to the record (layout of field_offsets), which
   is the worker's and lives until the next call. A point that cannot be solved has its status in the record, and the
   sweep continues. Returns MOAT_MEMORY: that is no property of a point, and there is no record then. Local. */
enum moat_status worker_solve(struct worker *worker, size_t index, struct solved_header *header,
                              const unsigned char **record);

/* Takes blocks from rank 0 of `comm`, solves them and sends the records back, until WORKER_TAG_STOP arrives. Every rank
   of `comm` but 0, while rank 0 is in coordinator_run. */
void worker_run(struct worker *worker, MPI_Comm comm);

#endif
