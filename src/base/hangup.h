/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HANGUP_H
#define HANGUP_H

#include <stdbool.h>

/* Returns true if SIGHUP was ignored when the program started, as under nohup: the run is to outlive its terminal. A
   library may have taken the signal since: UCX does so when Open MPI 5 loads it. Local. */
bool hangup_ignored(void);

#endif
