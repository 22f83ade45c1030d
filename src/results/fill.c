/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks without an index lie one after the other, so that a field is one piece of the file. */
#include "results/fill.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/hdf5.h"
#include "results/variable.h"

enum { WORD = 8, PIECE_WORDS = 1 << 17 }; /* 1 MB a write */
static const uint64_t SYNC_BYTES = (uint64_t)256 << 20;

struct filling {
    const struct results_run *run;
    int descriptor;
    bool durable;
    double total;     /* bytes of the whole file */
    uint64_t written; /* so far */
};

/* Finds the place of a field's chunks in the file, and their bytes. */
static bool find_chunks(hid_t file, const char *name, haddr_t *address, hsize_t *bytes)
{
#if FILL_OURSELVES
    const hsize_t origin[GRID_AXES] = {0};
    hsize_t dims[GRID_AXES], chunk[GRID_AXES];
    unsigned mask = 0;
    hid_t dataset = variable_open(file, name), space = H5Dget_space(dataset), list = H5Dget_create_plist(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    bool ok = rank > 0 && rank <= GRID_AXES && H5Sget_simple_extent_dims(space, dims, NULL) == rank &&
              H5Pget_chunk(list, GRID_AXES, chunk) == rank &&
              H5Dget_chunk_info_by_coord(dataset, origin, &mask, address, bytes) >= 0 && *address != HADDR_UNDEF;
    for (int a = 0; a < rank && ok; a++) {
        *bytes *= (dims[a] + chunk[a] - 1) / chunk[a];
    }
    hdf5_close(&list);
    hdf5_close(&space);
    return hdf5_close(&dataset) && ok;
#else
    (void)file, (void)name;
    *address = *bytes = 0; /* HDF5 has filled it */
    return true;
#endif
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
    const size_t words = PIECE_WORDS + 1;
    uint64_t *zeros = calloc(2 * words, WORD), *nans = zeros ? zeros + words : NULL;
    enum moat_status status = zeros ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory");
    for (size_t i = 0; zeros && i < words; i++) {
        nans[i] = htole64(UINT64_C(0x7ff8000000000000)); /* NaN as the file has it */
    }
    for (int f = 0; f < FIELD_COUNT && status == MOAT_OK; f++) {
        const struct field *field = &field_table[f];
        haddr_t address = 0;
        hsize_t bytes = 0;
        int axis[GRID_AXES];
        if (!field_stored(field, config) || field_axes(field, &config->grid, axis) == 0) {
            continue; /* HDF5 has filled the only value */
        }
        if (!find_chunks(file, field->name, &address, &bytes)) {
            status = moat_error_set(MOAT_IO, "HDF5 does not tell where %s lies", field->name);
        } else {
            status = fill_range(&filling, field->type == FIELD_FLOAT64 ? nans : zeros, address, bytes);
        }
    }
    free(zeros);
    return status;
}
