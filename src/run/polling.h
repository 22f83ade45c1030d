/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_POLLING_H
#define MOAT_POLLING_H

#include <stdbool.h>

/*
 * How long rank 0 sleeps between two looks for messages. A blocking receive would keep a core busy, and so would short
 * sleeps: each costs some 10 us of it.
 */
struct polling {
    double since;    /* when a message last began or ended to arrive, on clock_seconds */
    double quickest; /* seconds of the quickest of the latest blocks, if workers have another block meanwhile; else 0 */
};

/* Notes that a message begins or has ended to arrive, or that the wait begins. Local. */
void polling_restart(struct polling *polling);

/* Notes that a worker has solved a block in so many seconds and reports it with nothing that keeps it: it solves its
   next one meanwhile. 0: with a record, and the worker may wait until that has been taken in. Local. */
void polling_note_block(struct polling *polling, double seconds);

/* Sleeps until the next look; `arriving` says that a message is coming in. A signal ends the sleep. Local. */
void polling_sleep(const struct polling *polling, bool arriving);

#endif
