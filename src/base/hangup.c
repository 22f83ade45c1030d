/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the run is to outlive its terminal. */
#include "base/hangup.h"

#include <signal.h>

static bool ignored_at_start;

static void look(void)
{
    struct sigaction action;
    ignored_at_start = sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Before the constructors of libraries, which main is too late for. */
__attribute__((section(".preinit_array"), used)) static void (*const at_start)(void) = look;

bool hangup_ignored(void)
{
    return ignored_at_start;
}
