/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rank 0 sends the ticket of the file to all; a worker that cannot write the file says so, and gets no piece. The
 * others have two pieces each, and get the next when they have filled one. At the end each of them answers once more. A
 * worker of another node than rank 0 has by then brought its pieces to disk, which rank 0's fsync does not: a network
 * file system may say only then that it had no room for them.
 */
#include "run/fillers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_PIECE = 11, TAG_END = 12, TAG_FILLED = 13, TAG_DISCARD = 14 };
enum { PIECES_AHEAD = 2, NAP_NS = 100000 };
static const uint64_t SYNC_BYTES = (uint64_t)256 << 20; /* a worker answers after each, so that signals are heard */

/* What a worker answers: to the ticket, to each piece, to TAG_END. */
struct answer {
    int32_t failed; /* errno, 0 if it is well */
    int32_t pad;
    struct fill_piece piece;
};

static void send_piece(const struct fill_piece *piece, int rank, MPI_Comm comm)
{
    MPI_Send(piece, (int)sizeof *piece, MPI_BYTE, rank, TAG_PIECE, comm);
}

/* Waits for an answer, with a core for the workers. Returns the rank that sent it. */
static int receive(struct answer *answer, MPI_Comm comm)
{
    int sent = 0;
    MPI_Status envelope;
    for (;;) {
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_FILLED, comm, &sent, &envelope);
        if (sent) {
            break;
        }
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    MPI_Recv(answer, (int)sizeof *answer, MPI_BYTE, envelope.MPI_SOURCE, TAG_FILLED, comm, MPI_STATUS_IGNORE);
    return envelope.MPI_SOURCE;
}

static enum moat_status explain(int rank, const struct answer *answer)
{
    return moat_error_set(MOAT_IO, "rank %d: %s", rank, strerror(answer->failed));
}

/* Ends the work on a file of that status. Returns the status, or MOAT_IO if the pieces of a worker are not safe. */
static enum moat_status finish(enum moat_status status, int ranks, MPI_Comm comm)
{
    int tag = status == MOAT_OK ? TAG_END : TAG_DISCARD;
    for (int rank = 1; rank < ranks; rank++) {
        MPI_Send(NULL, 0, MPI_BYTE, rank, tag, comm);
    }
    for (int awaited = tag == TAG_END ? ranks - 1 : 0; awaited > 0; awaited--) {
        struct answer answer;
        int rank = receive(&answer, comm);
        status = answer.failed ? explain(rank, &answer) : status;
    }
    return status;
}

enum moat_status fillers_run(struct fill *fill, const struct writer_ticket *ticket, MPI_Comm comm)
{
    struct writer_ticket copy = *ticket;
    struct fill_piece piece;
    int ranks, begin = 1;
    enum moat_status status = MOAT_OK;
    MPI_Comm_size(comm, &ranks);
    MPI_Bcast(&begin, 1, MPI_INT, 0, comm);
    MPI_Bcast(&copy, (int)sizeof copy, MPI_BYTE, 0, comm);
    for (int awaited = ranks - 1; awaited > 0; awaited--) {
        struct answer answer;
        int rank = receive(&answer, comm);
        if (answer.piece.bytes > 0) {
            status = status != MOAT_OK ? status
                     : answer.failed   ? explain(rank, &answer)
                                       : fill_count(fill, &answer.piece);
        }
        for (int more = answer.piece.bytes > 0 ? 1 : PIECES_AHEAD; more > 0; more--) {
            if (!answer.failed && status == MOAT_OK && fill_next(fill, &piece)) {
                send_piece(&piece, rank, comm);
                awaited++;
            }
        }
    }
    return finish(status, ranks, comm);
}

void fillers_dismiss(MPI_Comm comm)
{
    int begin = 0;
    MPI_Bcast(&begin, 1, MPI_INT, 0, comm);
}

/* Fills a piece; on another node than rank 0's brings what it has filled to disk now and then. Returns 0, or errno. */
static int take_piece(int descriptor, const struct fill_piece *piece, bool distant, uint64_t *unsynced)
{
    int failed = fill_put(descriptor, piece);
    *unsynced += piece->bytes;
    if (!failed && distant && *unsynced >= SYNC_BYTES) {
        *unsynced = 0;
        failed = fdatasync(descriptor) == 0 ? 0 : errno;
    }
    return failed;
}

/* Fills pieces of one file until rank 0 has no more. */
static void serve_file(MPI_Comm comm)
{
    struct writer_ticket ticket;
    struct answer answer = {0};
    int descriptor = -1, tag = TAG_PIECE;
    uint64_t unsynced = 0;
    bool distant = false;
    MPI_Bcast(&ticket, (int)sizeof ticket, MPI_BYTE, 0, comm);
    answer.failed = writer_reach(&ticket, &descriptor, &distant) == MOAT_OK ? 0 : EIO;
    while (tag == TAG_PIECE) {
        MPI_Status envelope;
        MPI_Send(&answer, (int)sizeof answer, MPI_BYTE, 0, TAG_FILLED, comm);
        MPI_Recv(&answer.piece, (int)sizeof answer.piece, MPI_BYTE, 0, MPI_ANY_TAG, comm, &envelope);
        tag = envelope.MPI_TAG;
        answer.failed = tag == TAG_PIECE ? take_piece(descriptor, &answer.piece, distant, &unsynced) : 0;
    }
    if (tag == TAG_END) {
        answer.failed = descriptor >= 0 && distant && fsync(descriptor) != 0 ? errno : 0;
        MPI_Send(&answer, (int)sizeof answer, MPI_BYTE, 0, TAG_FILLED, comm);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
}

void fillers_serve(MPI_Comm comm)
{
    int begin = 0;
    for (MPI_Bcast(&begin, 1, MPI_INT, 0, comm); begin; MPI_Bcast(&begin, 1, MPI_INT, 0, comm)) {
        serve_file(comm);
    }
}
