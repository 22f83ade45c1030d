/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that must stay free for MPI, in bytes. Open MPI takes memory for a message when it needs it, and a message for
 * which it gets none waits for ever. So a rank that has less than this is out of memory, although its own allocations
 * would still succeed. Connections are made after the start, which takes the most.
 */
#define MEMORY_TO_START ((size_t)64 << 20)
#define MEMORY_TO_SPARE ((size_t)16 << 20)

/* Returns whether so many bytes can be had right now, by the limits on this process's address space and, where the
   system promises no more memory than it has, by the memory that is left. Local. */
bool memory_left(size_t bytes);

#endif
