/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What HDF5 tells of the chunks is compared with the places that follow from the first: those of the first, a middle
   and the last chunk. */
#include "results/placement.h"

#include <string.h>

#include "results/hdf5.h"
#include "results/variable.h"

int placement_chunk(const struct field *field, const struct grid *grid, size_t shape[GRID_AXES],
                    size_t parts[GRID_AXES], size_t *bytes)
{
    int axis[GRID_AXES], rank = field_axes(field, grid, axis);
    size_t block[GRID_AXES];
    grid_block_shape(grid, block);
    *bytes = field_element_size(field->type);
    for (int i = 0; i < GRID_AXES; i++) {
        shape[i] = parts[i] = 1;
    }
    for (int i = 0; i < rank; i++) {
        shape[i] = block[axis[i]];
        parts[i] = (grid->axis[axis[i]].size + shape[i] - 1) / shape[i];
        *bytes *= shape[i];
    }
    return rank;
}

uint64_t placement_offset(const struct results_placement *placement, const struct config *config, int f, size_t index)
{
    struct block block = grid_block(&config->grid, index);
    size_t shape[GRID_AXES], parts[GRID_AXES], start[GRID_AXES], count[GRID_AXES], bytes, chunk = 0;
    int rank = placement_chunk(&field_table[f], &config->grid, shape, parts, &bytes);
    field_box(&field_table[f], &config->grid, &block, start, count);
    for (int i = 0; i < rank; i++) {
        chunk = chunk * parts[i] + start[i] / shape[i];
    }
    return placement->address[f] + (uint64_t)chunk * bytes;
}

/* Returns true if doubles are in this machine's memory as they are in the file. */
static bool stored_as_in_memory(void)
{
    return H5Tequal(H5T_NATIVE_DOUBLE, H5T_IEEE_F64LE) > 0;
}

/* The address of the only value of a dataset without chunks; HADDR_UNDEF if HDF5 has chosen none. */
static haddr_t find_value(hid_t dataset)
{
    return H5Dget_offset(dataset);
}

#if PLACEMENT_TOLD
/* The address of chunk `number` in C order; HADDR_UNDEF if it has none, is filtered or not of `bytes`. */
static haddr_t find_chunk(hid_t dataset, int rank, const size_t *shape, const size_t *parts, size_t number,
                          size_t bytes)
{
    hsize_t at[GRID_AXES] = {0}, size = 0;
    haddr_t address = HADDR_UNDEF;
    unsigned mask = 0;
    for (int i = rank - 1; i >= 0; i--) {
        at[i] = number % parts[i] * shape[i];
        number /= parts[i];
    }
    bool ok = H5Dget_chunk_info_by_coord(dataset, at, &mask, &address, &size) >= 0 && mask == 0 && size == bytes;
    return ok ? address : HADDR_UNDEF;
}

/* Returns true if the chunks of a field lie one after the other; the first at *address. */
static bool find_chunks(hid_t dataset, const struct field *field, const struct grid *grid, haddr_t *address)
{
    size_t shape[GRID_AXES], parts[GRID_AXES], bytes, chunks = 1;
    hid_t list = H5Dget_create_plist(dataset);
    bool regular = H5Pget_layout(list) == H5D_CHUNKED && H5Pget_nfilters(list) == 0;
    int rank = placement_chunk(field, grid, shape, parts, &bytes);
    for (int i = 0; i < rank; i++) {
        chunks *= parts[i];
    }
    *address = regular ? find_chunk(dataset, rank, shape, parts, 0, bytes) : HADDR_UNDEF;
    const size_t tried[] = {chunks / 2, chunks - 1};
    regular = *address != HADDR_UNDEF && H5Dget_storage_size(dataset) == (hsize_t)chunks * bytes;
    for (int i = 0; i < 2 && regular; i++) {
        regular = find_chunk(dataset, rank, shape, parts, tried[i], bytes) == *address + (haddr_t)tried[i] * bytes;
    }
    hdf5_close(&list);
    return regular;
}
#else
static bool find_chunks(hid_t dataset, const struct field *field, const struct grid *grid, haddr_t *address)
{
    (void)dataset, (void)field, (void)grid;
    *address = HADDR_UNDEF;
    return false;
}
#endif

/* Returns true if the file begins with HDF5's own header, so that its addresses are offsets. */
static bool begins_with_header(hid_t file)
{
    hsize_t user_block = 1;
    hid_t list = H5Fget_create_plist(file);
    bool ok = H5Pget_userblock(list, &user_block) >= 0 && user_block == 0;
    hdf5_close(&list);
    return ok;
}

bool placement_find(hid_t file, const struct config *config, struct results_placement *out)
{
    bool ok = begins_with_header(file);
    memset(out, 0, sizeof *out);
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        const struct field *field = &field_table[f];
        int axis[GRID_AXES];
        haddr_t address = HADDR_UNDEF;
        if (!field_stored(field, config)) {
            continue;
        }
        hid_t dataset = variable_open(file, field->name);
        if (field_axes(field, &config->grid, axis) == 0) {
            address = find_value(dataset);
            ok = address != HADDR_UNDEF;
        } else {
            ok = find_chunks(dataset, field, &config->grid, &address);
        }
        hdf5_close(&dataset);
        out->address[f] = address;
    }
    out->known = ok && stored_as_in_memory();
    return ok;
}
