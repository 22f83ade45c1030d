/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RESULTS_INTERNAL_H
#define MOAT_RESULTS_INTERNAL_H

#include <hdf5.h>

#include "moat/launch.h"
#include "moat/results.h"

/*
 * The results module, one file per concern:
 *   results_open.c      opening a file: create or resume
 *   results.c           writing blocks, flushing, closing
 *   results_create.c    a new file: folder, disk space, provenance
 *   results_layout.c    its variables
 *   results_identity.c  whose file it is, and who writes it
 *   results_intact.c    whether a file is whole
 *   results_fit.c       whether it has a config's variables
 *   results_checksum.c  checksums of the values
 *   results_writer.c    the writer by name, and what its run took
 *   results_summary.c   reading what a file says of its sweep
 *   results_hdf5.c      what all of them need from HDF5
 */

enum { BLOCK_PENDING = 0, BLOCK_DONE = 1 };
enum { RIDGE_TABLES = 3, TASK_VARIABLES = 5 };

struct results {
    char *path;   /* as given, for messages */
    char *target; /* the same without symbolic links: what a new file is renamed to */

    int lock;       /* descriptor that holds the writer's lock, -1 when there is none */
    bool locked;    /* false where the file system has no locks */
    bool left_open; /* the last writer did not close the file */
    bool durable;   /* each flush goes to disk */

    char failure[1024]; /* why nothing more is written; "" while all is well */

    hid_t file, field[FIELD_COUNT], block_state, block_seconds, block_rank, block_checksum;
    hid_t table[RIDGE_TABLES], task[TASK_VARIABLES]; /* with SOLVER_RIDGE */

    struct config layout; /* what the file's layout follows from: sweep, solver and grid, the rest is zero */
    size_t blocks, done;
    uint8_t *state;                         /* of each block; runs ahead of the file by what is not flushed */
    double *seconds;                        /* likewise */
    int32_t *rank;                          /* likewise */
    uint32_t *checksum;                     /* likewise */
    size_t first_unflushed, last_unflushed; /* span of blocks to report done at the next flush; first > last: none */
    double flushed;                         /* when, s */
    double opened, cores;                   /* when, s, and what the run holds; 0: not known */
};

/* --- results_hdf5.c */

/* Makes HDF5 silent and forgets the last failure. At the start of every public function. Local. */
void hdf5_begin(void);

/* Whether any call has failed since, also one that nobody looked at, as those that close. Local. */
bool hdf5_failed(void);

/* Records "`path`: `action`: what HDF5 said" and returns `status`. Local. */
enum status hdf5_error(enum status status, const char *path, const char *action);

/* File access list: latest format, no locks but ours; with `left_open`, also for a file that no writer closed. The
   caller closes it. Negative on failure. Local. */
hid_t hdf5_access_list(bool left_open);

/* Closes the object and sets it to -1; accepts -1 inside. False on failure. Local. */
bool hdf5_close(hid_t *object);

/* Writes the text attribute `name`, new or not, as a variable-length UTF-8 string. False on failure. Local. */
bool hdf5_text_write(hid_t object, const char *name, const char *text);

/* Brings the file behind the descriptor to disk; a failure is told as one of HDF5's. False on failure. Local. */
bool hdf5_sync(int descriptor);

/* Makes the file behind the descriptor longer by more than a line of its history takes. A full disk is found before
   anything changes, and with hdf5_sync no loss of power leaves a superblock that tells of an end which the file does
   not have, which readers refuse. HDF5 cuts the rest off when it closes the file. A failure is told as one of HDF5's.
   False on failure. Local. */
bool hdf5_make_room(int descriptor);

/* The text attribute `name`, which the caller frees; NULL when there is none or on failure. HDF5 keeps such texts
   without a checksum and 1.10 ends in SIGSEGV, goes on for ever or writes past a buffer where they are damaged: so a
   child process reads it, and sends it through a pipe; it makes no call of MPI. Local. */
char *hdf5_text_read(hid_t object, const char *name);

/* --- results_identity.c */

/* The end of a message that refuses a file for writing. */
extern const char results_refused[];

/* Whether `path` is there; when it is, that it is a regular file with HDF5's signature. Changes nothing. `advice` ends
   the message when it is something else. Returns STATUS_USAGE then, STATUS_IO. Rank 0. */
enum status results_check_kind(const char *path, const char *advice, bool *exists);

/* Opens `path` for writing, with more `flags` of open(2), and takes the writer's lock on it. *descriptor is the
   caller's; *locked is false where the file system has no locks. Returns STATUS_USAGE when another process writes it,
   for half a second now, STATUS_IO. Rank 0. */
enum status results_lock(const char *path, int flags, int *descriptor, bool *locked);

/* Whether some process holds the writer's lock on `path`; where there are no locks, whether its last writer may be
   alive. Changes nothing. Rank 0. */
bool results_written_now(const char *path);

/* What a file holds: another sweep; this one, but in other variables; or this one, to go on with. */
enum match { MATCH_NONE, MATCH_SWEEP, MATCH_FILE };

/* Reads what the existing file of `results`, which is locked, has of `config`. Sets left_open. Changes nothing. Returns
   STATUS_USAGE when it is not ours or damaged, STATUS_IO, STATUS_MEMORY. Rank 0. */
enum status results_identify(struct results *results, const struct config *config, enum match *match);

/* --- results_intact.c */

/* Whether `file`, which was opened for reading as `path`, is one of moat and whole: everything in it can be opened and
   is of the kind a sweep has. `advice` ends the message when it is not. Returns STATUS_USAGE then, STATUS_IO. Local. */
