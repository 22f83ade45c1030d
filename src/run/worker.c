/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker: from a block's number to the block's record.
 *
 * For each nu it makes a model, which then solves the points of one (Q, nu) after the other.
 */
#include "run/worker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "moat/regime.h"
#include "run/worker_internal.h"

/* Blocks with the same few nu follow each other, so that these few models serve many blocks. */
enum { MODELS = 8 };

struct worker {
    const struct config *config;
    const struct ladder *ladder;
    unsigned char *message; /* struct solved_header, then the record */
    struct {
        double nu;
        struct model *model; /* NULL: none yet, or it could not be made */
    } cache[MODELS];
    int next; /* of the cache, to be replaced */
};

enum moat_status worker_create(const struct config *config, const struct ladder *ladder, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof *worker);
    size_t size = sizeof(struct solved_header) + record_size(config, 0); /* block 0 is as large as any */
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

void worker_destroy(struct worker **worker)
{
    if (*worker) {
        for (int i = 0; i < MODELS; i++) {
            model_destroy(&(*worker)->cache[i].model);
        }
        free((*worker)->message);
        free(*worker);
        *worker = NULL;
    }
}

/* The model at grid index `nu`; NULL when it could not be made. */
static struct model *model_at(struct worker *worker, size_t nu)
{
    double value = worker->config->grid.axis[GRID_NU].values[nu];
    for (int i = 0; i < MODELS; i++) {
        if (worker->cache[i].model && worker->cache[i].nu == value) {
            return worker->cache[i].model;
        }
    }
    struct model **model = &worker->cache[worker->next].model;
    worker->cache[worker->next].nu = value;
    worker->next = (worker->next + 1) % MODELS;
    model_destroy(model);
    if (model_create(worker->config, worker->ladder, nu, model) != MOAT_OK) {
        fprintf(stderr, "moat: nu = %g: %s; its points are stored as failed\n", value, moat_error_message());
    }
    return *model;
}

const unsigned char *worker_solve(struct worker *worker, size_t index, struct solved_header *header)
{
    double start = clock_seconds();
    struct record record = record_begin(worker->config, index, worker->message + sizeof *header);
    size_t at[GRID_AXES] = {0};
    for (at[GRID_NU] = 0; at[GRID_NU] < record.block.count[GRID_NU]; at[GRID_NU]++) {
        double nu = record_coordinate(&record, GRID_NU, at);
        struct model *model = model_at(worker, record.block.start[GRID_NU] + at[GRID_NU]);
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
    return record.bytes;
}

const void *worker_answer(struct worker *worker, size_t index, size_t *size)
{
    worker_solve(worker, index, (struct solved_header *)(void *)worker->message);
    *size = sizeof(struct solved_header) + record_size(worker->config, index);
    return worker->message;
}
