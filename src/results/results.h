/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RESULTS_H
#define MOAT_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/launch.h"
#include "moat/error.h"
#include "moat/market.h"
#include "results/writer.h"
#include "sweep/config.h"
#include "sweep/field.h"
#include "sweep/ladder.h"

/*
 * The results file: an HDF5 file in the format of HDF5 1.10, which any number of readers follow live (SWMR) while a run
 * writes it. src/results/README.md describes its contents. Rank 0 alone has it open with HDF5. The values of blocks
 * have fixed places, where the process that solved a block can put them itself (writer.h). If the run is killed at any
 * moment, you lose at most the last second of blocks. A block is marked done only after its data are in the file, so
 * everything marked done is complete.
 *
 * After a kill the file has all that was written to it, after a loss of power only what is on the disk. With
 * RESULTS_FSYNC each flush brings the data to disk, then marks them done, then brings the marks to disk. Whichever of
 * the later writes a loss of power destroys, no block is done without its data, and every block that a completed flush
 * marked done stays done. This assumes that a disk keeps what it has confirmed and tears no page of 4096 bytes.
 */
struct results;
struct fill;

enum results_options {
    RESULTS_FORCE = 1, /* replace a file of another sweep */
    RESULTS_FSYNC = 2, /* flushed data survive a loss of power */
};

/* Starts HDF5; to be called before MPI_Init, by every process. If HDF5 starts later, MPI_Finalize closes the files that
   are still open, and crashes on one that could not be written. */
void results_prepare(void);

/* Bytes of the finished results file of `config`. Local. */
double results_bytes(const struct config *config);

/* A run of the program, for the history. */
struct results_run {
    const char *command; /* its command line */
    struct launch launch;
    double cores; /* that it holds until it closes the file, for the core-hours; 0: not counted */
    /* Called many times a second while a large file is made, with the share that is there; true stops it. NULL: none */
    bool (*making)(void *context, double share);
    /* Called once while a large file is made, to have other processes fill it (results/fill.h): what fill_next still
       has afterwards is filled by this one. Returns MOAT_IO, or what fill_count does. NULL: there are no others */
    enum moat_status (*fill)(void *context, struct fill *fill, const struct writer_ticket *ticket);
    void *context;
};

/*
 * Opens `path` for the sweep `config`, and adds `run` to the history.
 *   no such file                             created; behind a symbolic link, where the link points
 *   the same sweep                           resumed, with RESULTS_FORCE too; repaired first if its writer was killed
 *   another sweep                            refused; with RESULTS_FORCE replaced, once the new file is ready
 *   another version's, of another format     likewise
 *   damaged, not written by moat, or open    always refused
 *   in another writer
 * A refused file is not changed. Folder and disk space are checked before anything is created. A new file is made as
 * PATH.moat-new, which is there only while it is made. The caller closes *out with results_close. Returns MOAT_USAGE,
 * MOAT_IO, MOAT_MEMORY, or MOAT_STOPPED if run->making has stopped it. Rank 0.
 */
enum moat_status results_open(const char *path, const struct config *config, const struct results_run *run,
                              unsigned options, struct results **out);

/* Makes the checks of results_open: returns what it would, and changes nothing. Rank 0. */
enum moat_status results_check(const char *path, const struct config *config, unsigned options);

/* Returns true if block `index`, below grid_blocks, was done when the file was opened, or has been written since.
   Rank 0. */
bool results_block_done(const struct results *results, size_t index);

/* Number of blocks for which results_block_done holds. Rank 0. */
size_t results_blocks_done(const struct results *results);

/* Writes the record of block `index` (layout of field_offsets) and does what results_mark does. Returns MOAT_IO. Rank
 * 0.
 */
enum moat_status results_write(struct results *results, size_t index, const unsigned char *record, uint32_t checksum,
                               double seconds, int rank);

/* Notes that the values of block `index` are in the file, with their field_checksum from where they were solved, the
   seconds that took and the rank that did it. The block is marked done in the file at the next flush, which is made now
   if the last is more than a second old. Returns MOAT_IO. Rank 0. */
enum moat_status results_mark(struct results *results, size_t index, uint32_t checksum, double seconds, int rank);

