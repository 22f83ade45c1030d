/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker: from a block's number to the block's record.
 *
 * For each nu it makes a model, for each (Q, N_I) it solves the incumbent once, and for each tau_E the threshold.
 */
#include "moat/worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "moat/company.h"
#include "moat/deterministic.h"
#include "moat/field.h"
#include "moat/jackknife.h"
#include "moat/market.h"

/* Blocks with the same few nu follow each other, so that these few models serve many blocks. */
enum { MODELS = 8 };

/* What solves the markets of one nu. */
struct model {
    double nu;
    struct deterministic *deterministic; /* NULL: no model, or it could not be made */
    struct jackknife *jackknife;         /* with SOLVER_RIDGE, else NULL */
};

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
    deterministic_destroy(&model->deterministic);
}

enum status worker_create(const struct config *config, const struct ladder *ladder, struct worker **out)
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
        return error_set(STATUS_MEMORY, "out of memory for a block of %zu bytes", size);
    }
    return STATUS_OK;
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

size_t worker_record_size(const struct config *config, size_t index)
{
    struct block block = grid_block(&config->grid, index);
    size_t offset[FIELD_COUNT + 1];
    field_offsets(&block, offset);
    return offset[FIELD_COUNT];
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
    enum status status = deterministic_create(config->gamma, nu, config->P, &model->deterministic);
    if (status == STATUS_OK && config->solver == SOLVER_RIDGE) {
        status = jackknife_create(model->deterministic, worker->ladder, index, &model->jackknife);
    }
    if (status != STATUS_OK) {
        fprintf(stderr, "moat: nu = %g: %s; its points are stored as failed\n", nu, error_message());
        model_destroy(model);
        return NULL;
    }
    return model;
}

/* A block's record, field by field. */
struct record {
    struct block block;
    unsigned char *bytes;
    size_t offset[FIELD_COUNT + 1];
};

/* The element of `field` at block-local indices `at`. */
static void *element(const struct record *record, enum field_id id, const size_t at[GRID_AXES])
{
    const struct field *field = &field_table[id];
    size_t index = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (field->axes & (1U << a)) {
            index = index * record->block.count[a] + at[a];
        }
    }
    return record->bytes + record->offset[id] + index * field_element_size(field->type);
}

static void store(const struct record *record, enum field_id id, const size_t at[GRID_AXES], double value)
{
    *(double *)element(record, id, at) = value;
}

static void store_company(const struct record *record, enum field_id alpha, const size_t at[GRID_AXES],
                          const struct company *company)
{
    const double value[] = {company->alpha, company->lambda, company->loss_performance, company->loss_safety};
    for (int i = 0; i < 4; i++) { /* the four fields follow each other in the table */
        store(record, (enum field_id)((int)alpha + i), at, value[i]);
    }
}

static void store_threshold(const struct record *record, const size_t at[GRID_AXES], const struct threshold *threshold)
{
    *(unsigned char *)element(record, FIELD_STATUS, at) = (unsigned char)threshold->status;
    store(record, FIELD_N_E_STAR, at, threshold->N_E_star);
    store_company(record, FIELD_ENTRANT_ALPHA, at, &threshold->entrant);
}

/* One market by the deterministic equivalent. `incumbent` is of the same model. */
static void solve_market(const struct solver *solver, const struct record *record, const size_t at[GRID_AXES], double Q,
                         const struct company *incumbent, double tau_I, double tau_E)
{
    struct threshold threshold;
    market_threshold(solver, Q, incumbent, tau_I, tau_E, &threshold);
    store_threshold(record, at, &threshold);
}

/* One market from data, with its standard error and the deterministic equivalent beside it. */
static void solve_measured_market(const struct solver *solver, const struct model *model, const struct record *record,
                                  const size_t at[GRID_AXES], double Q, const struct company *incumbent, double tau_I,
                                  double tau_E)
{
    struct threshold threshold;
    double standard_error;
    market_threshold(solver, Q, incumbent, tau_I, tau_E, &threshold);
    store(record, FIELD_N_E_STAR_DETERMINISTIC, at, threshold.N_E_star);
    jackknife_threshold(model->jackknife, Q, tau_I, tau_E, &threshold, &standard_error);
    store(record, FIELD_N_E_STAR_STDERR, at, standard_error);
    store_threshold(record, at, &threshold);
}

