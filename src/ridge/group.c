/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ranks of a group share: agreement on failures, sums, the BLACS grid; and memory and products of one rank. */
#include "ridge/group.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ridge/deal.h"
#include "ridge/scalapack.h"
#include "ridge/sums.h"

enum { MESSAGE_SIZE = 1024 };

struct row_range ridge_row_range(size_t n, int ranks, int rank)
{
    size_t parts = (size_t)ranks, part = (size_t)rank;
    size_t each = n / parts, more = n % parts; /* the first `more` ranks hold one row more */
    size_t first = part * each + (part < more ? part : more);
    return (struct row_range){first, each + (part < more)};
}

size_t ridge_vector_row(const struct ridge_work *work, size_t at)
{
    return work->sums ? ridge_deal_row(at, work->size, work->rank) : work->vector_rows.first + at;
}

void ridge_group_join(struct ridge_work *work)
{
    work->size = 1;
    work->rank = 0;
    if (work->group != MPI_COMM_NULL) {
        MPI_Comm_size(work->group, &work->size);
        MPI_Comm_rank(work->group, &work->rank);
    }
}

enum moat_status ridge_agree(const struct ridge_work *work, enum moat_status status)
{
    struct {
        int status, rank;
    } mine = {(int)status, work->rank}, worst;
    if (work->size == 1) {
        return status;
    }
    MPI_Allreduce(&mine, &worst, 1, MPI_2INT, MPI_MAXLOC, work->group);
    if (worst.status != MOAT_OK) {
        char message[MESSAGE_SIZE] = {0};
        strncpy(message, moat_error_message(), sizeof message - 1);
        MPI_Bcast(message, MESSAGE_SIZE, MPI_CHAR, worst.rank, work->group);
        moat_error_set((enum moat_status)worst.status, "%s", message);
    }
    return (enum moat_status)worst.status;
}

void ridge_sum(const struct ridge_work *work, double *values, size_t count)
{
    const size_t largest = 1u << 27; /* MPI counts in int */
    for (size_t at = 0; work->size > 1 && at < count; at += largest) {
        int part = (int)(count - at < largest ? count - at : largest);
        MPI_Allreduce(MPI_IN_PLACE, values + at, part, MPI_DOUBLE, MPI_SUM, work->group);
    }
}

void ridge_broadcast(const struct ridge_work *work, double *values, size_t count)
{
    if (work->size > 1) {
        MPI_Bcast(values, (int)count, MPI_DOUBLE, 0, work->group);
    }
}

double *ridge_allocate(struct ridge_work *work, size_t count, enum moat_status *status)
{
    double *array = NULL;
    if (*status == MOAT_OK) {
        work->profile->allocations++;
        bool countable = count < SIZE_MAX / sizeof(double);
        array = countable && !ridge_fault(work, "alloc") ? malloc((count ? count : 1) * sizeof(double)) : NULL;
        if (array && !memory_left(MEMORY_TO_SPARE)) {
            free(array);
            array = NULL;
        }
        if (!array) {
            *status =
                moat_error_set(MOAT_MEMORY,
                               "rank %d of %d cannot allocate %.3g GB for ridge regression with P = %zu, N = %zu; "
                               "use more ranks per group or smaller P, N",
                               work->rank, work->size, (double)count * 8e-9, work->task->P, work->task->N);
        }
    }
    if (array) {
        work->profile->bytes_now += malloc_usable_size(array);
        if (work->profile->bytes_now > work->profile->bytes_peak) {
            work->profile->bytes_peak = work->profile->bytes_now;
        }
    }
    return array;
}

void ridge_release(struct ridge_work *work, double **array)
{
    if (*array) {
        work->profile->bytes_now -= malloc_usable_size(*array);
        free(*array);
        *array = NULL;
    }
}

void ridge_grid_shape(struct ridge_work *work)
{
    work->grid_rows = 1;
    for (int d = 1; d * d <= work->size; d++) {
        work->grid_rows = work->size % d == 0 ? d : work->grid_rows;
    }
    work->grid_columns = work->size / work->grid_rows;
}

enum moat_status ridge_grid_open(struct ridge_work *work)
{
    ridge_grid_shape(work);
    work->blacs_context = -1;
    if (work->size == 1) {
        return MOAT_OK;
    }

    int *map = malloc((size_t)work->size * sizeof *map);
    enum moat_status status =
        map ? MOAT_OK : moat_error_set(MOAT_MEMORY, "no memory for a grid of %d ranks", work->size);
    status = ridge_agree(work, status);
    if (map && status == MOAT_OK) {
        for (int i = 0; i < work->size; i++) {
            map[i / work->grid_columns + i % work->grid_columns * work->grid_rows] = i;
        }
        work->blacs_handle = Csys2blacs_handle(work->group);
        work->blacs_context = work->blacs_handle;
        Cblacs_gridmap(&work->blacs_context, map, work->grid_rows, work->grid_rows, work->grid_columns);
    }
    free(map);
    return status;
}

void ridge_grid_close(struct ridge_work *work)
{
    if (work->blacs_context >= 0) {
        Cblacs_gridexit(work->blacs_context);
        Cfree_blacs_system_handle(work->blacs_handle);
        work->blacs_context = -1;
    }
}

bool ridge_fault(const struct ridge_work *work, const char *name)
{
#ifdef MOAT_FAULTS
    char wanted[16] = "";
    int rank = -1;
    size_t call = 0;
    const char *fault = getenv("MOAT_FAULT");
    int found = fault ? sscanf(fault, "ridge:%15[a-z]:rank%d:call%zu", wanted, &rank, &call) : 0;
    return found >= 1 && strcmp(wanted, name) == 0 && (found < 2 || rank == work->rank) &&
           (found < 3 || call == work->profile->allocations);
#else
    (void)work;
    (void)name;
    return false;
#endif
}

/* NOLINTNEXTLINE(readability-function-size): the arguments of dgemm */
void ridge_multiply(char op_a, char op_b, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                    const double *b, size_t ldb, double beta, double *c, size_t ldc)
{
    if (m == 0 || n == 0) {
        return;
    }
    int rows = (int)m, columns = (int)n, inner = (int)k;
    int stride_a = lda ? (int)lda : 1, stride_b = ldb ? (int)ldb : 1, stride_c = (int)ldc;
    dgemm_(&op_a, &op_b, &rows, &columns, &inner, &alpha, a, &stride_a, b, &stride_b, &beta, c, &stride_c, 1, 1);
}

void ridge_column_squares(const double *matrix, size_t rows, size_t columns, const double *weight, size_t weights,
                          double *out)
{
    enum { TILE = 512 };
    double square[TILE];
    for (size_t k = 0; k < columns; k++) {
        memset(out + k * weights, 0, weights * sizeof *out);
        for (size_t at = 0; at < rows; at += TILE) {
            size_t count = rows - at < TILE ? rows - at : TILE;
            const double *column = matrix + k * rows + at;
            for (size_t i = 0; i < count; i++) {
                square[i] = column[i] * column[i];
            }
            for (size_t w = 0; w < weights; w++) {
                const double *factor = weight + w * rows + at;
                double sum = 0;
#pragma omp simd reduction(+ : sum)
                for (size_t i = 0; i < count; i++) {
                    sum += factor[i] * square[i];
                }
                out[k * weights + w] += sum;
            }
        }
    }
}
