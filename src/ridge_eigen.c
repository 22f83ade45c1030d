/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Eigenvectors of a symmetric matrix: LAPACK's dsyevd where one rank holds it, ScaLAPACK's pdsyevd on the group's grid
 * otherwise. Small matrices go to one rank in any group: pdsyevd gains nothing there, and its known failures are there.
 *
 * pdsyevd with the workspace it asks for can return wrong vectors with info = 0; the sum in grid_work has not failed
 * (DESIGN.md section 9). Every factorisation is checked afterwards all the same (ridge_check.c).
 */
#include <limits.h>
#include <string.h>

#include "ridge_internal.h"
#include "scalapack.h"

enum { BLOCK = 32, ALONE = 192 }; /* block size of the grid; the largest order that always goes to one rank */

struct ridge_layout ridge_layout(const struct ridge_work *work, size_t order)
{
    struct ridge_layout layout = {.order = (int)order, .context = work->blacs_context, .rows = 1, .columns = 1};
    if (work->size == 1 || order <= ALONE || order <= (size_t)BLOCK * (size_t)work->grid_columns) {
        int holds = work->rank == 0;
        layout.block = layout.order;
        layout.row = layout.column = holds - 1;
        layout.local_rows = layout.local_columns = holds ? layout.order : 0;
        return layout;
    }
    int zero = 0;
    layout.block = BLOCK;
    layout.rows = work->grid_rows;
    layout.columns = work->grid_columns;
    layout.row = work->rank / work->grid_columns;
    layout.column = work->rank % work->grid_columns;
    layout.local_rows = numroc_(&layout.order, &layout.block, &layout.row, &zero, &layout.rows);
    layout.local_columns = numroc_(&layout.order, &layout.block, &layout.column, &zero, &layout.columns);
    return layout;
}

size_t ridge_global(const struct ridge_layout *layout, int local, int coordinate, int processes)
{
    size_t block = (size_t)layout->block, at = (size_t)local;
    return (at / block * (size_t)processes + (size_t)coordinate) * block + at % block;
}

static size_t alone_work(size_t n)
{
    return 1 + 6 * n + 2 * n * n;
}

/* What to add to pdsyevd's own query. */
static size_t grid_work(const struct ridge_layout *layout)
{
    size_t n = (size_t)layout->order, block = (size_t)layout->block;
    size_t rows = (size_t)layout->local_rows, columns = (size_t)layout->local_columns;
    return 2 * block * block + block * (rows + columns) + rows * (block + columns) + n;
}

size_t ridge_eigen_work(const struct ridge_layout *layout)
{
    size_t n = (size_t)layout->order;
    size_t integers = 7 * n + 8 * (size_t)layout->columns + 2;
    if (layout->rows * layout->columns == 1) {
        return layout->row == 0 ? n + alone_work(n) + (3 + 5 * n) / 2 + 1 : 0;
    }
    size_t local = (size_t)layout->local_rows * (size_t)layout->local_columns;
    /* the vectors, the eigenvalues, the query's answer, ours, the integers */
    return local + n + (1 + 8 * n + 2 * local) + grid_work(layout) + integers / 2 + 1;
}

static enum status refuse(const struct ridge_work *work, int order)
{
    return error_set(STATUS_USAGE,
                     "an eigenproblem of order %d is too large for %d ranks (32-bit sizes in LAPACK); "
                     "use more ranks per group",
                     order, work->size);
}

static enum status check_info(const struct ridge_work *work, const char *routine, int order, int info)
{
    info = info == 0 && ridge_fault(work, "info") ? 1 : info;
    if (info == 0) {
        return STATUS_OK;
    }
    return error_set(STATUS_NUMERICAL, "%s of order %d returned info = %d (P = %zu, N = %zu, seed = %llu, trial = %u)",
                     routine, order, info, work->task->P, work->task->N, (unsigned long long)work->task->seed,
                     (unsigned)work->task->trial);
}

