/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker: from a block's number to the block's record.
 *
 * For each nu it makes a model, which then solves the points of one (Q, nu) after the other.
 */
#include "run/worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "moat/market.h"
#include "moat/regime.h"
#include "run/worker_internal.h"

/* Blocks with the same few nu follow each other, so that these few models serve many blocks. */
enum { MODELS = 8 };

struct worker {
    const struct config *config;
    const struct ladder *ladder;
    unsigned char *message; /* struct solved_header, then the record */
    struct model model[MODELS];
    int next_model;
};

static void model_destroy(struct model *model)
{
    jackknife_destroy(&model->jackknife);
    moat_deterministic_destroy(&model->deterministic);
}

enum moat_status worker_create(const struct config *config, const struct ladder *ladder, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof *worker);
    size_t size = sizeof(struct solved_header) + worker_record_size(config, 0); /* block 0 is as large as any */
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
            model_destroy(&(*worker)->model[i]);
        }
        free((*worker)->message);
        free(*worker);
        *worker = NULL;
    }
}

/* The model of the grid's nu of that index; NULL when it could not be made. */
static const struct model *model_of(struct worker *worker, size_t index)
{
    const struct config *config = worker->config;
    double nu = config->grid.axis[GRID_NU].values[index];
    for (int i = 0; i < MODELS; i++) {
        if (worker->model[i].deterministic && worker->model[i].nu == nu) {
            return &worker->model[i];
        }
    }
    struct model *model = &worker->model[worker->next_model];
    worker->next_model = (worker->next_model + 1) % MODELS;
    model_destroy(model);
    model->nu = nu;
    enum moat_status status = moat_deterministic_create(config->gamma, nu, config->P, &model->deterministic);
    if (status == MOAT_OK && config->solver == SOLVER_RIDGE) {
        status = jackknife_create(model->deterministic, worker->ladder, index, &model->jackknife);
    }
    if (status != MOAT_OK) {
        fprintf(stderr, "moat: nu = %g: %s; its points are stored as failed\n", nu, moat_error_message());
        model_destroy(model);
        return NULL;
    }
    return model;
}

double record_coordinate(const struct record *record, int axis, const size_t at[GRID_AXES])
{
    return record->config->grid.axis[axis].values[record->block.start[axis] + at[axis]];
}

/* The element of `field` at block-local indices `at`; NULL when the file does not have the field. */
static void *element(const struct record *record, enum field_id id, const size_t at[GRID_AXES])
{
    const struct field *field = &field_table[id];
    size_t index = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (field->axes & (1U << a)) {
            index = index * record->block.count[a] + at[a];
        }
    }
    bool stored = record->offset[id + 1] > record->offset[id];
    return stored ? record->bytes + record->offset[id] + index * field_element_size(field->type) : NULL;
}

void record_store(const struct record *record, enum field_id id, const size_t at[GRID_AXES], double value)
{
    double *place = element(record, id, at);
    if (place) {
        *place = value;
    }
}

void record_store_flag(const struct record *record, enum field_id id, const size_t at[GRID_AXES], int value)
{
    unsigned char *place = element(record, id, at);
    if (place) {
        *place = (unsigned char)value;
    }
}

/* What the record holds where there are no tables. */
static void store_failed(const struct record *record)
{
    for (int f = 0; f < FIELD_COUNT; f++) {
        size_t size = field_element_size(field_table[f].type);
        for (size_t at = record->offset[f]; at + size <= record->offset[f + 1]; at += size) {
            if (field_table[f].type == FIELD_UINT8) {
                record->bytes[at] = f == FIELD_STATUS ? MOAT_MARKET_FAILED : MOAT_REGIME_NONE;
            } else {
                *(double *)(void *)(record->bytes + at) = NAN;
            }
        }
    }
}

const unsigned char *worker_solve(struct worker *worker, size_t index, struct solved_header *header)
{
    double start = MPI_Wtime();
    const struct grid *grid = &worker->config->grid;
    struct record record = {
        .config = worker->config, .block = grid_block(grid, index), .bytes = worker->message + sizeof *header};
    field_offsets(worker->config, &record.block, record.offset);
    store_failed(&record);

    size_t at[GRID_AXES] = {0};
    for (at[GRID_NU] = 0; at[GRID_NU] < record.block.count[GRID_NU]; at[GRID_NU]++) {
        double nu = record_coordinate(&record, GRID_NU, at);
        const struct model *model = model_of(worker, record.block.start[GRID_NU] + at[GRID_NU]);
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
                                     .seconds = MPI_Wtime() - start,
                                     .checksum = field_checksum(worker->config, &record.block, record.bytes)};
    return record.bytes;
}

const void *worker_answer(struct worker *worker, size_t index, size_t *size)
{
    worker_solve(worker, index, (struct solved_header *)(void *)worker->message);
    *size = sizeof(struct solved_header) + worker_record_size(worker->config, index);
    return worker->message;
}
