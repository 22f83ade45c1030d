/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator: hands out blocks, writes their records, or marks those that workers report to have written.
 *
 * Each worker has the block that it solves and the next, or several next ones if they are short, so that it never waits
 * for rank 0, which may take milliseconds to get a core. One that has run out of memory gives all of them back; each is
 * handed to another worker once all other blocks have been handed out, if not more than one has tried it. Rank 0
 * receives a few records at a time: a worker that stops in the middle of one holds up no other. It waits by probing
 * between short sleeps, as a blocking receive would keep a core busy. A sleep lasts a sixteenth of the wait so far, or
 * half of it where no large message keeps a worker waiting; there is none while a record comes in, piece by piece.
 */
#include "run/coordinator.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/interrupt.h"
#include "run/shortage.h"

enum { AHEAD_LONG = 2, AHEAD_SHORT = 4, RECEIVES = 4, TRIES = 2 };
static const double SHORT_BLOCK = 0.02; /* seconds */
static const double AWAKE_NS = 5e6, NAP_MIN_NS = 5e4, NAP_SHARE = 0.0625, NAP_SHARE_REPORT = 0.5;

struct employed {
    int blocks;     /* of those handed to it, how many have not come back */
    int ahead;      /* how many of them it may have */
    bool exhausted; /* it ran out of memory */
};

/* A block that a worker gave back. */
struct returned {
    size_t block;
    int tries;    /* workers that have tried it in vain */
    bool waiting; /* to be handed out again */
};

struct sweep {
    const struct config *config;
    struct results *results;
    struct progress *progress;
    MPI_Comm comm;
    size_t next, blocks; /* every block below `next` was in the file before or has been handed out */
    size_t in_flight;
    int ranks;
    struct employed *worker;   /* [ranks] */
    struct returned *returned; /* [returns], with room for AHEAD_SHORT of each worker */
    size_t returns;
    struct shortage shortage;
    size_t size; /* bytes of the largest record with its header */
    unsigned char *message[RECEIVES];
    MPI_Request receive[RECEIVES]; /* of records that have begun to arrive */
    size_t receiving;
    bool reports;            /* the last message was one of a worker that writes itself */
    double since;            /* when a record last began or ended to arrive, on clock_seconds */
    enum moat_status status; /* the first failure, after which no more blocks are handed out */
};

/* A block that was given back; sweep->blocks if none is to be tried again. */
static size_t next_returned(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->returns; i++) {
        if (sweep->returned[i].waiting) {
            sweep->returned[i].waiting = false;
            return sweep->returned[i].block;
        }
    }
    return sweep->blocks;
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
    if (sweep->status != MOAT_OK) {
        return sweep->blocks;
    }
    return sweep->next < sweep->blocks ? sweep->next++ : next_returned(sweep);
}

/* Marks a block that is done, once its record is in the file. */
static void keep_block(struct sweep *sweep, const struct solved_header *header, const unsigned char *record, int rank)
{
    size_t index = (size_t)header->block;
    enum moat_status status =
        header->status == MOAT_IO ? results_put_failed(sweep->results, rank, (const char *)record)
        : header->written         ? results_mark(sweep->results, index, header->checksum, header->seconds, rank)
                          : results_write(sweep->results, index, record, header->checksum, header->seconds, rank);
    if (status != MOAT_OK) {
        sweep->status = sweep->status == MOAT_OK || sweep->status == MOAT_STOPPED ? status : sweep->status;
        return;
    }
    struct block block = grid_block(&sweep->config->grid, index);
    progress_add(sweep->progress, block_points(&block));
}

/* Hands as many blocks to that worker as it can take, and as there are. */
static void hand_out(struct sweep *sweep, int rank)
{
    struct employed *worker = &sweep->worker[rank];
    while (!worker->exhausted && worker->blocks < worker->ahead) {
        unsigned long long block = next_block(sweep);
        if (block == sweep->blocks) {
            break;
        }
        MPI_Send(&block, 1, MPI_UNSIGNED_LONG_LONG, rank, WORKER_TAG_SOLVE, sweep->comm);
        sweep->in_flight++;
        worker->blocks++;
    }
}

