/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the run is to outlive its terminal. */
#include "base/hangup.h"

#include <signal.h>
#include <stdbool.h>

static bool ignored_at_start;

static void look(void)
{
    struct sigaction action;
    ignored_at_start = sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Before the constructors of libraries, which main is too late for. */
__attribute__((section(".preinit_array"), used)) static void (*const at_start)(void) = look;

void hangup_restore(void)
{
    if (ignored_at_start) {
        signal(SIGHUP, SIG_IGN);
    }
}

void hangup_block(void)
{
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    hangup_restore();
    if (ignored_at_start) {
        sigprocmask(SIG_BLOCK, &hangup, NULL);
    }
}
