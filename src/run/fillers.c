/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rank 0 sends the ticket of the file to all; a worker that cannot write the file says so, and gets no piece. The
 * others have two pieces each, and get the next when they have filled one. In a durable run a worker of another node
 * than rank 0 brings each piece to disk itself.
 */
#include "run/fillers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_PIECE = 11, TAG_END = 12, TAG_FILLED = 13 };
enum { PIECES_AHEAD = 2, NAP_NS = 100000 };

/* What a worker answers: to the ticket, then to each piece. */
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
            enum moat_status counted = answer.failed ? moat_error_set(MOAT_IO, "%s", strerror(answer.failed))
                                                     : fill_count(fill, &answer.piece);
            status = status == MOAT_OK ? counted : status;
        }
        for (int more = answer.piece.bytes > 0 ? 1 : PIECES_AHEAD; more > 0; more--) {
            if (!answer.failed && status == MOAT_OK && fill_next(fill, &piece)) {
                send_piece(&piece, rank, comm);
                awaited++;
            }
        }
    }
    for (int rank = 1; rank < ranks; rank++) {
        MPI_Send(NULL, 0, MPI_BYTE, rank, TAG_END, comm);
    }
    return status;
}

void fillers_dismiss(MPI_Comm comm)
{
    int begin = 0;
    MPI_Bcast(&begin, 1, MPI_INT, 0, comm);
}

/* Fills pieces of one file until rank 0 has no more. */
static void serve_file(MPI_Comm comm)
{
    struct writer_ticket ticket;
    struct answer answer = {0};
    int descriptor = -1;
    bool distant = false;
    MPI_Bcast(&ticket, (int)sizeof ticket, MPI_BYTE, 0, comm);
    answer.failed = writer_reach(&ticket, &descriptor, &distant) == MOAT_OK ? 0 : EIO;
    for (;;) {
        MPI_Status envelope;
        MPI_Send(&answer, (int)sizeof answer, MPI_BYTE, 0, TAG_FILLED, comm);
        MPI_Recv(&answer.piece, (int)sizeof answer.piece, MPI_BYTE, 0, MPI_ANY_TAG, comm, &envelope);
        if (envelope.MPI_TAG == TAG_END) {
            break;
        }
        answer.failed = fill_put(descriptor, &answer.piece);
        if (!answer.failed && distant && ticket.durable && fdatasync(descriptor) != 0) {
            answer.failed = errno;
        }
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
