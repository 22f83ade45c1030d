/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PULSE_H
#define MOAT_PULSE_H

#include "moat/error.h"

/*
 * A writer's sign of life: as long as a process writes a file, it sets the file's time of modification at least every
 * PULSE_SECONDS, also while it solves for hours and writes nothing. Other hosts see that, where locks may be local to a
 * host and process ids mean nothing. The file system sets the time, in one call that needs neither HDF5 nor a lock.
 */
enum {
    PULSE_SECONDS = 10,
    PULSE_LOST = 120 /* s without a sign after which a writer is gone; a network's disk may be late by half of it */
};

struct pulse;

/* Starts to give signs on the open file `descriptor`, which must stay open until pulse_stop. Returns MOAT_MEMORY when
   the system has no room for a thread. Rank 0. */
enum moat_status pulse_start(int descriptor, struct pulse **out);

/* Ends them, frees *pulse and sets it to NULL; accepts NULL inside. Rank 0. */
void pulse_stop(struct pulse **pulse);

/* Returns when a writer of `path` last gave a sign of life, s since 1970; -INFINITY if the file cannot be found. Local.
 */
double pulse_time(const char *path);

/* Returns the seconds since then; INFINITY if the file cannot be found. Local. */
double pulse_age(const char *path);

#endif
