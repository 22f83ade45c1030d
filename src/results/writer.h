/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_WRITER_H
#define MOAT_WRITER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "moat/error.h"
#include "sweep/config.h"
#include "sweep/field.h"

/*
 * Puts the values of blocks into a results file, and gets them back, with pwrite and pread alone: rank 0 on the
 * descriptor of its lock, every other process on one of its own. HDF5 holds none of these values, so nothing that it
 * writes itself goes over them. Only rank 0 says in the file that a block is done (results_mark).
 */
struct writer;

/* Where the first chunk of each field begins in the file, bytes; the others follow it (placement.h). */
struct results_placement {
    bool known; /* false: HDF5 alone may write the fields */
    uint64_t address[FIELD_COUNT];
};

/* What a process must know to write to the file that rank 0 has open. Plain bytes, to be sent as they are. */
struct writer_ticket {
    struct results_placement placement;
    char path[PATH_MAX];        /* absolute */
    uint64_t inode, run_offset; /* of the file; in it, of the time at which this run opened it, 0 in a new file */
    double run_started;         /* that time, by which the file is known from a copy of it */
    char kernel[64];            /* the running kernel of rank 0, whose page cache the file is in */
    bool durable;               /* each block is on disk before it is called done */
    bool any_file_system;       /* the user says that the file system is good for several writers */
};

/* Makes the writer of the process that has the file open as `descriptor`. It and `config`, whose grid and fields count,
   must outlive the writer. Returns MOAT_MEMORY. Rank 0. */
enum moat_status writer_create(int descriptor, const struct config *config, const struct results_placement *placement,
                               struct writer **out);

/* Opens the file of the ticket for a process that is not rank 0. Returns MOAT_IO with the reason in words if this
   process cannot open it, finds another file, or finds it on a file system that does not keep the writes of several
   processes, or nodes, apart; MOAT_MEMORY. Local. */
enum moat_status writer_open(const struct writer_ticket *ticket, const struct config *config, struct writer **out);

/* Opens the file of the ticket with the same checks; *descriptor is the caller's. *distant says whether this process is
   on another node than rank 0. Returns MOAT_IO with the reason in words. Local. */
enum moat_status writer_reach(const struct writer_ticket *ticket, int *descriptor, bool *distant);

/* Names the kernel that runs this process, cut to `size`: the same on all processes of a node. Local. */
void writer_kernel(char *text, size_t size);

/* Puts the record of block `index` (layout of field_offsets) into the file. The values are then safe from a kill of any
   process; if the file is durable and rank 0 is on another node, they are on disk. Returns MOAT_IO with the system's
   reason alone. Local. */
enum moat_status writer_put(struct writer *writer, size_t index, const unsigned char *record);

/* Gets the record of block `index` from the file. Returns MOAT_IO. Local. */
enum moat_status writer_get(struct writer *writer, size_t index, unsigned char *record);

/* Frees *writer and sets it to NULL; accepts NULL inside. On another node than rank 0's it first brings what it has put
   to disk, as a file system may tell late that it could not store the data. Returns MOAT_IO unless writer_put has
   failed before. Local. */
enum moat_status writer_close(struct writer **writer);

#endif
