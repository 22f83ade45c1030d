/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: an MPICH that gives up the core when nothing has arrived, as Open MPI does where ranks share cores. MPICH
 * on UCX asks again at once, for ever: a rank that waits keeps the core from the one that it waits for until the kernel
 * takes it away, some milliseconds for each message. Without UCX nothing calls this.
 */
#include <dlfcn.h>
#include <sched.h>

unsigned ucp_worker_progress(void *worker);

unsigned ucp_worker_progress(void *worker)
{
    static unsigned (*progress)(void *);
    if (!progress) {
        *(void **)&progress = dlsym(RTLD_NEXT, "ucp_worker_progress");
    }
    unsigned arrived = progress(worker);
    if (arrived == 0) {
        sched_yield();
    }
    return arrived;
}
