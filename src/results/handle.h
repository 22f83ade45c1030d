/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_HANDLE_H
#define MOAT_HANDLE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "results/groups.h"
#include "results/records.h"
#include "results/results.h"

/* The open results file of a run, which the other files of this folder share. All functions are for rank 0. */

struct results {
    char *path;   /* as given, for messages */
    char *target; /* the same without symbolic links: a new file is renamed to it */

    int lock;       /* descriptor that holds the writer's lock, -1 when there is none */
    bool left_open; /* the last writer did not close the file */
    bool durable;   /* each flush goes to disk */
    struct pulse *pulse;

    char failure[1024]; /* why nothing more is written; "" while all is well */

    hid_t file;
    struct writer *writer;    /* of the fields; NULL if only HDF5 may write them */
    hid_t field[FIELD_COUNT]; /* without a writer; -1 where the sweep has none */
    struct results_placement placement;
    struct records *records;

    struct config layout; /* what the layout follows from: sweep, solver, measured, grid, fields; the rest is zero */
    size_t blocks, done;
    struct block_record *block;             /* [blocks]; may be newer than the file until the next flush */
    size_t first_unflushed, last_unflushed; /* blocks to report done at the next flush; first > last: none */
    double flushed;                         /* time of the last flush, s */
    struct history_record run;              /* of this run */
    char origin_of_part[256];               /* where tables at some nu of a task come from: the message of the task */
    double opened, cores;                   /* time of opening, s, and the cores that the run holds; 0: not known */
};

/* Resolves `path` to the place of its file, behind symbolic links, even when the file does not exist yet. The caller
   frees it. Returns MOAT_USAGE (not a file's name) or MOAT_MEMORY. */
enum moat_status handle_resolve_path(const char *path, char **target);

/* A handle for `path` without a file. The target is found behind symbolic links, even to a file that does not exist
   yet. Returns MOAT_USAGE (not a file's name) or MOAT_MEMORY. The caller owns *out. */
enum moat_status handle_create(const char *path, const struct config *config, unsigned options, struct results **out);

/* Closes and frees everything. False when HDF5 could not write the data that it still held. */
bool handle_destroy(struct results *results);

/* Sets every block pending. To be called once the disk is known to have room, so that the size is sane. Returns
   MOAT_MEMORY. */
enum moat_status handle_allocate_blocks(struct results *results);

/* Brings the data that HDF5 holds into the file, and the file to disk if the run is durable. False on failure. */
bool handle_sync(struct results *results);

/* Returns MOAT_IO when a write failed before, or when the file has been removed or replaced. */
enum moat_status handle_check_writable(struct results *results);

/* Marks the file as one that cannot be written any more, as HDF5 has failed. Returns MOAT_IO with the reason. */
enum moat_status handle_write_failed(struct results *results);

#endif
