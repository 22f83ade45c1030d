/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RESULTS_H
#define MOAT_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "moat/error.h"
#include "moat/market.h"
#include "sweep/config.h"
#include "sweep/field.h"
#include "sweep/ladder.h"

/*
 * The results file (DESIGN.md section 5): an HDF5 file in the latest format, written by rank 0 alone and followed live
 * by any number of readers (SWMR). A block's state turns to done only after its data are in the file, so a run that is
 * killed at any moment loses blocks of the last second at most, never a block reported done.
 *
 * A kill leaves what the system holds of the file, a loss of power only what the disk has. With RESULTS_FSYNC each
 * flush brings the data to disk, then writes that they are done, then brings that to disk. Whatever a loss of power
 * leaves of the writes since, no block is done without its data, and all are done that were so when a flush last
 * returned. This takes for granted that a disk keeps what it has confirmed and tears no page of 4096 bytes.
 */
struct results;

enum results_options {
    RESULTS_FORCE = 1, /* replace a file of another sweep */
    RESULTS_FSYNC = 2, /* what is flushed survives a loss of power */
};

/* To be called before MPI_Init. An HDF5 that starts after MPI_Init has MPI_Finalize close what is still open, and
   crashes there on a file that could not be written. Every process. */
void results_prepare(void);

/* Bytes of the finished results file of `config`. Local. */
double results_bytes(const struct config *config);

/* Opens `path` for the sweep `config`: creates it, or resumes it when it holds the same sweep (after repairing what a
   killed writer left), with RESULTS_FORCE too. `argv_line` is the command, for the history attribute. A file of another
   sweep is refused without RESULTS_FORCE, which replaces it once the new one is ready; a file that is not moat's, or
   that another process writes, is refused always, and a refused file is not changed. Behind a symbolic link the file is
   made where the link points. Checks folder and disk space before it creates anything. Returns MOAT_USAGE, MOAT_IO
   or MOAT_MEMORY. Rank 0. */
enum moat_status results_open(const char *path, const struct config *config, const char *argv_line, unsigned options,
                              struct results **out);

/* What the run holds from now on: results_close then adds the core-hours to its line in the history, if `argv_line`
   ended with a launch (moat/launch.h) in brackets. Rank 0. */
void results_account(struct results *results, double cores);

/* Whether block `index`, below grid_blocks, was done in the file when it was opened, or has been written since. Rank 0.
 */
bool results_block_done(const struct results *results, size_t index);

/* Number of blocks for which results_block_done holds. Rank 0. */
size_t results_blocks_done(const struct results *results);

/* Writes the record of block `index` (layout of field_offsets), its field_checksum from where it was solved, the
   seconds it took and the rank that solved it. The file is flushed when the last flush is more than a second old.
   Returns MOAT_IO. Rank 0. */
enum moat_status results_write(struct results *results, size_t index, const unsigned char *record, uint32_t checksum,
                               double seconds, int rank);

/* Fills the tables and states of those tasks of `ladder` that the file has done. With SOLVER_RIDGE. Returns MOAT_IO.
   Rank 0. */
enum moat_status results_read_tables(struct results *results, struct ladder *ladder);

/* Writes the tables and state of `task` from `ladder`, then flushes: a task is costly. `message` says why it failed, ""
   when it did not. Returns MOAT_IO. Rank 0. */
enum moat_status results_write_task(struct results *results, const struct ladder *ladder, size_t task, double seconds,
                                    int rank, const char *message);

/* Makes everything written so far visible to readers and safe from a kill. After a failed write it fails too: what is
   in the file by then stays good. Returns MOAT_IO. Rank 0. */
enum moat_status results_flush(struct results *results);

/* Flushes, closes, frees *results and sets it to NULL, also on failure; accepts NULL inside. Returns MOAT_IO when the
   file lacks something that results_write took and did not already refuse. Rank 0. */
enum moat_status results_close(struct results **results);

/* What a results file says of its sweep. */
struct results_summary {
    char title[256];  /* the config's name, cut to fit */
    bool written_now; /* some process has the file open as its writer; false for an interrupted sweep */
    char writer[384]; /* that process, or the last one if it was killed, as launch_format has it; or "" */
    size_t blocks, blocks_done;
    size_t points;
    size_t points_by_status[MOAT_MARKET_STATUSES]; /* index MOAT_MARKET_PENDING counts points not solved yet */
    size_t tasks, tasks_done, tasks_failed;        /* of the ladder; all 0 without one */
    double seconds;                                /* solving time summed over blocks and ranks */
};

/* Reads the summary of `path`, also while a run writes it or after one was killed. Returns MOAT_USAGE (no such file,
   not ours) or MOAT_IO. Rank 0. */
enum moat_status results_summarise(const char *path, struct results_summary *out);

/* The summary from the open writer's own file. Rank 0. */
enum moat_status results_count(struct results *results, struct results_summary *out);

#endif
