/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DETACH_H
#define DETACH_H

#include "moat/error.h"

/*
 * Under nohup, which leaves SIGHUP ignored, a program must outlive its terminal. Launchers do not: Open MPI's mpirun
 * catches SIGHUP whatever it inherits, and ends the run. So the launcher gets a session of its own, which no terminal
 * sends signals to.
 *
 * Where SIGHUP is ignored, forks: the child, in the new session, returns MOAT_OK to become the launcher. This process
 * stays, passes SIGTERM, SIGINT, SIGQUIT, SIGUSR1 and SIGUSR2 on, and exits as the child does. Elsewhere returns
 * MOAT_OK at once. Returns MOAT_MEMORY if the system has no room for a process. Local, not after MPI_Init.
 */
enum moat_status detach_from_terminal(void);

#endif
