/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator: hands out blocks, receives their records, writes them.
 *
 * Each worker has up to two blocks: the one that it solves and the next, so that it never waits for rank 0. Rank 0
 * receives a few records at a time, so that a worker that stops in the middle of one does not hold up the others. It
 * waits by probing between short sleeps, as a blocking receive would keep a core busy. A sleep lasts a sixteenth of the
 * wait so far. Just after a record has begun to arrive rank 0 does not sleep: the record comes in pieces, and rank 0
 * has to take each of them.
 */
#include "run/coordinator.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "run/interrupt.h"
#include "sweep/record.h"

enum { BLOCKS_AHEAD = 2, RECEIVES = 4 };
#define AWAKE_NS 5e6
#define NAP_SHARE 16.0
#define NAP_MIN_NS 5e4
#define NAP_MAX_NS 1e6

struct sweep {
    const struct config *config;
    struct results *results;
    struct progress *progress;
    MPI_Comm comm;
    size_t next, blocks; /* every block below `next` was in the file before or has been handed out */
    size_t in_flight;
    size_t size; /* bytes of the largest record with its header */
    unsigned char *message[RECEIVES];
    MPI_Request receive[RECEIVES]; /* of records that have begun to arrive */
    size_t receiving;
    double since;            /* when a record last began or ended to arrive, on clock_seconds */
    enum moat_status status; /* the first failure, after which no more blocks are handed out */
};

enum moat_status coordinator_agree(enum moat_status status, MPI_Comm comm)
{
    int mine = (int)status, worst = 0;
    MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, comm);
    return (enum moat_status)worst;
}

/* The next block to solve; sweep->blocks if there is none or the sweep must end. */
static size_t next_block(struct sweep *sweep)
{
    if (sweep->status == MOAT_OK && interrupt_requested()) {
        /* Flush now: records in flight may come too late, as mpirun kills two seconds after the signal. */
        enum moat_status flushed = results_flush(sweep->results);
        sweep->status = flushed == MOAT_OK ? moat_error_set(MOAT_STOPPED, "stopped by a signal") : flushed;
    }
    while (sweep->next < sweep->blocks && results_block_done(sweep->results, sweep->next)) {
        sweep->next++;
    }
    return sweep->status == MOAT_OK && sweep->next < sweep->blocks ? sweep->next++ : sweep->blocks;
}

static void write_record(struct sweep *sweep, const struct solved_header *header, const unsigned char *record, int rank)
{
    struct block block = grid_block(&sweep->config->grid, (size_t)header->block);
    enum moat_status status =
        results_write(sweep->results, (size_t)header->block, record, header->checksum, header->seconds, rank);
    if (status != MOAT_OK) {
        sweep->status = sweep->status == MOAT_OK || sweep->status == MOAT_STOPPED ? status : sweep->status;
        return;
    }
    progress_add(sweep->progress, block_points(&block));
}

static void hand_out(struct sweep *sweep, int rank)
{
    unsigned long long block = next_block(sweep);
    if (block < sweep->blocks) {
        MPI_Send(&block, 1, MPI_UNSIGNED_LONG_LONG, rank, WORKER_TAG_SOLVE, sweep->comm);
        sweep->in_flight++;
    }
}

/* Begins to receive a record, if one has been sent. */
static void begin_receive(struct sweep *sweep)
{
    int sent = 0, i = 0;
    MPI_Status envelope;
    if (sweep->receiving < RECEIVES) {
        MPI_Iprobe(MPI_ANY_SOURCE, WORKER_TAG_SOLVED, sweep->comm, &sent, &envelope);
    }
    if (sent) {
        while (sweep->receive[i] != MPI_REQUEST_NULL) {
            i++;
        }
        MPI_Irecv(sweep->message[i], (int)sweep->size, MPI_BYTE, envelope.MPI_SOURCE, WORKER_TAG_SOLVED, sweep->comm,
                  &sweep->receive[i]);
        sweep->receiving++;
        sweep->since = clock_seconds();
    }
}

/* Takes in a record that has arrived, and keeps its worker busy; false if none has. */
static bool take_in(struct sweep *sweep)
{
    int arrived = 0, i = 0;
    MPI_Status envelope;
    if (sweep->receiving > 0) {
        MPI_Testany(RECEIVES, sweep->receive, &i, &arrived, &envelope);
    }
    if (!arrived) {
        return false;
    }
    int rank = envelope.MPI_SOURCE;
    sweep->receiving--;
    sweep->in_flight--;
    hand_out(sweep, rank);
    const struct solved_header *header = (const struct solved_header *)(const void *)sweep->message[i];
    write_record(sweep, header, sweep->message[i] + sizeof *header, rank);
    sweep->since = clock_seconds();
    return true;
}

static void nap(const struct sweep *sweep)
{
    double waited = (clock_seconds() - sweep->since) * 1e9, nap_ns = waited / NAP_SHARE;
    if (sweep->receiving > 0 && waited < AWAKE_NS) {
        sched_yield(); /* the worker that sends the record may need this core */
    } else {
        nap_ns = nap_ns < NAP_MIN_NS ? NAP_MIN_NS : nap_ns < NAP_MAX_NS ? nap_ns : NAP_MAX_NS;
        nanosleep(&(struct timespec){.tv_nsec = (long)nap_ns}, NULL);
    }
}

static void serve_workers(struct sweep *sweep, int ranks)
{
    for (int ahead = 0; ahead < BLOCKS_AHEAD; ahead++) {
        for (int rank = 1; rank < ranks; rank++) {
            hand_out(sweep, rank);
        }
    }
    sweep->since = clock_seconds();
    while (sweep->in_flight > 0) {
        begin_receive(sweep);
        if (!take_in(sweep)) {
            progress_add(sweep->progress, 0);
            nap(sweep);
        }
    }
}

static void solve_in_place(struct sweep *sweep, struct worker *worker)
{
    for (size_t block = next_block(sweep); block < sweep->blocks; block = next_block(sweep)) {
        struct solved_header header;
        const unsigned char *record = worker_solve(worker, block, &header);
        write_record(sweep, &header, record, 0);
    }
}

enum moat_status coordinator_run(const struct config *config, struct results *results, struct worker *worker,
                                 struct progress *progress, MPI_Comm comm)
{
    struct sweep sweep = {.config = config,
                          .results = results,
                          .progress = progress,
                          .comm = comm,
                          .blocks = grid_blocks(&config->grid),
                          .size = sizeof(struct solved_header) + record_size(config, 0)};
    int ranks = 1;
    MPI_Comm_size(comm, &ranks);
    if (ranks == 1) {
        solve_in_place(&sweep, worker);
        return sweep.status;
    }

    bool room = true;
    for (int i = 0; i < RECEIVES; i++) {
        sweep.receive[i] = MPI_REQUEST_NULL;
        sweep.message[i] = malloc(sweep.size);
        room = room && sweep.message[i];
    }
    if (room) {
        serve_workers(&sweep, ranks);
    } else {
        sweep.status = moat_error_set(MOAT_MEMORY, "out of memory for %d blocks of %zu bytes", RECEIVES, sweep.size);
    }
    for (int rank = 1; rank < ranks; rank++) {
        unsigned long long none = 0;
        MPI_Send(&none, 1, MPI_UNSIGNED_LONG_LONG, rank, WORKER_TAG_STOP, comm);
    }
    for (int i = 0; i < RECEIVES; i++) {
        free(sweep.message[i]);
    }
    return sweep.status;
}
