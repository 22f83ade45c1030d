/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stages of a run. After each local step the ranks agree on its status before the next collective call. */
#include "run/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "ridge/blas.h"
#include "run/agreement.h"
#include "run/coordinator.h"
#include "run/fillers.h"
#include "run/hosts.h"
#include "run/inputs.h"
#include "run/measurement.h"
#include "run/session_internal.h"
#include "run/shortage.h"

/* Returns the worst of the ranks' statuses. The message stays where it is to be printed: on ranks that failed
   themselves, but of a usage error, which all ranks find, on rank 0 alone. Collective. */
static enum moat_status agree(const struct session *session, enum moat_status status)
{
    enum moat_status worst = agreement_worst(status, session->comm);
    if (worst != MOAT_OK && (status == MOAT_OK || (status == MOAT_USAGE && session->rank != 0))) {
        moat_error_set(worst, "%s", "");
    }
    return worst;
}

/* As agree, after a step that allocates memory: enough for MPI must be left, and a message about a lack of memory also
   says where and what to do. */
static enum moat_status agree_on_memory(const struct session *session, enum moat_status status)
{
    if (status == MOAT_OK && !memory_left(MEMORY_TO_SPARE)) {
        status = moat_error_set(MOAT_MEMORY, "out of memory for MPI's messages");
    }
    return agree(session, status == MOAT_MEMORY ? shortage_explain(session->rank) : status);
}

/* --- session_open */

/* Chooses the group size of each rung. The caller frees *group. Returns MOAT_USAGE if a rung that has tasks left, of
   `ladder` or, with NULL, at all, does not fit into the memory. Local. */
static enum moat_status plan_groups(const struct session *session, const struct ladder *ladder, int **group)
{
    const struct config *config = session->config;
    int workers = session->ranks > 1 ? session->ranks - 1 : 1;
    *group = calloc(config->ridge.N.size, sizeof **group);
    return *group ? measurement_groups(config, ladder, workers, session->bytes, *group)
                  : moat_error_set(MOAT_MEMORY, "out of memory for %zu rungs", config->ridge.N.size);
}

const char *session_path(const struct session *session)
{
    return session->request->output ? session->request->output : session->config->output;
}

/* Reads the tables of another file, and refuses a ladder that does not fit now rather than in session_measure. */
static enum moat_status check_ladder(struct session *session)
{
    int *group = NULL;
    struct ladder *ladder = NULL;
    struct tables_taken taken;
    enum moat_status status = session_open_tables(session);
    if (status == MOAT_OK && session->source) {
        status = ladder_create(session->config, &ladder);
    }
    if (ladder) {
        tables_file_take(session->source, ladder, &taken);
    }
    if (status == MOAT_OK && session->config->solver == SOLVER_RIDGE) {
        status = plan_groups(session, ladder, &group);
    }
    ladder_destroy(&ladder);
    free(group);
    return status;
}

/* Rank 0's part of session_open. The file comes last, so that a refusal leaves none. */
static enum moat_status prepare(struct session *session, int nodes, double cores)
{
    if (session->request->ranks > 0 && session->request->ranks != session->ranks) {
        return moat_error_set(MOAT_USAGE, "--ranks: found %d, but the launcher has started %d: leave --ranks out",
                              session->request->ranks, session->ranks);
    }
    enum moat_status status = inputs_load(session->request->config, session->request->settings, &session->config);
    if (status == MOAT_OK) {
        status = check_ladder(session);
    }
    if (status == MOAT_OK) {
        status = session_open_results(session, nodes, cores);
    }
    return status;
}

/* Gives every rank rank 0's config, as text. Collective. */
static enum moat_status share_config(struct session *session)
{
    bool first = session->rank == 0;
    unsigned long long length = first ? strlen(session->config->text) : 0;
    MPI_Bcast(&length, 1, MPI_UNSIGNED_LONG_LONG, 0, session->comm);
    char *text = first ? session->config->text : calloc(length + 1, 1);
    enum moat_status status = text ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for the config");
    status = agree_on_memory(session, status);
    if (status == MOAT_OK) {
        MPI_Bcast(text, (int)length, MPI_CHAR, 0, session->comm);
        status = first ? MOAT_OK : config_parse(text, "config", &session->config);
        status = agree_on_memory(session, status);
    }
    if (!first) {
        free(text);
    }
    return status;
}

/* Gives every rank the spectrum and the rows that rank 0 has loaded. Collective. */
static enum moat_status share_inputs(struct session *session)
{
    enum moat_status status = agree_on_memory(session, inputs_make_room(session->config, session->comm));
    if (status == MOAT_OK) {
        inputs_share(session->config, session->comm);
    }
    return status;
}

enum moat_status session_open(const struct session_request *request, MPI_Comm comm, struct session *session)
{
    double cores = 0;
    *session = (struct session){.request = request, .comm = comm};
    MPI_Comm_rank(comm, &session->rank);
    MPI_Comm_size(comm, &session->ranks);
    session->bytes = measurement_memory(comm);
    int nodes = hosts_count(comm, &cores);
    if (!request->quiet) {
        hosts_list(comm, session->hosts);
    }
    enum moat_status status = MOAT_OK;
    if (session->rank == 0) {
        status = prepare(session, nodes, cores);
        fillers_dismiss(comm);
    } else {
        fillers_serve(comm);
    }
    status = agree_on_memory(session, status);
    if (status == MOAT_OK) {
        status = share_config(session);
    }
    return status == MOAT_OK ? share_inputs(session) : status;
}

