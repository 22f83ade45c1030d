/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One variable of the results file: create, open, check, read, write.
 *
 * Every variable is allocated and filled at once. HDF5 then needs no chunk index, so a run changes raw values only and
 * never the structure of the file: a kill in the middle of a write cannot make it unreadable. (An index is rewritten in
 * place, and a kill tears such a write where it crosses a page of memory; readers of it then wait practically for
 * ever.)
 */
#include "results/variable.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5_hl.h>

#include "results/hdf5.h"

/* Coordinates are computed again from the config, by a mathematics library that may round differently. */
#define COORDINATE_TOLERANCE 1e-12

enum { FLAGS_MAX = 16 };

const double variable_nan = NAN;
const long long variable_no_rank = -1;

static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, size) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        hdf5_close(&type);
    }
    return type;
}

/* The type in the file, or in memory, of anything but texts. The caller closes it. */
static hid_t number_type(enum variable_type type, bool in_memory)
{
    const hid_t types[][2] = {[VARIABLE_FLOAT64] = {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE},
                              [VARIABLE_UINT8] = {H5T_STD_U8LE, H5T_NATIVE_UINT8},
                              [VARIABLE_INT32] = {H5T_STD_I32LE, H5T_NATIVE_INT32},
                              [VARIABLE_UINT32] = {H5T_STD_U32LE, H5T_NATIVE_UINT32},
                              [VARIABLE_INT64] = {H5T_STD_I64LE, H5T_NATIVE_INT64},
                              [VARIABLE_TEXT] = {H5T_C_S1, H5T_C_S1}};
    return H5Tcopy(types[type][in_memory]);
}

static hid_t file_type(const struct variable *variable)
{
    return variable->type == VARIABLE_TEXT ? text_type(variable->text_size) : number_type(variable->type, false);
}

/* The type in memory of what `dataset` holds. */
static hid_t memory_type(hid_t dataset, enum variable_type type)
{
    return type == VARIABLE_TEXT ? H5Dget_type(dataset) : number_type(type, true);
}

size_t variable_bytes(const struct variable *variable)
{
    static const size_t size[] = {[VARIABLE_FLOAT64] = sizeof(double),
                                  [VARIABLE_UINT8] = sizeof(uint8_t),
                                  [VARIABLE_INT32] = sizeof(int32_t),
                                  [VARIABLE_UINT32] = sizeof(uint32_t),
                                  [VARIABLE_INT64] = sizeof(int64_t)};
    return variable->type == VARIABLE_TEXT ? variable->text_size : size[variable->type];
}

bool variable_is_text(hid_t dataset, size_t size)
{
    hid_t found = H5Dget_type(dataset), expected = text_type(size);
    bool same = H5Tequal(found, expected) > 0;
    hdf5_close(&expected);
    hdf5_close(&found);
    return same;
}