/* On the rank that holds the matrix; nothing to do on the others. */
static enum status alone(struct ridge_work *work, const struct ridge_layout *layout, double *matrix)
{
    int n = layout->order, info = 0;
    size_t doubles = alone_work((size_t)n), integers = 3 + 5 * (size_t)n;
    enum status status = STATUS_OK;
    if (layout->row < 0) {
        return STATUS_OK;
    }
    if (doubles > INT_MAX) {
        return refuse(work, n);
    }
    double *value = ridge_allocate(work, (size_t)n, &status);
    double *space = ridge_allocate(work, doubles, &status);
    double *integer_space = ridge_allocate(work, integers / 2 + 1, &status);
    if (status == STATUS_OK) {
        int lwork = (int)doubles, liwork = (int)integers;
        dsyevd_("V", "L", &n, matrix, &n, value, space, &lwork, (int *)(void *)integer_space, &liwork, &info, 1, 1);
        status = check_info(work, "dsyevd", n, info);
    }
    ridge_release(work, &value);
    ridge_release(work, &space);
    ridge_release(work, &integer_space);
    return status;
}

/* Sizes of pdsyevd's work spaces on this rank. */
static enum status grid_query(const struct ridge_work *work, const struct ridge_layout *layout, const int *descriptor,
                              size_t *doubles, size_t *integers)
{
    int n = layout->order, one = 1, query = -1, integer_answer = 0, info = 0;
    double answer = 0, none = 0;
    pdsyevd_("V", "L", &n, &none, &one, &one, descriptor, &none, &none, &one, &one, descriptor, &answer, &query,
             &integer_answer, &query, &info, 1, 1);
    *doubles = (size_t)answer + grid_work(layout);
    *integers = (size_t)integer_answer;
    if (answer < 0 || integer_answer < 0 || *doubles > INT_MAX) {
        return refuse(work, n);
    }
    return info == 0 ? STATUS_OK : check_info(work, "pdsyevd's query", n, info);
}

/* With the group's grid; *matrix is replaced by the array that holds the vectors. */
static enum status on_grid(struct ridge_work *work, const struct ridge_layout *layout, double **matrix)
{
    int n = layout->order, one = 1, zero = 0, info = 0, descriptor[9];
    int leading = layout->local_rows > 0 ? layout->local_rows : 1;
    size_t local = (size_t)layout->local_rows * (size_t)layout->local_columns, doubles = 0, integers = 0;
    double *vectors = NULL, *value = NULL, *space = NULL, *integer_space = NULL;
    descinit_(descriptor, &n, &n, &layout->block, &layout->block, &zero, &zero, &layout->context, &leading, &info);
    enum status status = local > INT_MAX ? refuse(work, n) : check_info(work, "descinit", n, info);
    status = ridge_agree(work, status); /* the query communicates */
    if (status != STATUS_OK) {
        goto cleanup;
    }
    status = grid_query(work, layout, descriptor, &doubles, &integers);
    vectors = ridge_allocate(work, local, &status);
    value = ridge_allocate(work, (size_t)n, &status);
    space = ridge_allocate(work, doubles, &status);
    integer_space = ridge_allocate(work, integers / 2 + 1, &status);
    status = ridge_agree(work, status);
    if (status != STATUS_OK) {
        goto cleanup;
    }
    int lwork = (int)doubles, liwork = (int)integers;
    pdsyevd_("V", "L", &n, *matrix, &one, &one, descriptor, value, vectors, &one, &one, descriptor, space, &lwork,
             (int *)(void *)integer_space, &liwork, &info, 1, 1);
    status = check_info(work, "pdsyevd", n, info);
    double *swap = *matrix;
    *matrix = vectors;
    vectors = swap;

cleanup:
    ridge_release(work, &vectors);
    ridge_release(work, &value);
    ridge_release(work, &space);
    ridge_release(work, &integer_space);
    return status;
}

enum status ridge_eigenvectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix)
{
    bool grid = layout->rows * layout->columns > 1;
    return ridge_agree(work, grid ? on_grid(work, layout, matrix) : alone(work, layout, *matrix));
}