/* Fills the ticket with which other processes write blocks to the file; `any_file_system` as there. Returns false if
   only HDF5 may write them. Rank 0. */
bool results_ticket(struct results *results, bool any_file_system, struct writer_ticket *out);

/* Notes that `rank` could not put its block into the file, for that `reason`: nothing more is written. Returns MOAT_IO.
   Rank 0. */
enum moat_status results_put_failed(struct results *results, int rank, const char *reason);

/* Makes every block pending again, in the file too: the tables that the grid is solved from are about to change.
   Returns MOAT_IO. Rank 0. */
enum moat_status results_reopen_blocks(struct results *results);

/* Fills the tables and states of the tasks of `ladder` that the file has. Only with SOLVER_RIDGE. Tasks whose checksum
   does not match become pending. Returns MOAT_IO, MOAT_MEMORY. Rank 0. */
enum moat_status results_read_tables(struct results *results, struct ladder *ladder);

/* Writes the tables and state of `task` from `ladder`, and flushes at once because a task is costly. `message` is the
   reason of a failure, "" if the task is done. Returns MOAT_IO. Rank 0. */
enum moat_status results_write_task(struct results *results, const struct ladder *ladder, size_t task, double seconds,
                                    int rank, const char *message);

/* Makes everything written so far visible to readers and safe from a kill. Fails if a write has failed before; the
   blocks marked done by then stay valid. Returns MOAT_IO. Rank 0. */
enum moat_status results_flush(struct results *results);

/* Completes the run's record in the history, flushes, closes, frees *results and sets it to NULL, also on failure;
   accepts NULL inside. Returns MOAT_IO when the file lacks data that results_write accepted, unless an earlier call has
   reported that already. Rank 0. */
enum moat_status results_close(struct results **results);

/* The work of one stage of a sweep. */
struct results_work {
    double total, done;
    double rate; /* per second, of all ranks of the run that writes the file; NAN if none does, or none has ended any */
};

/* The latest run on a results file. */
struct results_last_run {
    bool known;  /* false: the file has no record of it, and nothing below is set */
    bool closed; /* it has closed the file: done or stopped, but not killed */
    struct launch launch;
    double started, seen; /* when it opened the file and when it last wrote it, s since 1970 */
    double alive;         /* its last sign of life, likewise: no earlier than `seen` */
};

/* Other files whose tables a file has taken (results/tables_file.h), and the number of its tasks from each. */
enum { RESULTS_ORIGINS = 8, RESULTS_ORIGIN_SIZE = 257 };
struct results_origins {
    size_t count, tasks[RESULTS_ORIGINS];
    char text[RESULTS_ORIGINS][RESULTS_ORIGIN_SIZE]; /* "tables from FILE (NAME, created DATE)" */
    size_t others;                                   /* tasks from still other files */
};

/* The progress of a sweep and the outcomes of its points, as its file has them. */
struct results_summary {
    char title[256];  /* the config's name, cut to fit */
    bool written_now; /* some process has the file open as its writer; false for an interrupted sweep */
    char writer[384]; /* that process, or the last one if it was killed, as launch_format writes it; or "" */
    size_t blocks, blocks_done;
    size_t points;
    size_t points_by_status[MOAT_MARKET_STATUSES]; /* index MOAT_MARKET_PENDING counts points not solved yet */
    size_t failed_at[GRID_AXES];            /* the first point on the grid with MOAT_MARKET_FAILED, if there is one */
    size_t tasks, tasks_done, tasks_failed; /* of the ladder; all 0 without one */
    struct results_origins origins;         /* of tasks that are done; none with results_count */
    double seconds;                         /* solving time summed over blocks and ranks */
    /* Those of results_summarise alone: */
    struct results_last_run last;
    struct results_work task_work;  /* operations of the data sets, as ridge_flops counts them; a failed one is done */
    struct results_work block_work; /* points, those in blocks that are done */
};

/* Reads the summary of `path`, also while a run writes it or after one was killed. Returns MOAT_USAGE (no such file,
   not written by moat) or MOAT_IO. Rank 0. */
enum moat_status results_summarise(const char *path, struct results_summary *out);

/* The summary of the open file, after a flush. Returns MOAT_IO. Rank 0. */
enum moat_status results_count(struct results *results, struct results_summary *out);

#endif
