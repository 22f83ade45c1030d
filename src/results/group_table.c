/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of the variables of /run and /ridge. */
#include <stddef.h>

#include "results/groups.h"
#include "sweep/ladder.h"

static const char since_1970[] = "seconds since 1970-01-01T00:00:00Z";
static const char *const run_states[] = {"started", "closed"};
static const char *const block_states[] = {"pending", "done"};
static const char *const task_states[] = {"pending", "done", "failed"};

/* A member of a record, and its path in the file. */
#define MEMBER(record, name) .offset = offsetof(struct record, name), .size = sizeof(((struct record *)0)->name)
#define OF_RUN(name) .path = "run/history_" #name, .along = ALONG_HISTORY, MEMBER(history_record, name)
#define OF_BLOCK(name) .path = "run/block_" #name, .along = ALONG_BLOCKS, MEMBER(block_record, name)
#define OF_TASK(name) .path = "run/task_" #name, .along = ALONG_TASKS, MEMBER(task_record, name)
#define OF_LOSSES(name) .path = "ridge/" #name, .along = ALONG_LOSSES, MEMBER(ladder, name)
#define OF_LADDER(name) .path = "ridge/" #name, .along = ALONG_TABLES, MEMBER(ladder, name)

/* Versions of clang-format differ on braces in macros and tables. */
/* clang-format off */
const struct group_entry group_table[] = {
    {.path = "run/config", .along = ALONG_FILE, .type = VARIABLE_TEXT, .long_name = "the sweep's YAML text"},
    {.path = "run/config_checksum", .along = ALONG_FILE, .type = VARIABLE_UINT32,
     .long_name = "CRC-32 of the sweep's YAML text"},

    {OF_RUN(number), .type = VARIABLE_INT64, .long_name = "number of the run, 0 for none"},
    {OF_RUN(command), .type = VARIABLE_TEXT, .long_name = "command line"},
    {OF_RUN(version), .type = VARIABLE_TEXT, .long_name = "version and revision of moat"},
    {OF_RUN(host), .type = VARIABLE_TEXT, .long_name = "host of MPI rank 0"},
    {OF_RUN(job), .type = VARIABLE_INT64, .long_name = "SLURM job or array of jobs, 0 for none"},
    {OF_RUN(task), .type = VARIABLE_INT64, .long_name = "element of the array that the job is, -1 for none"},
    {OF_RUN(restart), .type = VARIABLE_INT64, .long_name = "how often SLURM had requeued the job"},
    {OF_RUN(pid), .type = VARIABLE_INT64, .long_name = "process id of MPI rank 0"},
    {OF_RUN(nodes), .type = VARIABLE_INT32, .long_name = "number of nodes"},
    {OF_RUN(ranks), .type = VARIABLE_INT32, .long_name = "number of MPI ranks"},
    {OF_RUN(started), .type = VARIABLE_FLOAT64, .units = since_1970,
     .long_name = "when the run opened the file"},
    {OF_RUN(seen), .type = VARIABLE_FLOAT64, .units = since_1970, .phase = PHASE_LAST,
     .long_name = "when the run last wrote the file"},
    {OF_RUN(core_hours), .type = VARIABLE_FLOAT64, .units = "h", .fill = &variable_nan, .phase = PHASE_LAST,
     .long_name = "core-hours of the run until then"},
    {OF_RUN(update), .type = VARIABLE_INT64, .phase = PHASE_LAST,
     .long_name = "number of the record's update: of two copies the larger counts"},
    {OF_RUN(state), .type = VARIABLE_UINT8, .phase = PHASE_LAST, .flags = run_states, .flag_count = 2,
     .long_name = "whether the run has closed the file"},
    {OF_RUN(checksum), .type = VARIABLE_UINT32, .phase = PHASE_LAST,
     .long_name = "CRC-32 of the record, member by member"},

    {OF_BLOCK(seconds), .type = VARIABLE_FLOAT64, .units = "s", .fill = &variable_nan,
     .long_name = "time it took to solve the block"},
    {OF_BLOCK(rank), .type = VARIABLE_INT32, .fill = &variable_no_rank,
     .long_name = "MPI rank that solved the block, -1 for none"},
    {OF_BLOCK(checksum), .type = VARIABLE_UINT32, .long_name = "CRC-32 of the block's values, field by field"},
    {OF_BLOCK(state), .type = VARIABLE_UINT8, .phase = PHASE_LAST, .flags = block_states, .flag_count = 2,
     .long_name = "whether the block's values are in the file"},

    {.path = "ridge/A0", .along = ALONG_NU, .type = VARIABLE_FLOAT64, .constant = true,
     .long_name = "loss of predicting zero, E |beta|^2_Sigma"},
    {OF_LADDER(A1), .type = VARIABLE_FLOAT64, .fill = &variable_nan,
     .long_name = "loss of ridge regression on its own target"},
    {OF_LADDER(A2), .type = VARIABLE_FLOAT64, .fill = &variable_nan,
     .long_name = "part of its own target that ridge regression misses"},
    {OF_LADDER(D), .type = VARIABLE_FLOAT64, .fill = &variable_nan,
     .long_name = "loss that the label noise of a unit mixture adds"},
    {OF_LOSSES(loss_performance), .type = VARIABLE_FLOAT64, .fill = &variable_nan,
     .long_name = "performance loss of ridge regression, expected over labels"},
    {OF_LOSSES(loss_safety), .type = VARIABLE_FLOAT64, .fill = &variable_nan,
     .long_name = "safety loss of ridge regression, expected over labels"},

    {OF_TASK(seconds), .type = VARIABLE_FLOAT64, .units = "s", .fill = &variable_nan,
     .long_name = "time it took to solve the task"},
    {OF_TASK(rank), .type = VARIABLE_INT32, .fill = &variable_no_rank,
     .long_name = "MPI rank that led the task, -1 for none"},
    {OF_TASK(message), .type = VARIABLE_TEXT, .long_name = "why the task failed, or the file that its tables come from"},
    {OF_TASK(checksum), .type = VARIABLE_UINT32, .long_name = "CRC-32 of the task's state and tables"},
    {OF_TASK(state), .type = VARIABLE_UINT8, .phase = PHASE_LAST, .flags = task_states, .flag_count = 3,
     .long_name = "whether the task's tables are in the file"},
};
/* clang-format on */

const int group_variables = sizeof group_table / sizeof group_table[0];
