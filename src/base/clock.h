/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CLOCK_H
#define MOAT_CLOCK_H

/* Seconds of the monotonic clock, which setting the time does not move. Only differences mean something, and only on
   one machine. Local. */
double clock_seconds(void);

#endif
