/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CHECKSUM_H
#define MOAT_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "results/handle.h"

/* The CRC-32 of all values so far: `values` after those whose checksum is `before`, 0 for none. Local. */
uint32_t checksum_add(uint32_t before, const void *values, size_t bytes);

/* Sets blocks that are done back to pending if their values do not match their checksum; *damaged counts them. False
   when values cannot be read, or out of memory. Rank 0. */
bool checksum_check_blocks(struct results *results, size_t *damaged);

#endif
