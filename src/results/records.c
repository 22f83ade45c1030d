/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of /run: the file has an array for each member, memory has one struct for each block, task or run. */
#include "results/records.h"

#include <stdlib.h>
#include <string.h>

#include "results/checksum.h"
#include "results/hdf5.h"

static const size_t record_bytes[GROUP_ALONGS] = {
    [ALONG_HISTORY] = sizeof(struct history_record),
    [ALONG_BLOCKS] = sizeof(struct block_record),
    [ALONG_TASKS] = sizeof(struct task_record),
};

/* Returns true if `dataset` has the shape of the variables before it along the same scales, or is the first of them. */
static bool take_shape(struct records *records, enum group_along along, hid_t dataset)
{
    hsize_t dims[GRID_AXES] = {0};
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    bool first = records->rank[along] == 0;
    bool ok = rank > 0 && rank <= GRID_AXES && (first || rank == records->rank[along]) &&
              H5Sget_simple_extent_dims(space, dims, NULL) == rank;
    for (int a = 0; ok && a < rank; a++) {
        records->size[along][a] = first ? (size_t)dims[a] : records->size[along][a];
        ok = records->size[along][a] == dims[a];
    }
    records->rank[along] = ok ? rank : records->rank[along];
    hdf5_close(&space);
    return ok;
}

static bool open_variable(struct records *records, hid_t file, int v)
{
    const struct group_entry *entry = &group_table[v];
    records->variable[v] = variable_open(file, entry->path);
    return records->variable[v] >= 0 &&
           (entry->type != VARIABLE_TEXT || variable_is_text(records->variable[v], entry->size)) &&
           take_shape(records, entry->along, records->variable[v]);
}

bool records_open(hid_t file, struct records **out)
{
    struct records *records = *out = hdf5_allocate(sizeof *records);
    hid_t *variable = hdf5_allocate((size_t)group_variables * sizeof *variable);
    bool ok = records && variable;
    if (!ok) {
        free(variable);
        free(records);
        *out = NULL;
        return false;
    }
    records->variable = variable;
    memset(variable, -1, (size_t)group_variables * sizeof *variable);
    for (int v = 0; v < group_variables && ok; v++) {
        bool there = group_table[v].along != ALONG_FILE && group_is_in(file, group_table[v].along);
        ok = !there || open_variable(records, file, v);
    }
    if (!ok) {
        records_close(out);
    }
    return ok;
}

bool records_close(struct records **records)
{
    bool ok = true;
    if (*records) {
        for (int v = 0; v < group_variables; v++) {
            ok &= hdf5_close(&(*records)->variable[v]);
        }
        free((*records)->variable);
        free(*records);
        *records = NULL;
    }
    return ok;
}

size_t records_count(const struct records *records, enum group_along along)
{
    size_t count = records->rank[along] > 0;
    for (int a = 0; a < records->rank[along]; a++) {
        count *= records->size[along][a];
    }
    return count;
}

bool records_read(const struct records *records, enum group_along along, void *out)
{
    size_t count = records_count(records, along), bytes = record_bytes[along];
    unsigned char *values = hdf5_allocate(count * bytes + 1); /* no member is larger than its record */
    bool ok = values != NULL;
    memset(out, 0, count * bytes);
    for (int v = 0; v < group_variables && ok; v++) {
        const struct group_entry *entry = &group_table[v];
        if (entry->along != along) {
            continue;
        }
        ok = variable_read(records->variable[v], entry->type, values);
        for (size_t i = 0; i < count && ok; i++) {
            unsigned char *member = (unsigned char *)out + i * bytes + entry->offset;
            memcpy(member, values + i * entry->size, entry->size);
            member[entry->size - 1] = entry->type == VARIABLE_TEXT ? '\0' : member[entry->size - 1];
        }
    }
    free(values);
    return ok;
}

bool records_write(const struct records *records, enum group_along along, size_t first, size_t count,
                   enum group_phase phase, const void *from)
{
    size_t bytes = record_bytes[along], row = records->size[along][1];
    const size_t start[2] = {records->rank[along] == 1 ? first : first / row,
                             records->rank[along] == 1 ? 0 : first % row};
    const size_t box[2] = {records->rank[along] == 1 ? count : 1, count};
    unsigned char *values = hdf5_allocate(count * bytes + 1);
    bool ok = values != NULL;
    for (int v = 0; v < group_variables && ok; v++) {
        const struct group_entry *entry = &group_table[v];
        if (entry->along != along || entry->phase != phase) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            memcpy(values + i * entry->size, (const unsigned char *)from + i * bytes + entry->offset, entry->size);
        }
        ok = variable_write_box(records->variable[v], entry->type, records->rank[along], start, box, values);
    }
    free(values);
    return ok;
}

uint32_t records_checksum(enum group_along along, const void *record, size_t except)
{
    uint32_t sum = 0;
    for (int v = 0; v < group_variables; v++) {
        const struct group_entry *entry = &group_table[v];
        if (entry->along == along && entry->offset != except) {
            sum = checksum_add(sum, (const unsigned char *)record + entry->offset, entry->size);
        }
    }
    return sum;
}
