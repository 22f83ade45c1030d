/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_TABLES_FILE_H
#define MOAT_TABLES_FILE_H

#include <stddef.h>

#include "moat/error.h"
#include "results/results.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

/*
 * The measured tables of another results file, taken over instead of measured again.
 *
 * A table depends on gamma (or the measured spectrum and its rows), P, the seed, N, the number of the trial, nu and the
 * ridge levels, and on nothing else: N_I, thresholds, Q, the other rungs and the number of trials may differ, and so
 * may the sweep. The file may be finished, half finished, killed, or in the hands of a live writer: a task is marked
 * done only after its tables, and nothing is taken whose checksum does not hold. It is opened for reading and never
 * changed.
 */
struct tables_file;

/* The tables that a ladder has taken. */
struct tables_taken {
    size_t wholly; /* tasks of which nothing is left to solve */
    size_t partly; /* tasks that have some nu, of which others are left */
};

/* Reads the tables of the results file `path`, for the sweep `config` with its inputs, whose own results file is or
   will be `output` (NULL: none). Tables that do not match their checksum are left out, which is said on stderr. Returns
   MOAT_USAGE, with both values, if the file's gamma, spectrum, data, P, seed or ridge levels are not those of `config`;
   if it is `output`, not a results file of this format with `solver: ridge`, or damaged; if `config` has another
   solver. MOAT_IO, MOAT_MEMORY. The caller owns *out, NULL on failure. Rank 0. */
enum moat_status tables_file_open(const char *path, const struct config *config, const char *output,
                                  struct tables_file **out);

/* Gives the tasks of `ladder` that are not done the tables that the file has: by exact N and nu, and the number of the
   trial. A task that has every nu is done; of one that has some, ladder->known says which. Rank 0. */
void tables_file_take(const struct tables_file *file, struct ladder *ladder, struct tables_taken *taken);

/* The same, and writes the tasks that are done by it to `results`, which has them no less safe then than solved ones,
   with where they come from. Those that are known partly are not written before they are solved. Where a task failed in
   an earlier run, every block becomes pending (results_reopen_blocks). Returns MOAT_IO, MOAT_MEMORY. Rank 0. */
enum moat_status tables_file_give(const struct tables_file *file, struct results *results, struct ladder *ladder,
                                  struct tables_taken *taken);

/* Frees *file and sets it to NULL; accepts NULL inside. Local. */
void tables_file_close(struct tables_file **file);

#endif
