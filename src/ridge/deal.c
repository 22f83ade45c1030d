/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows dealt out to the ranks of a group. */
#include "ridge/deal.h"

enum { BLOCK = 32 };

size_t ridge_deal_count(size_t n, int ranks, int rank)
{
    size_t cycle = (size_t)BLOCK * (size_t)ranks, rest = n % cycle, before = (size_t)BLOCK * (size_t)rank;
    size_t more = rest < before ? 0 : rest - before;
    return n / cycle * BLOCK + (more < BLOCK ? more : BLOCK);
}

size_t ridge_deal_row(size_t at, int ranks, int rank)
{
    return (at / BLOCK * (size_t)ranks + (size_t)rank) * BLOCK + at % BLOCK;
}