enum status results_check_content(hid_t file, const char *path, const char *advice);

/* --- results_fit.c */

/* Whether the variables of `file`, which is whole, are those of `config`. Local. */
bool results_layout_fits(hid_t file, const struct config *config);

/* --- results_checksum.c */

/* The CRC-32 of `values` after what has the checksum `before`, 0 for nothing. Local. */
uint32_t results_checksum(uint32_t before, const void *values, size_t bytes);

/* Turns blocks reported done whose values do not have their checksum back to pending; *damaged counts them. False when
   values cannot be read, or out of memory. Rank 0. */
bool results_check_blocks(struct results *results, size_t *damaged);

/* --- results_writer.c */

/* Reads who wrote the file last, live or killed, into *launch; false when that run closed the file or left no trace.
   Local. */
bool results_read_launch(hid_t file, struct launch *launch);

/* The same of the file `path`, in whatever state it is. Local. */
bool results_find_launch(const char *path, struct launch *launch);

/* STATUS_USAGE, with a message that names the process that holds the lock of `path`. Local. */
enum status results_refuse_writer(const char *path);

/* Where there are no locks: whether the writer that did not close `path` is gone. Returns STATUS_USAGE when it is not,
   or that cannot be told. Local. */
enum status results_settle_writer(const char *path);

/* The history of `file`, which the caller frees: where its last change was cut short, as it was before. NULL when there
   is none or on failure. Rank 0. */
char *results_history(hid_t file);

/* Sets the attribute history of `file`, the heap with the text before the attribute that refers to it. From 1.14 on
   HDF5 frees the old text in the same heap, to which the attribute on the disk still refers: a second attribute has
   that text, and is on the disk before. So no kill costs the history; nor does a loss of power when the file's
   `descriptor` is given, not -1, and synced in between. False on failure. Rank 0. */
bool results_write_history(hid_t file, const char *text, int descriptor);

/* Adds to the last line of the closed file's history what its run took; `descriptor` as above. False on failure.
   Rank 0. */
bool results_finish_history(const char *path, double core_hours, int descriptor);

/* --- results_create.c */

/* Creates the file of `config` in place of results->target, all pending, ready for SWMR readers. Returns STATUS_USAGE
   (folder, disk space, another process) or STATUS_IO. Rank 0. */
enum status results_create(struct results *results, const struct config *config, const char *argv_line);

/* Adds the line of this run to the history attribute of `file`, named `path` in messages; a history that cannot be read
   starts anew. `descriptor`: see results_write_history. False on failure. Rank 0. */
bool results_add_history(hid_t file, const char *path, const char *argv_line, int descriptor);

/* --- results_layout.c */

/* One variable of the file. */
struct variable {
    const char *name, *units, *long_name;
    hid_t type;        /* in the file */
    const void *fill;  /* a double, or a long long for integers; NULL: zero */
    int rank;          /* at most GRID_AXES */
    bool chunked;      /* else stored in one piece */
    bool constant;     /* written once, before the file has readers: HDF5 keeps a checksum */
    const char *flags; /* CF flag_meanings of values 0, 1, ..; NULL: not a flag */
    hsize_t dims[GRID_AXES], chunk[GRID_AXES];
    hid_t scale[GRID_AXES]; /* the dimensions */
};

/* Creates `variable` in `parent`; the caller closes it. Negative on failure. Rank 0. */
hid_t results_create_variable(hid_t parent, const struct variable *variable);

/* Creates a coordinate: a variable with `values`, of type `memory`, that is a dimension scale. Negative on failure.
   Rank 0. */
hid_t results_create_scale(hid_t parent, const struct variable *variable, hid_t memory, const void *values);

/* Creates every variable of the sweep in the new `file`. False on failure. Rank 0. */
bool results_write_layout(hid_t file, const struct config *config);

/* --- results_ridge.c */

/* Creates group /ridge in the new `file` and the tasks' variables in its group `run`. False on failure. Rank 0. */
bool results_write_ridge_layout(hid_t file, hid_t run, const struct config *config);

/* Opens those variables in results->file. False on failure. Rank 0. */
bool results_open_ridge(struct results *results);

/* Sets the summary's tasks from `file`; a file without a ladder has none. False on failure. Local. */
bool results_count_tasks(hid_t file, struct results_summary *summary);

/* Bytes they take in the finished file. Local. */
double results_ridge_bytes(const struct config *config);

/* --- results.c */

/* Writes a box of `dataset` from `values`, packed; false on failure. Rank 0. */
bool results_write_box(hid_t dataset, hid_t type, int rank, const size_t *start, const size_t *count,
                       const void *values);

/* Brings what HDF5 holds into the file, and the file to disk where that is asked for. False on failure. Rank 0. */
bool results_settle(struct results *results);

/* STATUS_IO when a write failed before, or the file has been removed. Rank 0. */
enum status results_check_writable(struct results *results);

/* Marks the file as one that cannot be written any more; returns STATUS_IO with the reason. Rank 0. */
enum status results_write_failed(struct results *results);

/* --- results_open.c */

/* Closes and frees everything. False when HDF5 could not write what it still held. Rank 0. */
bool results_destroy(struct results *results);

/* --- results_summary.c */

/* Sets summary->title from the file's attribute. Local. */
void results_read_title(hid_t file, struct results_summary *summary);

/* Adds the points of the dataset `variable` (the field status) to summary->points and points_by_status, chunk by chunk.
   False on failure, also when out of memory. Local. */
bool results_count_points(hid_t variable, struct results_summary *summary);

#endif
