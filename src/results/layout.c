/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layout of a results file (DESIGN.md section 5): coordinates, the fields of field_table, and the group /run.
 *
 * Every variable is allocated and filled at once. HDF5 then needs no chunk index, so a run changes raw values only and
 * never the structure of the file: a kill in the middle of a write cannot make it unreadable. (An index is rewritten in
 * place, and a kill tears such a write where it crosses a page of memory; readers of it then wait practically for
 * ever.)
 *
 * Dimension scales and the attributes of the CF and netCDF-4 conventions are what xarray takes names, units and missing
 * values from.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5_hl.h>

#include "results/internal.h"

static hid_t memory_type(hid_t type)
{
    return H5Tget_class(type) == H5T_FLOAT ? H5T_NATIVE_DOUBLE : H5T_NATIVE_LLONG;
}

static bool write_array_attribute(hid_t object, const char *name, hid_t type, hid_t memory, hsize_t size,
                                  const void *values)
{
    hid_t space = H5Screate_simple(1, &size, NULL);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0 && H5Awrite(attribute, memory, values) >= 0;
    hdf5_close(&attribute);
    hdf5_close(&space);
    return ok;
}

enum { FLAGS_MAX = 16 };

/* CF flag attributes for the values 0, 1, .. with one word each in `meanings`. */
static bool write_flags(hid_t variable, const char *meanings)
{
    unsigned char values[FLAGS_MAX] = {0};
    hsize_t size = 1;
    for (const char *c = meanings; *c; c++) {
        if (*c == ' ') {
            values[size] = (unsigned char)size;
            size++;
        }
    }
    return write_array_attribute(variable, "flag_values", H5T_STD_U8LE, H5T_NATIVE_UCHAR, size, values) &&
           hdf5_text_write(variable, "flag_meanings", meanings);
}

static bool write_attributes(hid_t dataset, const struct variable *variable)
{
    bool ok = hdf5_text_write(dataset, "long_name", variable->long_name) &&
              hdf5_text_write(dataset, "units", variable->units);
    /* Only where the fill is NaN: for integers it would make xarray turn them into floats. */
    if (variable->fill && H5Tget_class(variable->type) == H5T_FLOAT) {
        ok = ok && write_array_attribute(dataset, "_FillValue", variable->type, H5T_NATIVE_DOUBLE, 1, variable->fill);
    }
    if (variable->flags) {
        ok = ok && write_flags(dataset, variable->flags);
    }
    for (int a = 0; a < variable->rank && variable->scale[a] >= 0; a++) {
        ok = ok && H5DSattach_scale(dataset, variable->scale[a], (unsigned)a) >= 0;
    }
    return ok;
}

hid_t results_create_variable(hid_t parent, const struct variable *variable)
{
    hid_t space = H5Screate_simple(variable->rank, variable->dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), dataset = -1;
    bool ok = space >= 0 && list >= 0;
    if (variable->fill) {
        ok = ok && H5Pset_fill_value(list, memory_type(variable->type), variable->fill) >= 0;
    }
    if (variable->chunked) { /* one chunk is one block or task */
        ok = ok && H5Pset_chunk(list, variable->rank, variable->chunk) >= 0;
    }
    if (variable->constant) { /* a checksum is a chunk's, of which there is one here */
        ok = ok && H5Pset_chunk(list, variable->rank, variable->dims) >= 0 && H5Pset_fletcher32(list) >= 0;
    }
    ok = ok && H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0 && H5Pset_fill_time(list, H5D_FILL_TIME_ALLOC) >= 0 &&
         H5Pset_obj_track_times(list, false) >= 0;
    if (ok) {
        dataset = H5Dcreate2(parent, variable->name, variable->type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    }
    if (dataset >= 0 && !write_attributes(dataset, variable)) {
        hdf5_close(&dataset);
    }
    hdf5_close(&list);
    hdf5_close(&space);
    return dataset;
}

hid_t results_create_scale(hid_t parent, const struct variable *variable, hid_t memory, const void *values)
{
    hid_t dataset = results_create_variable(parent, variable);
    if (dataset >= 0 && (H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0 ||
                         H5DSset_scale(dataset, variable->name) < 0)) {
        hdf5_close(&dataset);
    }
    return dataset;
}

static bool create_field(hid_t file, const struct grid *grid, const hid_t scale[GRID_AXES], const struct field *field)
{
    static const double not_a_number = NAN;
    char meanings[256] = "";
    int axis[GRID_AXES];
    size_t shape[GRID_AXES];
    struct variable variable = {
        .name = field->name, .units = field->units, .long_name = field->long_name, .chunked = true};
    if (field->type == FIELD_UINT8) {
        variable.type = H5T_STD_U8LE;
        size_t used = 0;
        for (int i = 0; i < field->flag_count; i++) {
            used += (size_t)snprintf(meanings + used, sizeof meanings - used, "%s%s", i ? " " : "", field->flags[i]);
        }
        variable.flags = meanings;
    } else {
        variable.type = H5T_IEEE_F64LE;
        variable.fill = &not_a_number;
    }
    grid_block_shape(grid, shape);
    variable.rank = field_axes(field, grid, axis);
    for (int i = 0; i < variable.rank; i++) {
        variable.dims[i] = grid->axis[axis[i]].size;
        variable.chunk[i] = shape[axis[i]];
        variable.scale[i] = scale[axis[i]];
    }
    hid_t dataset = results_create_variable(file, &variable);
    bool ok = dataset >= 0;
    hdf5_close(&dataset);
    return ok;
}

/* The coordinates and the fields. */
static bool create_grid(hid_t file, const struct config *config)
{
    const struct grid *grid = &config->grid;
    hid_t scale[GRID_AXES];
    bool ok = true;
    memset(scale, -1, sizeof scale);
    for (int a = 0; a < GRID_AXES && ok; a++) {
        if (grid->axis[a].scalar) {
            continue;
        }
        const struct axis_entry *entry = &axis_table[config->sweep][a];
        struct variable variable = {.name = entry->name,
                                    .units = entry->units,
                                    .long_name = entry->long_name,
                                    .type = H5T_IEEE_F64LE,
                                    .rank = 1,
                                    .dims = {grid->axis[a].size},
                                    .constant = true,
                                    .scale = {-1}};
        scale[a] = results_create_scale(file, &variable, H5T_NATIVE_DOUBLE, grid->axis[a].values);
        ok = scale[a] >= 0;
        if (ok && entry->threshold) {
            ok = hdf5_text_write(scale[a], "tau_unit", tau_unit_name[config->tau_unit]);
        }
    }
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        ok = !field_stored(&field_table[f], config) || create_field(file, grid, scale, &field_table[f]);
    }
    for (int a = 0; a < GRID_AXES; a++) {
        hdf5_close(&scale[a]);
    }
    return ok;
}

