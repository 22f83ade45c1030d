/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks without an index lie one after the other, so that a field is one piece of the file. */
#include "results/fill.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORD = 8, PIECE_WORDS = 1 << 17 }; /* 1 MB a write */
static const uint64_t SYNC_BYTES = (uint64_t)256 << 20;

struct filling {
    const struct results_run *run;
    int descriptor;
    bool durable;
    double total;     /* bytes of the whole file */
    uint64_t written; /* so far */
};

void fill_memory(void *memory, size_t bytes, enum field_type type)
{
    const uint64_t nan = htole64(UINT64_C(0x7ff8000000000000)); /* NaN as the file has it */
    if (type == FIELD_UINT8) {
        memset(memory, 0, bytes);
        return;
    }
    for (size_t at = 0; at < bytes; at += sizeof nan) {
        memcpy((char *)memory + at, &nan, sizeof nan);
    }
}

/* The bytes of all chunks of a field. */
static uint64_t field_chunks_bytes(const struct field *field, const struct grid *grid)
{
    size_t shape[GRID_AXES], parts[GRID_AXES], bytes;
    int rank = placement_chunk(field, grid, shape, parts, &bytes);
    for (int i = 0; i < rank; i++) {
        bytes *= parts[i];
    }
    return bytes;
}

static enum moat_status fill_range(struct filling *filling, const uint64_t *pattern, uint64_t address, uint64_t bytes)
{
    const uint64_t piece = (uint64_t)WORD * PIECE_WORDS;
    uint64_t at = 0;
    while (at < bytes) {
        const char *from = (const char *)pattern + at % WORD;
        ssize_t done =
            pwrite(filling->descriptor, from, bytes - at < piece ? bytes - at : piece, (off_t)(address + at));
        if (done < 0 && errno != EINTR) {
            return moat_error_set(MOAT_IO, "%s", strerror(errno));
        }
        uint64_t more = done > 0 ? (uint64_t)done : 0, unsynced = filling->written % SYNC_BYTES;
        at += more;
        filling->written += more;
        if (filling->durable && unsynced + more >= SYNC_BYTES && fdatasync(filling->descriptor) != 0) {
            return moat_error_set(MOAT_IO, "%s", strerror(errno));
        }
        double share = (double)filling->written / filling->total;
        if (filling->run->making && filling->run->making(filling->run->context, share < 1 ? share : 1)) {
            return moat_error_set(MOAT_STOPPED,
                                  "stopped by a signal when %.0f %% of the new file was there: it is removed and an "
                                  "older one stays; the same command begins anew",
                                  100 * share);
        }
    }
    return MOAT_OK;
}

enum moat_status fill_fields(hid_t file, const struct config *config, const struct results_run *run, int descriptor,
                             bool durable)
{
    struct filling filling = {.run = run, .descriptor = descriptor, .durable = durable, .total = results_bytes(config)};
    const size_t bytes = WORD * (PIECE_WORDS + 1);
    struct results_placement placement;
    if (!FILL_OURSELVES) {
        return MOAT_OK; /* HDF5 has filled them */
    }
    if (!placement_find(file, config, &placement)) {
        return moat_error_set(MOAT_IO, "HDF5 does not tell where the fields lie");
    }
    uint64_t *pattern[] = {[FIELD_FLOAT64] = malloc(bytes), [FIELD_UINT8] = malloc(bytes)};
    enum moat_status status = pattern[0] && pattern[1] ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory");
    for (int type = 0; type < 2 && status == MOAT_OK; type++) {
        fill_memory(pattern[type], bytes, (enum field_type)type);
    }
    for (int f = 0; f < FIELD_COUNT && status == MOAT_OK; f++) {
        const struct field *field = &field_table[f];
        int axis[GRID_AXES];
        if (field_stored(field, config) && field_axes(field, &config->grid, axis) > 0) { /* HDF5 fills single values */
            status = fill_range(&filling, pattern[field->type], placement.address[f],
                                field_chunks_bytes(field, &config->grid));
        }
    }
    free(pattern[0]);
    free(pattern[1]);
    return status;
}
