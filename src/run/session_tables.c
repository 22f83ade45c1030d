/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables that a run need not measure: those of its own file, and of the one that --tables names. */
#include "run/session_internal.h"

enum moat_status session_open_tables(struct session *session)
{
    const char *path = session->request->tables;
    return path ? tables_file_open(path, session->config, session_path(session), &session->source) : MOAT_OK;
}

enum moat_status session_read_tables(struct session *session)
{
    enum moat_status status = results_read_tables(session->results, session->ladder);
    if (status == MOAT_OK && session->source) {
        status = tables_file_give(session->source, session->results, session->ladder, &session->taken);
    }
    tables_file_close(&session->source);
    return status;
}