/* Takes back a block from a worker that ran out of memory, and finds work for those that had none left. */
static void take_back(struct sweep *sweep, size_t block, int rank, const char *reason)
{
    size_t i = 0;
    while (i < sweep->returns && sweep->returned[i].block != block) {
        i++;
    }
    if (i == sweep->returns) {
        sweep->returned[sweep->returns++] = (struct returned){.block = block};
    }
    sweep->worker[rank].exhausted = true;
    if (*reason) { /* else the worker was out of memory before it got the block */
        progress_clear(sweep->progress);
        shortage_note(&sweep->shortage, rank, reason);
        sweep->returned[i].tries++;
    }
    sweep->returned[i].waiting = sweep->returned[i].tries < TRIES;
    for (int other = 1; other < sweep->ranks; other++) {
        hand_out(sweep, other);
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
    const struct solved_header *header = (const struct solved_header *)(const void *)sweep->message[i];
    const unsigned char *record = sweep->message[i] + sizeof *header;
    sweep->reports = header->written;
    sweep->receiving--;
    sweep->in_flight--;
    sweep->worker[rank].blocks--;
    if (header->status == MOAT_OK) {
        sweep->worker[rank].ahead = header->seconds < SHORT_BLOCK ? AHEAD_SHORT : AHEAD_LONG;
        hand_out(sweep, rank);
    }
    if (header->status == MOAT_MEMORY) {
        take_back(sweep, (size_t)header->block, rank, (const char *)record);
    } else {
        keep_block(sweep, header, record, rank);
    }
    sweep->since = clock_seconds();
    return true;
}

static void take_nap(const struct sweep *sweep)
{
    double waited = (clock_seconds() - sweep->since) * 1e9;
    double ns = waited * (sweep->reports ? NAP_SHARE_REPORT : NAP_SHARE), max = sweep->reports ? 4e6 : 1e6;
    if (sweep->receiving > 0 && waited < AWAKE_NS) {
        sched_yield(); /* the worker that sends the record may need this core */
    } else {
        ns = ns < NAP_MIN_NS ? NAP_MIN_NS : ns < max ? ns : max;
        nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
    }
}

static void serve_workers(struct sweep *sweep)
{
    for (int ahead = 1; ahead <= AHEAD_LONG; ahead++) {
        for (int rank = 1; rank < sweep->ranks; rank++) {
            sweep->worker[rank].ahead = ahead;
            hand_out(sweep, rank);
        }
    }
    sweep->since = clock_seconds();
    while (sweep->in_flight > 0) {
        begin_receive(sweep);
        if (!take_in(sweep)) {
            progress_add(sweep->progress, 0);
            take_nap(sweep);
        }
    }
}

static void solve_in_place(struct sweep *sweep, struct worker *worker)
{
    for (size_t block = next_block(sweep); block < sweep->blocks; block = next_block(sweep)) {
        struct solved_header header;
        const unsigned char *record;
        if (worker_solve(worker, block, &header, &record) != MOAT_OK) {
            sweep->shortage.workers = 1;
            shortage_reason(sweep->shortage.reason, sizeof sweep->shortage.reason);
            return;
        }
        keep_block(sweep, &header, record, 0);
    }
}

static enum moat_status allocate(struct sweep *sweep)
{
    size_t workers = (size_t)sweep->ranks;
    sweep->worker = calloc(workers, sizeof *sweep->worker);
    sweep->returned = calloc(workers * AHEAD_SHORT, sizeof *sweep->returned);
    bool room = sweep->worker && sweep->returned && memory_left(MEMORY_TO_SPARE);
    for (int i = 0; i < RECEIVES; i++) {
        sweep->receive[i] = MPI_REQUEST_NULL;
        sweep->message[i] = malloc(sweep->size);
        room = room && sweep->message[i];
    }
    const char *message = "rank 0 is out of memory for %d blocks of %zu bytes: give it more; the same command resumes "
                          "the sweep";
    return room ? MOAT_OK : moat_error_set(MOAT_MEMORY, message, RECEIVES, sweep->size);
}

static void stop_workers(struct sweep *sweep)
{
    for (int rank = 1; rank < sweep->ranks; rank++) {
        unsigned long long none = 0;
        MPI_Send(&none, 1, MPI_UNSIGNED_LONG_LONG, rank, WORKER_TAG_STOP, sweep->comm);
    }
    for (int i = 0; i < RECEIVES; i++) {
        free(sweep->message[i]);
    }
    free(sweep->worker);
    free(sweep->returned);
}

/* The status of a sweep that is over: a shortage counts if it has left something. */
static enum moat_status judge(const struct sweep *sweep)
{
    size_t left = 0;
    if (sweep->status != MOAT_OK || sweep->shortage.workers == 0) {
        return sweep->status;
    }
    for (size_t block = 0; block < sweep->blocks; block++) {
        left += !results_block_done(sweep->results, block);
    }
    return shortage_judge(&sweep->shortage, left, sweep->blocks);
}

enum moat_status coordinator_run(const struct config *config, struct results *results, struct worker *worker,
                                 struct progress *progress, MPI_Comm comm)
{
    struct sweep sweep = {.config = config,
                          .results = results,
                          .progress = progress,
                          .comm = comm,
                          .blocks = grid_blocks(&config->grid),
                          .size = worker_message_size(config),
                          .shortage.thing = "blocks"};
    MPI_Comm_size(comm, &sweep.ranks);
    if (sweep.ranks == 1) {
        solve_in_place(&sweep, worker);
        return judge(&sweep);
    }
    sweep.status = allocate(&sweep);
    if (sweep.status == MOAT_OK) {
        serve_workers(&sweep);
    }
    stop_workers(&sweep);
    return judge(&sweep);
}
