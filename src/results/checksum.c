/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checksums of the stored values.
 *
 * HDF5 can keep checksums itself, as a filter. It would then rewrite a chunk's place and size along with its values,
 * and a kill could tear that. So each block and each task has its own checksum, beside its state.
 */
#include "results/checksum.h"

#include <stdlib.h>

#include <zlib.h>

#include "results/hdf5.h"
#include "results/variable.h"

uint32_t checksum_add(uint32_t before, const void *values, size_t bytes)
{
    return (uint32_t)crc32_z(before, values, bytes);
}

static bool read_record(const struct results *results, size_t index, const struct block *block, unsigned char *record)
{
    size_t offset[FIELD_COUNT + 1];
    bool ok = true;
    if (results->writer) {
        ok = writer_get(results->writer, index, record) == MOAT_OK;
        if (!ok) {
            hdf5_note(moat_error_message());
        }
        return ok;
    }
    field_offsets(&results->layout, block, offset);
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        size_t start[GRID_AXES], count[GRID_AXES];
        int rank = field_box(&field_table[f], &results->layout.grid, block, start, count);
        enum variable_type type = field_table[f].type == FIELD_UINT8 ? VARIABLE_UINT8 : VARIABLE_FLOAT64;
        ok =
            results->field[f] < 0 || variable_read_box(results->field[f], type, rank, start, count, record + offset[f]);
    }
    return ok;
}

bool checksum_check_blocks(struct results *results, size_t *damaged)
{
    size_t offset[FIELD_COUNT + 1];
    struct block largest = grid_block(&results->layout.grid, 0);
    field_offsets(&results->layout, &largest, offset);
    unsigned char *record = hdf5_allocate(offset[FIELD_COUNT] + 1);
    bool ok = record != NULL;
    *damaged = 0;
    for (size_t i = 0; i < results->blocks && ok; i++) {
        struct block block = grid_block(&results->layout.grid, i);
        if (results->block[i].state != BLOCK_DONE) {
            continue;
        }
        ok = read_record(results, i, &block, record);
        if (ok && field_checksum(&results->layout, &block, record) != results->block[i].checksum) {
            results->block[i].state = BLOCK_PENDING;
            ++*damaged;
        }
    }
    free(record);
    return ok;
}