/* All markets of one (Q, nu) of the block: at[GRID_Q] and at[GRID_NU] are set. */
static void solve_markets(const struct config *config, const struct model *model, const struct record *record,
                          size_t at[GRID_AXES])
{
    const struct grid *grid = &config->grid;
    const struct block *block = &record->block;
    struct solver solver = deterministic_solver(model->deterministic);
    double Q = grid->axis[GRID_Q].values[block->start[GRID_Q] + at[GRID_Q]];
    double L_star = 2 * Q * solver.A0;
    double tau_unit = config->tau_unit == TAU_L_STAR ? L_star : 1;
    double tau_I = config->tau_I * tau_unit;
    store(record, FIELD_L_STAR, at, L_star);
    store(record, FIELD_TAU_I, at, tau_I);

    for (at[GRID_N_I] = 0; at[GRID_N_I] < block->count[GRID_N_I]; at[GRID_N_I]++) {
        struct company incumbent, measured;
        double N_I = grid->axis[GRID_N_I].values[block->start[GRID_N_I] + at[GRID_N_I]];
        company_solve(&solver, N_I, Q, tau_I, &incumbent);
        if (model->jackknife) {
            jackknife_incumbent(model->jackknife, N_I, Q, tau_I, &measured);
        }
        store_company(record, FIELD_INCUMBENT_ALPHA, at, model->jackknife ? &measured : &incumbent);

        for (at[GRID_TAU_E] = 0; at[GRID_TAU_E] < block->count[GRID_TAU_E]; at[GRID_TAU_E]++) {
            double tau_E = grid->axis[GRID_TAU_E].values[block->start[GRID_TAU_E] + at[GRID_TAU_E]] * tau_unit;
            store(record, FIELD_TAU_E_ABSOLUTE, at, tau_E);
            if (model->jackknife) {
                solve_measured_market(&solver, model, record, at, Q, &incumbent, tau_I, tau_E);
            } else {
                solve_market(&solver, record, at, Q, &incumbent, tau_I, tau_E);
            }
        }
    }
}

/* What the record holds where there are no tables. */
static void store_failed(const struct record *record)
{
    for (int f = 0; f < FIELD_COUNT; f++) {
        size_t size = field_element_size(field_table[f].type);
        for (size_t at = record->offset[f]; at + size <= record->offset[f + 1]; at += size) {
            if (f == FIELD_STATUS) {
                record->bytes[at] = MARKET_FAILED;
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
    struct record record = {.block = grid_block(grid, index), .bytes = worker->message + sizeof *header};
    field_offsets(&record.block, record.offset);
    store_failed(&record);

    size_t at[GRID_AXES] = {0};
    for (at[GRID_NU] = 0; at[GRID_NU] < record.block.count[GRID_NU]; at[GRID_NU]++) {
        const struct model *model = model_of(worker, record.block.start[GRID_NU] + at[GRID_NU]);
        for (at[GRID_Q] = 0; model && at[GRID_Q] < record.block.count[GRID_Q]; at[GRID_Q]++) {
            solve_markets(worker->config, model, &record, at);
        }
    }
    *header = (struct solved_header){index, MPI_Wtime() - start};
    return record.bytes;
}

void worker_run(struct worker *worker, MPI_Comm comm)
{
    for (;;) {
        unsigned long long block = 0;
        MPI_Status envelope;
        MPI_Recv(&block, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_ANY_TAG, comm, &envelope);
        if (envelope.MPI_TAG == WORKER_TAG_STOP) {
            break;
        }
        worker_solve(worker, (size_t)block, (struct solved_header *)(void *)worker->message);
        size_t size = sizeof(struct solved_header) + worker_record_size(worker->config, (size_t)block);
        MPI_Send(worker->message, (int)size, MPI_BYTE, 0, WORKER_TAG_SOLVED, comm);
    }
}
