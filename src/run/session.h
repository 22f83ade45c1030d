/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SESSION_H
#define MOAT_SESSION_H

#include <mpi.h>
#include <stdbool.h>

#include "moat/error.h"
#include "results/results.h"
#include "results/tables_file.h"
#include "run/hosts.h"
#include "run/progress.h"
#include "run/worker.h"
#include "run/writers.h"
#include "sweep/config.h"
#include "sweep/ladder.h"

/*
 * One run of a sweep on all ranks of a communicator, stage by stage:
 *
 *   session_open      rank 0 reads the config, and the spectrum file if it names one, and opens the results file; every
 *                     rank gets the config with the spectrum's numbers
 *   session_measure   with SOLVER_RIDGE: every rank gets the tables of sampled data: the file's, those of the file that
 *                     --tables names, and what both lack is made
 *   session_solve     rank 0 hands out the blocks that the file lacks, the others solve them
 *   session_close     closes the file, frees everything
 *
 * To follow one grid point: grid_block (sweep/grid.h) puts it into a block, coordinator_run sends the block's number to
 * a worker, worker_solve solves its points into a record, writer_put puts the record into the file, and coordinator_run
 * receives the worker's report and has results_mark say that the block is done. Where only rank 0 may write,
 * coordinator_run receives the record, and results_write does both.
 *
 * Each of the first three stages needs the one before to have returned MOAT_OK. session_close is called in any case.
 */

struct session;

/* The arguments of a run, as the user gave them. */
struct session_request {
    const char *command;                          /* the command line, for the file's history */
    const char *config;                           /* path of the config */
    const char **settings;                        /* changes of the config, as of config_load */
    const char *output;                           /* path of the results file; NULL: the config's */
    const char *tables;                           /* another results file, whose tables are taken; NULL: none */
    int ranks;                                    /* the number that was asked for, 0 for any */
    unsigned results;                             /* options of results_open */
    enum writers writers;                         /* who puts blocks into the file */
    bool quiet;                                   /* shows no progress */
    void (*begin)(const struct session *session); /* called on rank 0 unless quiet, once a run is certain; NULL: none */
    void (*note)(const char *line);               /* likewise, with something that the user should know; NULL: none */
};

struct session {
    const struct session_request *request;
    MPI_Comm comm;
    int rank, ranks;
    double bytes; /* of memory for each rank */
    struct config *config;
    struct results *results;    /* on rank 0, NULL elsewhere */
    struct ladder *ladder;      /* with SOLVER_RIDGE, else NULL */
    struct tables_file *source; /* of request->tables, on rank 0 until they are in the ladder; else NULL */
    struct tables_taken taken;  /* from there by this run, on rank 0 */
    struct worker *worker;
    struct writer *writer;    /* of a worker that puts its blocks into the file itself, else NULL */
    char hosts[HOSTS_SIZE];   /* of hosts_list, on rank 0; "" if quiet */
    struct progress tables;   /* of session_measure, on rank 0; its unit NULL if no tables were left to make */
    size_t blocks_before;     /* that were in the file before session_solve, on rank 0 */
    struct progress progress; /* of session_solve, on rank 0 */
};

/*
 * Fills *session, which then holds `request` and `comm`. A refusal leaves no file and changes none. Returns MOAT_USAGE,
 * MOAT_IO or MOAT_MEMORY, the same on every rank; moat_error_message is empty on ranks that have nothing to say about
 * it. Collective over comm.
 */
enum moat_status session_open(const struct session_request *request, MPI_Comm comm, struct session *session);

/* Returns MOAT_OK at once for a solver without tables; MOAT_STOPPED after an interrupt, MOAT_USAGE, MOAT_IO or
   MOAT_MEMORY. Status and message as of session_open. Collective over the session. */
enum moat_status session_measure(struct session *session);

/* Returns MOAT_OK when every block is in the file, MOAT_STOPPED after an interrupt, MOAT_IO or MOAT_MEMORY. A failure
   that comes after the ranks are ready is known to rank 0 alone. Collective over the session. */
enum moat_status session_solve(struct session *session);

/* Returns the path of the results file. Rank 0, once session_open has returned MOAT_OK. */
const char *session_path(const struct session *session);

/* Frees all that the session owns; accepts one whose session_open has failed. Returns MOAT_IO, on rank 0, if the file
   could not be completed. Local. */
enum moat_status session_close(struct session *session);

#endif
