/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_GROUPS_H
#define MOAT_GROUPS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "results/variable.h"
#include "sweep/config.h"

/*
 * The variables of the groups /run and /ridge. One table describes them. It creates, opens, checks, reads and writes
 * them, for runs and for the summary alike. The values of one block, one task or one run are a record in memory, and
 * each variable is one member of it. So a new variable of /run needs a member here and an entry in groups.c.
 */

enum { BLOCK_PENDING = 0, BLOCK_DONE = 1 };

struct block_record {
    double seconds; /* it took to solve; NaN while pending */
    int32_t rank;   /* that solved it, -1 for none */
    uint32_t checksum;
    uint8_t state;
};

struct task_record {
    double seconds;
    int32_t rank;
    char message[256]; /* why it failed; if it is done, which file its tables come from, "" for none */
    uint32_t checksum;
    uint8_t state; /* of enum task_state */
};

/* One run of the program on the file. The file has two copies of each record and room for HISTORY_RUNS of them. */
enum { HISTORY_RUNS = 32, HISTORY_COPIES = 2 };
enum history_state { HISTORY_STARTED = 0, HISTORY_CLOSED = 1 };

struct history_record {
    int64_t number; /* of the run, from 1; 0: no record */
    char command[512], version[64], host[128];
    int64_t job, task, restart, pid; /* as in struct launch; task -1: no element of an array */
    int32_t nodes, ranks;
    double started;    /* s since 1970 in UTC */
    double seen;       /* when the run was last known to live, likewise */
    double core_hours; /* until then; NaN: not counted */
    int64_t update;    /* how often the record was written: the copy with the larger number is the newer */
    uint8_t state;
    uint32_t checksum; /* CRC-32 of the members above, in the table's order */
};

/* What a variable runs along: its scales, in order. */
enum group_along {
    ALONG_FILE,
    ALONG_HISTORY,
    ALONG_BLOCKS,
    ALONG_TASKS,
    ALONG_NU,
    ALONG_TABLES,
    ALONG_LOSSES,
    GROUP_ALONGS
};

/* When a member of a record is written. */
enum group_phase {
    PHASE_FIRST, /* with the data that it describes, or when the run starts */
    PHASE_LAST /* once those are in the file, and on disk if the run is durable; or whenever the run's record changes */
};

struct group_entry {
    const char *path, *long_name;
    const char *units; /* NULL: "1" */
    enum variable_type type;
    enum group_along along; /* tables are stored in chunks of one task */
    size_t offset;          /* of the member in its record; of the pointer in struct ladder for tables */
    size_t size;            /* of the member, bytes */
    enum group_phase phase;
    const void *fill;
    const char *const *flags;
    int flag_count;
    bool constant;
};

/* The table, and its length. */
extern const struct group_entry group_table[];
extern const int group_variables;

/* Returns true if a results file has what runs along `along`: the ladder's variables need one, and its tables one of
   their kind. Local. */
bool group_is_in(hid_t file, enum group_along along);

/* Returns true if what runs along `along` are tables of the ladder. Local. */
static inline bool group_is_table(enum group_along along)
{
    return along == ALONG_TABLES || along == ALONG_LOSSES;
}

/* Creates the variables of `config` and their scales in the new `file`, which has the group /run. False on failure.
   Rank 0. */
bool groups_create(hid_t file, const struct config *config);

/* Returns true if `file` has the variables of `config`, and its rungs. Local. */
bool groups_fit(hid_t file, const struct config *config);

/* As layout_find, for the variables of these groups and their scales. Local. */
bool groups_find(const struct config *config, const char *path, struct variable *out, const char *axis[GRID_AXES]);

/* Bytes that the variables, their scales and /ridge take in the finished file. Local. */
double groups_bytes(const struct config *config);

#endif
