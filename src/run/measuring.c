/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a data file to a spectrum file: what is refused is refused before anything is read. */
#include "run/measuring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/data_file.h"
#include "results/spectrum_write.h"
#include "ridge/blas.h"
#include "ridge/group.h"
#include "run/hosts.h"
#include "run/measurement.h"
#include "run/measuring_file.h"
#include "run/progress.h"

enum { LONG_ORDER = 1500 /* of an eigenproblem that takes longer than a glance */ };

struct reading {
    const struct measuring_request *request;
    struct ridge_work group; /* for agreements */
    struct data_file file;
    double *label[2];
    int nodes;
    struct progress progress;
    bool begun;
};

/* Opens the data file, rank 0 first, and checks what can be checked without reading it. Collective. */
static enum moat_status open_data(struct reading *reading)
{
    const struct measuring_request *request = reading->request;
    enum moat_status status = MOAT_OK;
    if (reading->group.rank == 0) {
        status = data_file_open(request->data, &reading->file);
        if (status == MOAT_OK) {
            status = ridge_measure_check(reading->file.n, reading->file.P, &request->options);
            status = status == MOAT_OK ? status : moat_error_context(status, "%s", request->data);
        }
        if (status == MOAT_OK) {
            status = spectrum_write_check(request->output, request->force);
        }
    }
    status = ridge_agree(&reading->group, status);
    if (status == MOAT_OK && reading->group.rank > 0) {
        status = data_file_open(request->data, &reading->file);
    }
    return ridge_agree(&reading->group, status);
}

/* The memory that is free for each rank. Collective. */
static double free_memory(MPI_Comm comm)
{
    int ranks;
    hosts_rank(comm, &ranks);
    double bytes = measurement_free_memory() / ranks;
    MPI_Allreduce(MPI_IN_PLACE, &bytes, 1, MPI_DOUBLE, MPI_MIN, comm);
    return bytes;
}

/* Says what memory is needed, and refuses where it is not there. Collective. */
static enum moat_status check_memory(struct reading *reading, MPI_Comm comm)
{
    int ranks = reading->group.size;
    double cores, there = free_memory(comm);
    reading->nodes = hosts_count(comm, &cores);
    double needed = (double)ridge_measure_bytes(reading->file.n, reading->file.P, ranks);
    if (needed > there) {
        return moat_error_set(
            MOAT_USAGE,
            "%s: %zu rows of %zu features take %.3g GB on each of %d ranks, but there are %.3g GB for "
            "a rank: use more nodes, or fewer features or rows",
            reading->request->data, reading->file.n, reading->file.P, needed / 1e9, ranks, there / 1e9);
    }
    if (reading->group.rank == 0 && !reading->request->quiet) {
        fprintf(stderr, "moat: %zu rows of %zu features take %.3g GB on each of %d rank%s (%.3g GB are free)\n",
                reading->file.n, reading->file.P, needed / 1e9, ranks, ranks == 1 ? "" : "s", there / 1e9);
    }
    return ridge_agree(&reading->group, ridge_start_blas());
}

/* Gives every rank all labels, which rank 0 reads. Collective. */
static enum moat_status share_labels(struct reading *reading)
{
    size_t n = reading->file.n;
    enum moat_status status = MOAT_OK;
    for (int j = 0; j < 2; j++) {
        reading->label[j] = malloc(n * sizeof **reading->label);
        if (!reading->label[j]) {
            status = moat_error_set(MOAT_MEMORY, "rank %d: out of memory for %zu labels", reading->group.rank, n);
        }
    }
    status = ridge_agree(&reading->group, status);
    if (status == MOAT_OK && reading->group.rank == 0) {
        status = data_file_labels(&reading->file, reading->label[0], reading->label[1]);
    }
    status = ridge_agree(&reading->group, status);
    for (int j = 0; j < 2 && status == MOAT_OK; j++) {
        ridge_broadcast(&reading->group, reading->label[j], n);
    }
    return status;
}

