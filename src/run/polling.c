/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sleep lasts a sixteenth of the wait so far, so that a message waits little longer than it took to come. A worker
 * that has only reported a block does not wait at all if its next block but one comes before it has solved the next:
 * then a sleep lasts a quarter of what a block takes. Just after a message has begun to arrive there is no sleep: it
 * comes in pieces, and rank 0 has to take each of them.
 */
#include "run/polling.h"

#include <sched.h>
#include <time.h>

#include "base/clock.h"

static const double AWAKE = 5e-3, NAP_MIN = 5e-5, NAP_MAX = 1e-3, NAP_SHARE = 0.0625; /* s */
static const double BLOCK_NAP_MAX = 2e-2, BLOCK_SHARE = 0.25, SLOWER = 1.1;

void polling_restart(struct polling *polling)
{
    polling->since = clock_seconds();
}

void polling_note_block(struct polling *polling, double seconds)
{
    double longest = SLOWER * polling->quickest; /* one quick block among slow ones is forgotten after a while */
    polling->quickest = longest > 0 && seconds > longest ? longest : seconds;
}

void polling_sleep(const struct polling *polling, bool arriving)
{
    double waited = clock_seconds() - polling->since;
    bool reports = polling->quickest > 0;
    double nap = reports ? BLOCK_SHARE * polling->quickest : NAP_SHARE * waited;
    double max = reports ? BLOCK_NAP_MAX : NAP_MAX;
    if (arriving && waited < AWAKE) {
        sched_yield(); /* the worker that sends the message may need this core */
        return;
    }
    nap = nap < NAP_MIN ? NAP_MIN : nap < max ? nap : max;
    nanosleep(&(struct timespec){.tv_nsec = (long)(nap * 1e9)}, NULL);
}
