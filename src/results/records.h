/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RECORDS_H
#define MOAT_RECORDS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "results/groups.h"

/* The variables of /run and /ridge in an open file, and their values as records: struct block_record along
   ALONG_BLOCKS, struct task_record along ALONG_TASKS, struct history_record along ALONG_HISTORY. */
struct records {
    hid_t *variable; /* [group_variables] of group_table; -1 where the file has none */
    int rank[GROUP_ALONGS];
    size_t size[GROUP_ALONGS][GRID_AXES]; /* of each axis, as the file has it */
};

/* Opens the variables of `file`, those of a ladder if it has one. False if one is missing, is of another shape than its
   like, or out of memory. The caller owns *out. Local. */
bool records_open(hid_t file, struct records **out);

/* Closes the variables, frees *records and sets it to NULL; accepts NULL inside. False on failure. Local. */
bool records_close(struct records **records);

/* Number of records; 0 of tasks in a file without a ladder. Local. */
size_t records_count(const struct records *records, enum group_along along);

/* Reads all records, in C order of their axes, into out[records_count]. False on failure, also when out of memory.
   Local. */
bool records_read(const struct records *records, enum group_along along, void *out);

/* Writes the members of `phase` of records `first` to `first + count - 1`, which `from` begins with. With two axes they
   must not cross the end of the second. False on failure, also when out of memory. Rank 0. */
bool records_write(const struct records *records, enum group_along along, size_t first, size_t count,
                   enum group_phase phase, const void *from);

/* CRC-32 of the members of a record in the table's order, without the one at `except`, a member's offset. Local. */
uint32_t records_checksum(enum group_along along, const void *record, size_t except);

#endif