/* --- session_measure */

static size_t tasks_left(const struct ladder *ladder)
{
    size_t left = 0;
    for (size_t task = 0; task < ladder->tasks; task++) {
        left += ladder->state[task] != TASK_DONE; /* one that failed is tried again */
    }
    return left;
}

/* Makes the tables that are left, rank 0 as their coordinator, which solves none itself if there are others.
 * Collective.
 */
static enum moat_status make_tables(struct session *session, const int *group)
{
    struct ladder *ladder = session->ladder;
    size_t left = tasks_left(ladder);
    if (left == 0) {
        return MOAT_OK;
    }
    bool solves = session->rank > 0 || session->ranks == 1;
    enum moat_status ready = agree_on_memory(session, solves ? ridge_start_blas() : MOAT_OK);
    if (ready != MOAT_OK) {
        return ready;
    }
    if (session->rank != 0) {
        measurement_work(ladder, session->comm);
        return MOAT_OK;
    }
    progress_begin(&session->tables, "data sets", ladder->tasks, ladder->tasks - left, session->request->quiet);
    enum moat_status status = measurement_coordinate(ladder, group, session->results, &session->tables, session->comm);
    progress_end(&session->tables);
    return status;
}

enum moat_status session_measure(struct session *session)
{
    int *group = NULL;
    if (session->config->solver != SOLVER_RIDGE) {
        return MOAT_OK;
    }
    enum moat_status status = ladder_create(session->config, &session->ladder);
    if (status == MOAT_OK && session->rank == 0) {
        status = session_read_tables(session);
    }
    status = agree_on_memory(session, status);
    if (status == MOAT_OK) {
        measurement_share(session->ladder, session->comm); /* so that every rank knows which tables are left */
        status = agree_on_memory(session, plan_groups(session, session->ladder, &group));
    }
    if (status == MOAT_OK) {
        status = agree(session, make_tables(session, group));
    }
    if (status == MOAT_OK) {
        measurement_share(session->ladder, session->comm);
    }
    free(group);
    return status;
}

/* --- session_solve */

static size_t points_done(const struct session *session)
{
    const struct grid *grid = &session->config->grid;
    size_t points = 0;
    for (size_t i = 0; i < grid_blocks(grid); i++) {
        struct block block = grid_block(grid, i);
        points += results_block_done(session->results, i) ? block_points(&block) : 0;
    }
    return points;
}

/* Decides who writes, and tells the user why if it is rank 0. Returns true if the workers do. Collective. */
static bool choose_writers(struct session *session)
{
    const struct session_request *request = session->request;
    char why[WRITERS_WHY_SIZE], line[WRITERS_WHY_SIZE + 256];
    bool workers =
        writers_agree(request->writers, session->results, session->config, session->comm, &session->writer, why);
    if (session->rank == 0 && *why && !request->quiet && request->note) {
        snprintf(line, sizeof line, "rank 0 writes the blocks of all workers into the file: %s", why);
        request->note(line);
    }
    worker_write_with(session->worker, session->writer);
    return workers;
}

/* Lets go of the file on the workers, which it may tell only now that it could not store the data. Returns MOAT_IO, on
   rank 0 with a message unless it has failed before with that `status`. Collective. */
static enum moat_status close_writers(struct session *session, enum moat_status status)
{
    enum moat_status closed = writer_close(&session->writer);
    if (closed != MOAT_OK) {
        char reason[256];
        snprintf(reason, sizeof reason, "%s", moat_error_message());
        moat_error_set(closed,
                       "rank %d: %s: cannot be brought to disk (blocks that are called done may be damaged; the same "
                       "command checks them and solves those again): %s",
                       session->rank, session_path(session), reason);
    }
    enum moat_status worst = agreement_worst(closed, session->comm);
    if (session->rank != 0) {
        return closed;
    }
    return status == MOAT_OK && worst != MOAT_OK ? moat_error_set(worst, "%s", "") : status;
}

enum moat_status session_solve(struct session *session)
{
    const struct config *config = session->config;
    enum moat_status status = agree_on_memory(session, worker_create(config, session->ladder, &session->worker));
    bool workers_write = status == MOAT_OK && choose_writers(session);
    if (status == MOAT_OK && session->rank == 0) {
        struct progress *progress = &session->progress;
        session->blocks_before = results_blocks_done(session->results);
        progress_begin(progress, "points", grid_points(&config->grid), points_done(session), session->request->quiet);
        status = coordinator_run(config, session->results, session->worker, progress, session->comm);
        progress_end(progress);
    } else if (status == MOAT_OK) {
        worker_run(session->worker, session->comm);
    }
    return workers_write ? close_writers(session, status) : status;
}

/* --- session_close */

enum moat_status session_close(struct session *session)
{
    enum moat_status status = results_close(&session->results);
    tables_file_close(&session->source);
    worker_destroy(&session->worker);
    writer_close(&session->writer);
    ladder_destroy(&session->ladder);
    config_destroy(&session->config);
    return status;
}
