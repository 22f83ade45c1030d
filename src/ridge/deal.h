/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_DEAL_H
#define MOAT_RIDGE_DEAL_H

#include <stddef.h>

/* Rows dealt out to the ranks of a group like cards, in blocks of a few rows each: so the first n of them are spread
   evenly for every n, and on each rank they are the first of its own. */

/* The number of rows below `n` that a rank holds. Local. */
size_t ridge_deal_count(size_t n, int ranks, int rank);

/* The number of the row that a rank holds at `at`. Local. */
size_t ridge_deal_row(size_t at, int ranks, int rank);

#endif
