/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checksums of the stored values.
 *
 * HDF5 would keep them itself behind a filter, but then has to rewrite a chunk's place and size with its values, and a
 * kill could tear that. So each block and each task has its own, beside its state.
 */
#include <stdlib.h>

#include <zlib.h>

#include "results/internal.h"

uint32_t results_checksum(uint32_t before, const void *values, size_t bytes)
{
    return (uint32_t)crc32_z(before, values, bytes);
}

static bool read_field(const struct results *results, int f, const struct block *block, unsigned char *values)
{
    size_t start[GRID_AXES], count[GRID_AXES];
    hsize_t from[GRID_AXES], size[GRID_AXES];
    int rank = field_box(&field_table[f], &results->layout.grid, block, start, count);
    for (int a = 0; a < rank; a++) {
        from[a] = start[a];
        size[a] = count[a];
    }
    hid_t type = field_table[f].type == FIELD_UINT8 ? H5T_NATIVE_UINT8 : H5T_NATIVE_DOUBLE;
    hid_t space = H5Dget_space(results->field[f]), memory = H5Screate_simple(rank, size, NULL);
    bool ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, size, NULL) >= 0 &&
              H5Dread(results->field[f], type, memory, space, H5P_DEFAULT, values) >= 0;
    hdf5_close(&memory);
    hdf5_close(&space);
    return ok;
}

static bool read_record(const struct results *results, const struct block *block, unsigned char *record)
{
    size_t offset[FIELD_COUNT + 1];
    bool ok = true;
    field_offsets(&results->layout, block, offset);
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        ok = results->field[f] < 0 || read_field(results, f, block, record + offset[f]);
    }
    return ok;
}

bool results_check_blocks(struct results *results, size_t *damaged)
{
    size_t offset[FIELD_COUNT + 1];
    struct block largest = grid_block(&results->layout.grid, 0);
    field_offsets(&results->layout, &largest, offset);
    unsigned char *record = malloc(offset[FIELD_COUNT] + 1);
    bool ok = record != NULL;
    *damaged = 0;
    for (size_t i = 0; i < results->blocks && ok; i++) {
        struct block block = grid_block(&results->layout.grid, i);
        if (results->state[i] != BLOCK_DONE) {
            continue;
        }
        ok = read_record(results, &block, record);
        if (ok && field_checksum(&results->layout, &block, record) != results->checksum[i]) {
            results->state[i] = BLOCK_PENDING;
            ++*damaged;
        }
    }
    free(record);
    return ok;
}
