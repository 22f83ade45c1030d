/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_INTERRUPT_H
#define MOAT_INTERRUPT_H

#include <stdbool.h>

/* Catches SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, which ask the run to stop in good order. Every rank: a worker
   must outlive the signal too, so that its block reaches rank 0. */
void interrupt_install(void);

/* Whether one of them has come. Local. */
bool interrupt_requested(void);

#endif
