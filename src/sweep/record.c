/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packing of one block's values. */
#include "sweep/record.h"

#include <math.h>

#include "moat/market.h"
#include "moat/regime.h"

size_t record_size(const struct config *config, size_t index)
{
    struct block block = grid_block(&config->grid, index);
    size_t offset[FIELD_COUNT + 1];
    field_offsets(config, &block, offset);
    return offset[FIELD_COUNT];
}

static void store_failed(const struct record *record)
{
    for (int f = 0; f < FIELD_COUNT; f++) {
        size_t size = field_element_size(field_table[f].type);
        for (size_t at = record->offset[f]; at + size <= record->offset[f + 1]; at += size) {
            if (field_table[f].type == FIELD_UINT8) {
                record->bytes[at] =
                    f == FIELD_STATUS ? (unsigned char)MOAT_MARKET_FAILED : (unsigned char)MOAT_REGIME_NONE;
            } else {
                *(double *)(void *)(record->bytes + at) = NAN;
            }
        }
    }
}

struct record record_begin(const struct config *config, size_t index, unsigned char *bytes)
{
    struct record record = {.config = config, .block = grid_block(&config->grid, index), .bytes = bytes};
    field_offsets(config, &record.block, record.offset);
    store_failed(&record);
    return record;
}

double record_coordinate(const struct record *record, int axis, const size_t at[GRID_AXES])
{
    return record->config->grid.axis[axis].values[record->block.start[axis] + at[axis]];
}

/* The element of a field at `at`; NULL when the file does not have the field. */
static void *element(const struct record *record, enum field_id id, const size_t at[GRID_AXES])
{
    const struct field *field = &field_table[id];
    size_t index = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (field->axes & (1U << a)) {
            index = index * record->block.count[a] + at[a];
        }
    }
    return record_has(record, id, 1) ? record->bytes + record->offset[id] + index * field_element_size(field->type)
                                     : NULL;
}

bool record_has(const struct record *record, enum field_id first, int count)
{
    return record->offset[(int)first + count] > record->offset[first];
}

void record_store(const struct record *record, enum field_id id, const size_t at[GRID_AXES], double value)
{
    double *number = element(record, id, at);
    if (number) {
        *number = value;
    }
}

void record_store_flag(const struct record *record, enum field_id id, const size_t at[GRID_AXES], int value)
{
    unsigned char *flag = element(record, id, at);
    if (flag) {
        *flag = (unsigned char)value;
    }
}
