/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that a config names: loaded, and given to every rank. Rank 0 alone turns rows to their directions, so that
 * all have the same bits.
 */
#include "run/inputs.h"

#include <stdbool.h>
#include <string.h>

#include "results/data_rows.h"
#include "results/spectrum_file.h"
#include "run/broadcast.h"

enum moat_status inputs_load(const char *path, const char *const *settings, struct config **out)
{
    enum moat_status status = config_load(path, settings, out);
    if (status == MOAT_OK) {
        status = spectrum_file_give(*out);
    }
    if (status == MOAT_OK) {
        status = data_rows_give(*out);
    }
    if (status != MOAT_OK) {
        config_destroy(out);
    }
    return status;
}

enum moat_status inputs_check(const char *path, const char *const *settings)
{
    struct config *config = NULL;
    enum moat_status status = config_load(path, settings, &config);
    if (status == MOAT_OK) {
        status = spectrum_file_give(config);
    }
    if (status == MOAT_OK) {
        status = data_rows_check(config);
    }
    config_destroy(&config);
    return status;
}

struct rows_header {
    unsigned long long there, n, P, checksum;
    double noise[2];
};

static enum moat_status directions_make_room(struct config *config, int rank, MPI_Comm comm)
{
    struct directions sent = config->directions, made = {0};
    MPI_Bcast(&sent, (int)sizeof sent, MPI_BYTE, 0, comm); /* its pointers are rank 0's */
    if (rank == 0) {
        return MOAT_OK;
    }
    enum moat_status status = directions_allocate(sent.spectrum.n, &made);
    made.spectrum.noise1 = sent.spectrum.noise1;
    made.spectrum.noise2 = sent.spectrum.noise2;
    made.checksum = sent.checksum;
    memcpy(made.title, sent.title, sizeof made.title);
    config_give_directions(config, &made);
    return status;
}

static enum moat_status rows_make_room(struct config *config, int rank, MPI_Comm comm)
{
    struct rows_header header = {0};
    if (rank == 0 && config->rows) {
        const struct ridge_rows *rows = config->rows;
        header = (struct rows_header){1, rows->n, rows->P, config->rows_checksum, {rows->noise[0], rows->noise[1]}};
    }
    MPI_Bcast(&header, (int)sizeof header, MPI_BYTE, 0, comm);
    if (rank == 0 || !header.there) {
        return MOAT_OK;
    }
    enum moat_status status = ridge_rows_allocate((size_t)header.n, (size_t)header.P, &config->rows);
    if (status == MOAT_OK) {
        config->rows_checksum = (uint32_t)header.checksum;
        config->rows->noise[0] = header.noise[0];
        config->rows->noise[1] = header.noise[1];
    }
    return status;
}

enum moat_status inputs_make_room(struct config *config, MPI_Comm comm)
{
    int rank;
    if (!config->measured) {
        return MOAT_OK;
    }
    MPI_Comm_rank(comm, &rank);
    enum moat_status directions = directions_make_room(config, rank, comm), rows = rows_make_room(config, rank, comm);
    return directions != MOAT_OK ? directions : rows;
}

void inputs_share(struct config *config, MPI_Comm comm)
{
    struct ridge_rows *rows = config->rows;
    if (config->measured) {
        broadcast_numbers(config->directions.value, 4 * config->directions.spectrum.n, comm);
    }
    if (rows) {
        broadcast_numbers(rows->feature, rows->n * rows->P, comm);
        broadcast_numbers(rows->label[0], ridge_rows_lists(rows->n, rows->P), comm);
    }
}
