/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORT_H
#define REPORT_H

#include "moat/error.h"
#include "run/session.h"

/* Prints a line on what runs where: "quickstart: market_entry, solver deterministic, 888 points in 28 blocks, on 2
   workers at node1, into quickstart.h5". Rank 0, once session->config is there. */
void report_begin(const struct session *session);

/* Prints how many points have which status; if the sweep is complete, why points failed, with one of them; and what
   this run has done, in what time, and what was there before. Returns MOAT_IO. Rank 0, after session_solve, or
   session_measure if that was stopped. */
enum moat_status report_end(const struct session *session);

#endif
