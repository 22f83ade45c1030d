/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the variables of a file are those that a config gives: they are unless the file was edited or comes from a
 * version that stored other fields or cut blocks otherwise.
 */
#include <math.h>
#include <stdlib.h>

#include "results/internal.h"

/* Coordinates are worked out anew from the config, by a mathematics library that may round otherwise. */
#define COORDINATE_TOLERANCE 1e-12

/* Whether the variable `path` has this type and shape, and chunks of this shape unless `chunk` is NULL. */
static bool fits(hid_t file, const char *path, hid_t type, int rank, const hsize_t *dims, const hsize_t *chunk)
{
    hsize_t found[GRID_AXES] = {0}, pieces[GRID_AXES] = {0};
    hid_t variable = H5Dopen2(file, path, H5P_DEFAULT), stored = H5Dget_type(variable);
    hid_t space = H5Dget_space(variable), list = H5Dget_create_plist(variable);
    bool ok = (type < 0 || H5Tequal(stored, type) > 0) && H5Sget_simple_extent_ndims(space) == rank &&
              H5Sget_simple_extent_dims(space, found, NULL) == rank &&
              (!chunk || H5Pget_chunk(list, GRID_AXES, pieces) == rank);
    for (int i = 0; i < rank; i++) {
        ok = ok && found[i] == dims[i] && (!chunk || pieces[i] == chunk[i]);
    }
    hdf5_close(&list);
    hdf5_close(&space);
    hdf5_close(&stored);
    hdf5_close(&variable);
    return ok;
}

static bool field_fits(hid_t file, const struct field *field, const struct grid *grid)
{
    int axis[GRID_AXES], rank = field_axes(field, grid, axis);
    size_t shape[GRID_AXES];
    hsize_t dims[GRID_AXES], chunk[GRID_AXES];
    grid_block_shape(grid, shape);
    for (int i = 0; i < rank; i++) {
        dims[i] = grid->axis[axis[i]].size;
        chunk[i] = shape[axis[i]];
    }
    return fits(file, field->name, field->type == FIELD_UINT8 ? H5T_STD_U8LE : H5T_IEEE_F64LE, rank, dims, chunk);
}

static bool coordinate_fits(hid_t file, const char *name, const struct axis *axis)
{
    hsize_t size = axis->size;
    if (!fits(file, name, H5T_IEEE_F64LE, 1, &size, NULL)) {
        return false;
    }
    double *values = malloc(axis->size * sizeof *values + 1);
    hid_t variable = H5Dopen2(file, name, H5P_DEFAULT);
    bool ok = values && H5Dread(variable, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    for (size_t i = 0; i < axis->size && ok; i++) {
        double want = axis->values[i];
        ok = values[i] == want || fabs(values[i] - want) <= COORDINATE_TOLERANCE * want;
    }
    hdf5_close(&variable);
    free(values);
    return ok;
}

bool results_layout_fits(hid_t file, const struct config *config)
{
    const struct grid *grid = &config->grid;
    const hsize_t blocks = grid_blocks(grid);
    bool ok = fits(file, "run/block_state", H5T_STD_U8LE, 1, &blocks, NULL) &&
              fits(file, "run/block_seconds", H5T_IEEE_F64LE, 1, &blocks, NULL) &&
              fits(file, "run/block_rank", H5T_STD_I32LE, 1, &blocks, NULL) &&
              fits(file, "run/block_checksum", H5T_STD_U32LE, 1, &blocks, NULL);
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        ok = !field_stored(&field_table[f], config) || field_fits(file, &field_table[f], grid);
    }
    for (int a = 0; a < GRID_AXES && ok; a++) {
        ok = grid->axis[a].scalar || coordinate_fits(file, axis_table[config->sweep][a].name, &grid->axis[a]);
    }
    if (ok && config->solver == SOLVER_RIDGE) {
        const hsize_t tables[] = {config->ridge.N.size, config->ridge.trials, grid->axis[GRID_NU].size, LADDER_LAMBDAS};
        const hsize_t one_task[] = {1, 1, tables[2], tables[3]};
        ok = coordinate_fits(file, "ridge/N", &config->ridge.N) &&
             fits(file, "ridge/A1", H5T_IEEE_F64LE, 4, tables, one_task) &&
             fits(file, "ridge/A2", H5T_IEEE_F64LE, 4, tables, one_task) &&
             fits(file, "ridge/D", H5T_IEEE_F64LE, 4, tables, one_task) &&
             fits(file, "run/task_state", H5T_STD_U8LE, 2, tables, NULL) &&
             fits(file, "run/task_seconds", H5T_IEEE_F64LE, 2, tables, NULL) &&
             fits(file, "run/task_rank", H5T_STD_I32LE, 2, tables, NULL) &&
             fits(file, "run/task_checksum", H5T_STD_U32LE, 2, tables, NULL) &&
             fits(file, "run/task_message", -1, 2, tables, NULL);
    }
    return ok;
}
