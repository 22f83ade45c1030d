/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's side of the protocol: it takes blocks and sends reports of them, whatever solves a block. */
#include "run/worker.h"

#include "run/worker_internal.h"

void worker_run(struct worker *worker, MPI_Comm comm)
{
    for (;;) {
        unsigned long long block = 0;
        MPI_Status envelope;
        MPI_Recv(&block, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_ANY_TAG, comm, &envelope);
        if (envelope.MPI_TAG == WORKER_TAG_STOP) {
            break;
        }
        size_t size;
        const void *message = worker_answer(worker, (size_t)block, &size);
        MPI_Send(message, (int)size, MPI_BYTE, 0, WORKER_TAG_SOLVED, comm);
    }
}