bool variable_write_attribute(hid_t object, const char *name, enum variable_type type, int rank, const hsize_t *dims,
                              const void *values)
{
    hid_t space = H5Screate_simple(rank, dims, NULL), stored = number_type(type, false),
          memory = number_type(type, true);
    hid_t attribute = H5Acreate2(object, name, stored, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0 && H5Awrite(attribute, memory, values) >= 0;
    hdf5_close(&attribute);
    hdf5_close(&memory);
    hdf5_close(&stored);
    hdf5_close(&space);
    return ok;
}

/* The CF flag attributes. */
static bool write_flags(hid_t dataset, const struct variable *variable)
{
    unsigned char values[FLAGS_MAX] = {0};
    char meanings[512] = "";
    size_t used = 0;
    hsize_t size = (hsize_t)variable->flag_count;
    for (int i = 0; i < variable->flag_count; i++) {
        values[i] = (unsigned char)i;
        used += (size_t)snprintf(meanings + used, sizeof meanings - used, "%s%s", i > 0 ? " " : "", variable->flags[i]);
    }
    return variable_write_attribute(dataset, "flag_values", VARIABLE_UINT8, 1, &size, values) &&
           hdf5_text_write(dataset, "flag_meanings", meanings);
}

static bool write_attributes(hid_t dataset, const struct variable *variable)
{
    const hsize_t one = 1;
    bool ok = hdf5_text_write(dataset, "long_name", variable->long_name) &&
              hdf5_text_write(dataset, "units", variable->units);
    /* Only where the fill is NaN: for integers it would make xarray turn them into floats. */
    if (variable->fill && variable->type == VARIABLE_FLOAT64) {
        ok = ok && variable_write_attribute(dataset, "_FillValue", VARIABLE_FLOAT64, 1, &one, variable->fill);
    }
    if (variable->flags) {
        ok = ok && write_flags(dataset, variable);
    }
    for (int a = 0; a < variable->rank && variable->scale[a] >= 0; a++) {
        ok = ok && H5DSattach_scale(dataset, variable->scale[a], (unsigned)a) >= 0;
    }
    return ok;
}

hid_t variable_create(hid_t file, const struct variable *variable)
{
    hid_t space = H5Screate_simple(variable->rank, variable->dims, NULL), type = file_type(variable);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), dataset = -1;
    bool ok = space >= 0 && list >= 0 && type >= 0;
    if (variable->fill) {
        hid_t memory = variable->type == VARIABLE_FLOAT64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_LLONG;
        ok = ok && H5Pset_fill_value(list, memory, variable->fill) >= 0;
    }
    if (variable->chunked) { /* one chunk is one block or task */
        ok = ok && H5Pset_chunk(list, variable->rank, variable->chunk) >= 0;
    }
    if (variable->constant) { /* HDF5 keeps one checksum per chunk: the variable is a single chunk */
        ok = ok && H5Pset_chunk(list, variable->rank, variable->dims) >= 0 && H5Pset_fletcher32(list) >= 0;
    }
    ok = ok && H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0 &&
         H5Pset_fill_time(list, variable->unfilled ? H5D_FILL_TIME_NEVER : H5D_FILL_TIME_ALLOC) >= 0 &&
         H5Pset_obj_track_times(list, false) >= 0;
    if (ok) {
        dataset = H5Dcreate2(file, variable->path, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    }
    if (dataset >= 0 && !write_attributes(dataset, variable)) {
        hdf5_close(&dataset);
    }
    hdf5_close(&list);
    hdf5_close(&type);
    hdf5_close(&space);
    return dataset;
}

hid_t variable_create_scale(hid_t file, const struct variable *variable, const void *values)
{
    const char *slash = strrchr(variable->path, '/');
    hid_t dataset = variable_create(file, variable), memory = number_type(variable->type, true);
    if (dataset >= 0 && (H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0 ||
                         H5DSset_scale(dataset, slash ? slash + 1 : variable->path) < 0)) {
        hdf5_close(&dataset);
    }
    hdf5_close(&memory);
    return dataset;
}

hid_t variable_open(hid_t file, const char *path)
{
    return H5Dopen2(file, path, H5P_DEFAULT);
}

bool variable_fits(hid_t file, const struct variable *variable)
{
    hsize_t found[GRID_AXES] = {0}, pieces[GRID_AXES] = {0};
    int rank = variable->rank;
    hid_t dataset = variable_open(file, variable->path), stored = H5Dget_type(dataset);
    hid_t type = file_type(variable), space = H5Dget_space(dataset), list = H5Dget_create_plist(dataset);
    bool ok = H5Tequal(stored, type) > 0 && H5Sget_simple_extent_ndims(space) == rank &&
              H5Sget_simple_extent_dims(space, found, NULL) == rank &&
              (!variable->chunked || H5Pget_chunk(list, GRID_AXES, pieces) == rank);
    for (int i = 0; i < rank; i++) {
        ok = ok && found[i] == variable->dims[i] && (!variable->chunked || pieces[i] == variable->chunk[i]);
    }
    hdf5_close(&list);
    hdf5_close(&space);
    hdf5_close(&type);
    hdf5_close(&stored);
    hdf5_close(&dataset);
    return ok;
}

bool variable_holds(hid_t file, const struct variable *variable, const double *values)
{
    if (!variable_fits(file, variable)) {
        return false;
    }
    size_t size = variable->dims[0];
    double *found = hdf5_allocate(size * sizeof *found + 1);
    hid_t dataset = variable_open(file, variable->path);
    bool ok = found && variable_read(dataset, VARIABLE_FLOAT64, found);
    for (size_t i = 0; i < size && ok; i++) {
        ok = found[i] == values[i] || fabs(found[i] - values[i]) <= COORDINATE_TOLERANCE * values[i];
    }
    hdf5_close(&dataset);
    free(found);
    return ok;
}

bool variable_read(hid_t dataset, enum variable_type type, void *values)
{
    hid_t memory = memory_type(dataset, type);
    bool ok = H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    hdf5_close(&memory);
    return ok;
}

/* The file's and the memory's selection of a box. Both are the caller's to close. False on failure. */
static bool select_box(hid_t dataset, int rank, const size_t *start, const size_t *count, hid_t space[2])
{
    hsize_t from[GRID_AXES], size[GRID_AXES];
    if (rank == 0) { /* the only value */
        space[0] = H5Dget_space(dataset);
        space[1] = H5Screate(H5S_SCALAR);
        return true;
    }
    for (int a = 0; a < rank; a++) {
        from[a] = start[a];
        size[a] = count[a];
    }
    space[0] = H5Dget_space(dataset);
    space[1] = H5Screate_simple(rank, size, NULL);
    return H5Sselect_hyperslab(space[0], H5S_SELECT_SET, from, NULL, size, NULL) >= 0;
}

bool variable_read_box(hid_t dataset, enum variable_type type, int rank, const size_t *start, const size_t *count,
                       void *values)
{
    hid_t space[2], memory = memory_type(dataset, type);
    bool ok = select_box(dataset, rank, start, count, space) &&
              H5Dread(dataset, memory, space[1], space[0], H5P_DEFAULT, values) >= 0;
    hdf5_close(&memory);
    hdf5_close(&space[1]);
    hdf5_close(&space[0]);
    return ok;
}

bool variable_write_box(hid_t dataset, enum variable_type type, int rank, const size_t *start, const size_t *count,
                        const void *values)
{
    hid_t space[2], memory = memory_type(dataset, type);
    bool ok = select_box(dataset, rank, start, count, space) &&
              H5Dwrite(dataset, memory, space[1], space[0], H5P_DEFAULT, values) >= 0;
    hdf5_close(&memory);
    hdf5_close(&space[1]);
    hdf5_close(&space[0]);
    return ok;
}
