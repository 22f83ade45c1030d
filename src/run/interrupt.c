/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signals that stop a run cleanly. */
#include "run/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "base/hangup.h"

static volatile sig_atomic_t requested; /* global, since the signal handler writes it */

static void request(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

/* A run stays deaf to a hang-up under nohup, and to ^C behind a shell's &. It does not to SLURM's notices, though a job
   script may ignore them for itself: `trap '' USR1`. */
void interrupt_install(void)
{
    const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = request, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (hangup_ignored()) {
        signal(SIGHUP, SIG_IGN);
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction before;
        bool kept = signals[i] == SIGHUP || signals[i] == SIGINT;
        if (!kept || sigaction(signals[i], NULL, &before) != 0 || before.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

bool interrupt_requested(void)
{
    return requested != 0;
}
