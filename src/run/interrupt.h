/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_INTERRUPT_H
#define MOAT_INTERRUPT_H

#include <stdbool.h>

/* Catches SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, which ask the run to stop cleanly. Every rank calls this: a
   worker must survive the signal as well, so that its block reaches rank 0. A signal that is ignored already, as SIGHUP
   is under nohup, stays ignored; SIGPIPE is ignored, so that a reader of the output that goes away does not end the
   run. Local. */
void interrupt_install(void);

/* Returns whether one of these signals has arrived. Local. */
bool interrupt_requested(void);

#endif
