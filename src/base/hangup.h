/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HANGUP_H
#define HANGUP_H

/* Ignores SIGHUP if it was ignored when the program started, as under nohup. A library may have taken the signal since:
   UCX does so when Open MPI 5 loads it. Called before handlers are installed. Local. */
void hangup_restore(void);

/* The same for a launcher of ranks that is to take this program's place: Open MPI 5's catches a SIGHUP that is ignored,
   and ends. So the signal is blocked too, which the launcher does not pass on to its ranks. Local. */
void hangup_block(void);

#endif