/* The scale `block`, and the variables along it that tell what is done. */
static bool create_run(hid_t run, size_t blocks)
{
    static const double not_a_number = NAN;
    static const long long no_rank = -1;
    struct variable scale = {.name = "block",
                             .units = "1",
                             .long_name = "number of the block of grid points",
                             .type = H5T_STD_I64LE,
                             .rank = 1,
                             .dims = {blocks},
                             .constant = true,
                             .scale = {-1}};
    struct variable variable[] = {
        {.name = "block_state",
         .units = "1",
         .long_name = "whether the block's values are in the file",
         .type = H5T_STD_U8LE,
         .flags = "pending done"},
        {.name = "block_seconds",
         .units = "s",
         .long_name = "time it took to solve the block",
         .type = H5T_IEEE_F64LE,
         .fill = &not_a_number},
        {.name = "block_rank",
         .units = "1",
         .long_name = "MPI rank that solved the block, -1 for none",
         .type = H5T_STD_I32LE,
         .fill = &no_rank},
        {.name = "block_checksum",
         .units = "1",
         .long_name = "CRC-32 of the block's values, field by field",
         .type = H5T_STD_U32LE},
    };
    long long *numbers = malloc(blocks * sizeof *numbers + 1);
    for (size_t i = 0; numbers && i < blocks; i++) {
        numbers[i] = (long long)i;
    }
    hid_t dimension = numbers ? results_create_scale(run, &scale, H5T_NATIVE_LLONG, numbers) : -1;
    bool ok = dimension >= 0;
    for (size_t v = 0; v < sizeof variable / sizeof variable[0] && ok; v++) {
        variable[v].rank = 1;
        variable[v].dims[0] = blocks;
        variable[v].scale[0] = dimension;
        hid_t dataset = results_create_variable(run, &variable[v]);
        ok = dataset >= 0;
        hdf5_close(&dataset);
    }
    hdf5_close(&dimension);
    free(numbers);
    return ok;
}

bool results_write_layout(hid_t file, const struct config *config)
{
    size_t shape[GRID_AXES];
    unsigned long long block_shape[GRID_AXES];
    grid_block_shape(&config->grid, shape);
    int axis[GRID_AXES], rank = field_axes(&field_table[FIELD_STATUS], &config->grid, axis);
    for (int i = 0; i < rank; i++) {
        block_shape[i] = shape[axis[i]];
    }
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED); /* netCDF-4 expects it */
    hid_t run = H5Gcreate2(file, "run", H5P_DEFAULT, list, H5P_DEFAULT);
    bool ok = run >= 0 && create_grid(file, config) && create_run(run, grid_blocks(&config->grid)) &&
              (config->solver != SOLVER_RIDGE || results_write_ridge_layout(file, run, config)) &&
              write_array_attribute(run, "block_shape", H5T_STD_I64LE, H5T_NATIVE_ULLONG, (hsize_t)rank, block_shape);
    hdf5_close(&run);
    hdf5_close(&list);
    return ok;
}
