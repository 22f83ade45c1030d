/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Eigenvectors of a symmetric matrix: LAPACK's dsyevd where one rank holds it, otherwise the solver for grids that was
 * chosen at build time. Small matrices go to one rank in any group: a grid gains nothing for them, and pdsyevd's known
 * failures are all at small orders.
 */
#include "ridge/eigen.h"

#include <limits.h>
#include <string.h>

#include "ridge/grid.h"
#include "ridge/group.h"
#include "ridge/scalapack.h"

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

size_t ridge_eigen_work(const struct ridge_layout *layout)
{
    size_t n = (size_t)layout->order;
    if (layout->rows * layout->columns == 1) {
        return layout->row == 0 ? n + alone_work(n) + (3 + 5 * n) / 2 + 1 : 0;
    }
    return ridge_grid_work(layout);
}

enum moat_status ridge_refuse_order(const struct ridge_work *work, int order)
{
    return moat_error_set(MOAT_USAGE,
                          "an eigenproblem of order %d is too large for %d ranks (32-bit sizes in LAPACK); "
                          "use more ranks per group",
                          order, work->size);
}

enum moat_status ridge_check_info(const struct ridge_work *work, const char *routine, int order, int info)
{
    info = info == 0 && ridge_fault(work, "info") ? 1 : info;
    if (info == 0) {
        return MOAT_OK;
    }
    return moat_error_set(
        MOAT_NUMERICAL, "%s of order %d returned info = %d (P = %zu, N = %zu, seed = %llu, trial = %u)", routine, order,
        info, work->task->P, work->task->N, (unsigned long long)work->task->seed, (unsigned)work->task->trial);
}

/* On the rank that holds the matrix; nothing to do on the others. */
static enum moat_status alone(struct ridge_work *work, const struct ridge_layout *layout, double *matrix, double *out)
{
    int n = layout->order, info = 0;
    size_t doubles = alone_work((size_t)n), integers = 3 + 5 * (size_t)n;
    enum moat_status status = MOAT_OK;
    if (layout->row < 0) {
        return MOAT_OK;
    }
    if (doubles > INT_MAX) {
        return ridge_refuse_order(work, n);
    }
    double *value = ridge_allocate(work, (size_t)n, &status);
    double *space = ridge_allocate(work, doubles, &status);
    double *integer_space = ridge_allocate(work, integers / 2 + 1, &status);
    if (status == MOAT_OK) {
        int lwork = (int)doubles, liwork = (int)integers;
        dsyevd_("V", "L", &n, matrix, &n, value, space, &lwork, (int *)(void *)integer_space, &liwork, &info, 1, 1);
        status = ridge_check_info(work, "dsyevd", n, info);
        memcpy(out ? out : value, value, out ? (size_t)n * sizeof *value : 0);
    }
    ridge_release(work, &value);
    ridge_release(work, &space);
    ridge_release(work, &integer_space);
    return status;
}

enum moat_status ridge_eigenvectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix,
                                    double *value)
{
    bool grid = layout->rows * layout->columns > 1;
    enum moat_status status =
        grid ? ridge_grid_vectors(work, layout, matrix, value) : alone(work, layout, *matrix, value);
    status = ridge_agree(work, status);
    if (status == MOAT_OK && value) {
        ridge_broadcast(work, value, (size_t)layout->order);
    }
    return status;
}
