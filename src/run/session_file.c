/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results file of a run: opened or made, with a bar while a large one is made. */
#include "base/launch.h"
#include "run/fillers.h"
#include "run/interrupt.h"
#include "run/session_internal.h"

/* A results file that is made, or found. */
struct making {
    const struct session *session;
    struct progress progress;
    bool begun; /* session_request.begin has been called */
};

static void begin(struct making *making)
{
    const struct session_request *request = making->session->request;
    if (!making->begun && !request->quiet && request->begin) {
        request->begin(making->session);
    }
    making->begun = true;
}

/* Shows how much of a new results file is there, and lets signals stop its making. */
static bool show_making(void *context, double share)
{
    struct making *making = context;
    begin(making);
    making->progress.done = (size_t)(share * (double)making->progress.total);
    progress_add(&making->progress, 0);
    return interrupt_requested();
}

/* Has the workers fill a large new file, if they may write it. */
static enum moat_status share_filling(void *context, struct fill *fill, const struct writer_ticket *ticket)
{
    const struct making *making = context;
    struct writer_ticket allowed = *ticket;
    if (making->session->ranks == 1 || making->session->request->writers == WRITERS_RANK_0) {
        return MOAT_OK;
    }
    allowed.any_file_system = making->session->request->writers == WRITERS_WORKERS;
    return fillers_run(fill, &allowed, making->session->comm);
}

enum moat_status session_open_results(struct session *session, int nodes, double cores)
{
    struct making making = {.session = session};
    struct results_run run = {.command = session->request->command,
                              .cores = cores,
                              .making = show_making,
                              .fill = share_filling,
                              .context = &making};
    launch_here(nodes, session->ranks, &run.launch);
    progress_begin(&making.progress, "MB of the file", (size_t)(results_bytes(session->config) / 1e6) + 1, 0,
                   session->request->quiet);
    making.progress.rate_unit = "MB";
    enum moat_status status =
        results_open(session_path(session), session->config, &run, session->request->results, &session->results);
    if (status == MOAT_OK && making.progress.shown) {
        progress_add(&making.progress, making.progress.total - making.progress.done);
    }
    progress_end_shown(&making.progress);
    if (status == MOAT_OK) {
        begin(&making);
    }
    return status;
}
