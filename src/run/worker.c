/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker: from a block's number to the block's record, and where it may to the record's place in the file.
 *
 * For each nu it makes a model, which then solves the points of one (Q, nu) after the other.
 */
#include "run/worker.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "moat/regime.h"
#include "run/shortage.h"
#include "run/worker_internal.h"

/* Blocks with the same few nu follow each other, so that these few models serve many blocks. */
enum { MODELS = 8 };

struct worker {
    const struct config *config;
    const struct ladder *ladder;
    struct writer *writer;  /* not owned; NULL: rank 0 writes */
    unsigned char *message; /* struct solved_header, then the record */
    struct {
        size_t nu;           /* its index in the grid */
        struct model *model; /* NULL: none yet, or it could not be made */
    } cache[MODELS];
    int next;       /* of the cache, to be replaced */
    bool exhausted; /* has run out of memory, and solves nothing more */
};

size_t worker_message_size(const struct config *config)
{
    size_t record = record_size(config, 0); /* block 0 is as large as any */
    return sizeof(struct solved_header) + (record > WORKER_REASON_SIZE ? record : WORKER_REASON_SIZE);
}

enum moat_status worker_create(const struct config *config, const struct ladder *ladder, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof *worker);
    size_t size = worker_message_size(config);
    *out = worker;
    if (worker) {
        worker->config = config;
        worker->ladder = ladder;
        worker->message = malloc(size);
    }
    if (!worker || !worker->message) {
        worker_destroy(out);
        return moat_error_set(MOAT_MEMORY, "out of memory for a block of %zu bytes", size);
    }
    return MOAT_OK;
}

void worker_write_with(struct worker *worker, struct writer *writer)
{
    worker->writer = writer;
}

static void forget_models(struct worker *worker)
{
    for (int i = 0; i < MODELS; i++) {
        model_destroy(&worker->cache[i].model);
    }
}

void worker_destroy(struct worker **worker)
{
    if (*worker) {
        forget_models(*worker);
        free((*worker)->message);
        free(*worker);
        *worker = NULL;
    }
}

/* Makes a model, if that leaves enough memory for MPI. */
static enum moat_status make_model(const struct worker *worker, size_t nu, struct model **model)
{
    enum moat_status status = model_create(worker->config, worker->ladder, nu, model);
    if (status == MOAT_OK && !memory_left(MEMORY_TO_SPARE)) {
        model_destroy(model);
        status = moat_error_set(MOAT_MEMORY, "out of memory for a solver and MPI's messages");
    }
    return status;
}

/* Finds or makes the model at grid index `nu`; *out is NULL where the numbers do not allow one. Returns MOAT_MEMORY
   when there is no room for it even in place of all others. */
static enum moat_status model_at(struct worker *worker, size_t nu, struct model **out)
{
    for (int i = 0; i < MODELS; i++) {
        if (worker->cache[i].model && worker->cache[i].nu == nu) {
            *out = worker->cache[i].model;
            return MOAT_OK;
        }
    }
    struct model **model = &worker->cache[worker->next].model;
    worker->cache[worker->next].nu = nu;
    worker->next = (worker->next + 1) % MODELS;
    model_destroy(model);
    enum moat_status status = make_model(worker, nu, model);
    if (status == MOAT_MEMORY) {
        forget_models(worker);
        status = make_model(worker, nu, model);
    }
    *out = *model;
    char what[64] = "the measured spectrum";
    if (!worker->config->measured) {
        snprintf(what, sizeof what, "nu = %g", worker->config->grid.axis[GRID_NU].values[nu]);
    }
    if (status == MOAT_MEMORY) {
        return moat_error_context(status, "%s", what);
    }
    if (status != MOAT_OK) {
        fprintf(stderr, "moat: %s: %s; its points are stored as failed\n", what, moat_error_message());
    }
    return MOAT_OK;
}

enum moat_status worker_solve(struct worker *worker, size_t index, struct solved_header *header,
                              const unsigned char **out)
{
    double start = clock_seconds();
    struct record record = record_begin(worker->config, index, worker->message + sizeof *header);
    size_t at[GRID_AXES] = {0};
    *out = record.bytes;
    for (at[GRID_NU] = 0; at[GRID_NU] < record.block.count[GRID_NU]; at[GRID_NU]++) {
        double nu = record_coordinate(&record, GRID_NU, at);
        struct model *model = NULL;
        enum moat_status status = model_at(worker, record.block.start[GRID_NU] + at[GRID_NU], &model);
        if (status != MOAT_OK) {
            return status;
        }
        record_store(&record, FIELD_NU_PRIME, at, moat_regime_nu_prime(worker->config->gamma, nu));
        for (at[GRID_Q] = 0; model && at[GRID_Q] < record.block.count[GRID_Q]; at[GRID_Q]++) {
            if (worker->config->sweep == SWEEP_SCALING_LAW) {
                worker_solve_scaling_laws(model, &record, at);
            } else {
                worker_solve_markets(model, &record, at);
            }
        }
    }
    *header = (struct solved_header){.block = index,
                                     .seconds = clock_seconds() - start,
                                     .checksum = field_checksum(worker->config, &record.block, record.bytes)};
    return MOAT_OK;
}

/* Composes the message that gives a block back, with its reason: "" if the block was not tried. */
static size_t give_back(struct worker *worker, size_t index, enum moat_status status, const char *why)
{
    struct solved_header *header = (struct solved_header *)(void *)worker->message;
    char *reason = (char *)worker->message + sizeof *header;
    char kept[WORKER_REASON_SIZE] = "";
    snprintf(kept, sizeof kept, "%s", why);
    *header = (struct solved_header){.block = index, .status = (int32_t)status};
    memcpy(reason, kept, sizeof kept);
    return sizeof *header + sizeof kept;
}

static size_t give_back_for_memory(struct worker *worker, size_t index, bool tried)
{
    char why[WORKER_REASON_SIZE] = "";
    worker->exhausted = true;
    forget_models(worker);
    if (tried) {
        shortage_reason(why, sizeof why);
    }
    return give_back(worker, index, MOAT_MEMORY, why);
}

const void *worker_answer(struct worker *worker, size_t index, size_t *size)
{
    struct solved_header *header = (struct solved_header *)(void *)worker->message;
    const unsigned char *record;
    bool tried = !worker->exhausted;
    enum moat_status status = tried ? worker_solve(worker, index, header, &record) : MOAT_MEMORY;
    if (status != MOAT_OK) {
        *size = give_back_for_memory(worker, index, tried);
    } else if (!worker->writer) {
        *size = sizeof *header + record_size(worker->config, index);
    } else if (writer_put(worker->writer, index, record) == MOAT_OK) {
        header->written = true;
        *size = sizeof *header;
    } else {
        *size = give_back(worker, index, MOAT_IO, moat_error_message());
    }
    return worker->message;
}
