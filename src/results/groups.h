/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_GROUPS_H
#define MOAT_GROUPS_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/variable.h"
#include "sweep/config.h"

/*
 * The variables of the groups /run and /ridge: the state of each block and each task, and the measured tables. One
 * table describes them. Creation, opening, checking and the summary read it, so a new variable needs an enumerator here
 * and an entry in groups.c.
 */
enum group_variable {
    RUN_BLOCK_STATE,
    RUN_BLOCK_SECONDS,
    RUN_BLOCK_RANK,
    RUN_BLOCK_CHECKSUM,
    RIDGE_A0,
    RIDGE_A1,
    RIDGE_A2,
    RIDGE_D,
    RUN_TASK_STATE,
    RUN_TASK_SECONDS,
    RUN_TASK_RANK,
    RUN_TASK_MESSAGE,
    RUN_TASK_CHECKSUM,
    GROUP_VARIABLES
};

/* What a variable runs along: its scales, in order. Only ALONG_BLOCKS is in a file without a ladder. */
enum group_along { ALONG_BLOCKS, ALONG_NU, ALONG_TABLES, ALONG_TASKS, GROUP_ALONGS };

struct group_entry {
    const char *path, *units, *long_name;
    enum variable_type type;
    enum group_along along; /* tables are stored in chunks of one task */
    const void *fill;
    const char *const *flags;
    int flag_count;
    bool constant;
};

extern const struct group_entry group_table[GROUP_VARIABLES];

/* Creates the variables of `config` and their scales in the new `file`, which has the group /run. False on failure.
   Rank 0. */
bool groups_create(hid_t file, const struct config *config);

/* Opens the variables that a file of config->solver has; the others become -1. The caller closes them. False on
   failure. Rank 0. */
bool groups_open(hid_t file, const struct config *config, hid_t variable[GROUP_VARIABLES]);

/* Returns true if `file` has the variables of `config`, and its rungs. Local. */
bool groups_fit(hid_t file, const struct config *config);

/* As layout_find, for the variables of these groups and their scales. Local. */
bool groups_find(const struct config *config, const char *path, struct variable *out, const char *axis[GRID_AXES]);

/* Bytes that the variables, their scales and /ridge take in the finished file. Local. */
double groups_bytes(const struct config *config);

#endif