/* A block of the features for ridge_measure; rank 0 shows how far its own part is. */
static enum moat_status read_block(void *context, size_t first_row, size_t rows, size_t first_column, size_t columns,
                                   double *out)
{
    struct reading *reading = context;
    enum moat_status status = data_file_block(&reading->file, first_row, rows, first_column, columns, out);
    if (reading->group.rank != 0 || status != MOAT_OK) {
        return status;
    }
    struct progress *progress = &reading->progress;
    if (!reading->begun) { /* the first row comes twice */
        size_t n = reading->file.n, P = reading->file.P;
        size_t total = n >= P ? ridge_row_range(n, reading->group.size, 0).count : n;
        progress_begin(progress, "rows read by rank 0", total, 0, reading->request->quiet);
        reading->begun = true;
        return MOAT_OK;
    }
    progress_add(progress, rows);
    if (progress->done == progress->total) {
        size_t order = reading->file.n < reading->file.P ? reading->file.n : reading->file.P;
        progress_end_shown(progress);
        if (order >= LONG_ORDER && !progress->quiet) {
            fprintf(stderr, "moat: eigenvectors of order %zu on %d ranks\n", order, reading->group.size);
        }
    }
    return MOAT_OK;
}

/* Says which labels the features do not predict with certainty. */
static void warn(const struct measuring *measuring)
{
    for (int j = 0; j < 2; j++) {
        if (measuring->estimate.trusted[j] == 0) {
            fprintf(stderr,
                    "moat: the features show no signal of `%s` that is beyond doubt: its alignments are mostly noise\n",
                    measure_label[j]);
        }
    }
}

static enum moat_status measure(struct reading *reading, MPI_Comm comm, struct measuring *out)
{
    const struct measure_source source = {.n = reading->file.n,
                                          .P = reading->file.P,
                                          .block = read_block,
                                          .context = reading,
                                          .label = {reading->label[0], reading->label[1]}};
    enum moat_status status = ridge_measure(&source, &reading->request->options, comm, &out->fit);
    if (reading->begun && reading->progress.done < reading->progress.total) { /* a message follows the bar */
        progress_end_shown(&reading->progress);
    }
    if (status == MOAT_OK && reading->group.rank == 0) {
        status = measure_estimate(&out->fit, &out->estimate);
        if (status == MOAT_OK) {
            status = power_law_fit(&out->fit, &out->estimate, &out->law);
        }
        if (status == MOAT_OK && !reading->request->quiet) {
            warn(out);
        }
    }
    return status;
}

enum moat_status measuring_run(const struct measuring_request *request, MPI_Comm comm, struct measuring *out)
{
    struct reading reading = {.request = request,
                              .group = {.group = comm},
                              .file = {.file = -1, .features = -1, .performance = -1, .safety = -1}};
    *out = (struct measuring){0};
    ridge_group_join(&reading.group);
    enum moat_status status = open_data(&reading);
    if (status == MOAT_OK) {
        status = check_memory(&reading, comm);
    }
    if (status == MOAT_OK) {
        status = share_labels(&reading);
    }
    if (status == MOAT_OK) {
        status = measure(&reading, comm, out); /* from here on rank 0 may fail alone */
        if (status == MOAT_USAGE && strncmp(moat_error_message(), request->data, strlen(request->data)) != 0) {
            moat_error_context(status, "%s", request->data); /* unless the reader has named the file */
        }
    }
    if (status == MOAT_OK && reading.group.rank == 0) {
        struct launch launch;
        launch_here(reading.nodes, reading.group.size, &launch);
        status = measuring_write(request, &reading.file, out, &launch);
    }
    for (int j = 0; j < 2; j++) {
        free(reading.label[j]);
    }
    data_file_close(&reading.file);
    return status;
}

void measuring_free(struct measuring *measuring)
{
    ridge_measure_free(&measuring->fit);
    measure_estimate_free(&measuring->estimate);
}
