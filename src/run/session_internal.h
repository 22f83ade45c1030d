/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_SESSION_INTERNAL_H
#define MOAT_SESSION_INTERNAL_H

#include "run/session.h"

/* Opens the results file of a session whose config is there, with the command line, the nodes and the cores for the
   history; calls session_request.begin before a new file is made, or once an older one is open. Returns what
   results_open does. Rank 0. */
enum moat_status session_open_results(struct session *session, int nodes, double cores);

/* Reads the tables of the file that request->tables names, NULL for none, into session->source; the config is there.
   Returns what tables_file_open does. Rank 0. */
enum moat_status session_open_tables(struct session *session);

/* Fills the ladder with the tables that the results file has, then with those of session->source, which the results
   file gets too; sets session->taken, and frees the source. Returns MOAT_IO or MOAT_MEMORY. Rank 0. */
enum moat_status session_read_tables(struct session *session);

#endif
