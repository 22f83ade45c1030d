/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Eigenvectors on a group's grid by ELPA's one-stage solver, in place of ScaLAPACK's (make EIGENSOLVER=elpa). Its two
 * stages pay only with kernels for the processor, which Debian's build lacks.
 */
#include "ridge/grid.h"

#include <elpa/elpa.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/scalapack.h"

size_t ridge_grid_work(const struct ridge_layout *layout)
{
    size_t n = (size_t)layout->order, local = (size_t)layout->local_rows * (size_t)layout->local_columns;
    return local + n; /* the vectors, the eigenvalues; ELPA's own, some two matrices more, are not counted */
}

/* ELPA reads both triangles: the upper one from the transpose, for which there is `space`. */
static void fill_upper(const struct ridge_layout *layout, const int *descriptor, double *matrix, double *space)
{
    double scale = 1, none = 0;
    int one = 1;
    pdtran_(&layout->order, &layout->order, &scale, matrix, &one, &one, descriptor, &none, space, &one, &one,
            descriptor);
    for (int c = 0; c < layout->local_columns; c++) {
        size_t column = ridge_global(layout, c, layout->column, layout->columns);
        for (int i = 0; i < layout->local_rows; i++) {
            size_t at = (size_t)c * (size_t)layout->local_rows + (size_t)i;
            matrix[at] = ridge_global(layout, i, layout->row, layout->rows) < column ? space[at] : matrix[at];
        }
    }
}

static int open_solver(const struct ridge_work *work, const struct ridge_layout *layout, elpa_t *solver)
{
    const struct {
        const char *name;
        int value;
    } setting[] = {{"na", layout->order},
                   {"nev", layout->order},
                   {"nblk", layout->block},
                   {"local_nrows", layout->local_rows},
                   {"local_ncols", layout->local_columns},
                   {"mpi_comm_parent", MPI_Comm_c2f(work->group)},
                   {"process_row", layout->row},
                   {"process_col", layout->column}};
    int error = elpa_init(20171201); /* the first interface with all that is used here */
    *solver = NULL;
    if (error == ELPA_OK) {
        *solver = elpa_allocate(&error);
    }
    for (size_t i = 0; i < sizeof setting / sizeof *setting && error == ELPA_OK; i++) {
        elpa_set_integer(*solver, setting[i].name, setting[i].value, &error);
    }
    if (error == ELPA_OK) {
        error = elpa_setup(*solver);
    }
    if (error == ELPA_OK) {
        elpa_set_integer(*solver, "solver", ELPA_SOLVER_1STAGE, &error);
    }
    return error;
}

enum moat_status ridge_grid_vectors(struct ridge_work *work, const struct ridge_layout *layout, double **matrix,
                                    double *out)
{
    int n = layout->order, zero = 0, error = 0, descriptor[9];
    int leading = layout->local_rows > 0 ? layout->local_rows : 1;
    size_t local = (size_t)layout->local_rows * (size_t)layout->local_columns;
    enum moat_status status = MOAT_OK;
    elpa_t solver = NULL;
    double *vectors = ridge_allocate(work, local, &status), *value = ridge_allocate(work, (size_t)n, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        descinit_(descriptor, &n, &n, &layout->block, &layout->block, &zero, &zero, &layout->context, &leading, &error);
        fill_upper(layout, descriptor, *matrix, vectors);
        error = open_solver(work, layout, &solver);
        status = ridge_agree(work, ridge_check_info(work, "ELPA's setup", n, error));
    }
    if (status == MOAT_OK) {
        elpa_eigenvectors_double(solver, *matrix, value, vectors, &error);
        status = ridge_check_info(work, "ELPA", n, error);
        memcpy(out ? out : value, value, out ? (size_t)n * sizeof *value : 0);
        double *swap = *matrix;
        *matrix = vectors;
        vectors = swap;
    }
    if (solver) {
        elpa_deallocate(solver, &error);
    }
    ridge_release(work, &vectors);
    ridge_release(work, &value);
    return status;
}
