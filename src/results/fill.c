/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks without an index lie one after the other, so that a field is one part of the file. */
#include "results/fill.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20 }; /* a signal is heard after each, on a slow disk too */
static const uint64_t SYNC_BYTES = (uint64_t)256 << 20, SHARED_BYTES = (uint64_t)32 << 20;

struct fill {
    const struct config *config;
    const struct results_run *run;
    struct results_placement placement;
    int descriptor;
    bool durable;
    double total;               /* bytes of the whole file */
    uint64_t written, unsynced; /* so far */
    int field;                  /* the next piece: of this field, from this byte on */
    uint64_t at;
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

/* The bytes of all chunks of a field; 0 of one that is not stored, or a single value, which HDF5 has filled. */
static uint64_t chunks_bytes(int f, const struct config *config)
{
    const struct field *field = &field_table[f];
    size_t shape[GRID_AXES], parts[GRID_AXES], bytes;
    int rank = placement_chunk(field, &config->grid, shape, parts, &bytes);
    for (int i = 0; i < rank; i++) {
        bytes *= parts[i];
    }
    return rank > 0 && field_stored(field, config) ? bytes : 0;
}

bool fill_next(struct fill *fill, struct fill_piece *piece)
{
    while (fill->field < FIELD_COUNT && fill->at >= chunks_bytes(fill->field, fill->config)) {
        fill->field++;
        fill->at = 0;
    }
    if (fill->field == FIELD_COUNT) {
        return false;
    }
    uint64_t left = chunks_bytes(fill->field, fill->config) - fill->at;
    *piece = (struct fill_piece){.address = fill->placement.address[fill->field] + fill->at,
                                 .bytes = left < PIECE_BYTES ? left : PIECE_BYTES,
                                 .type = (int32_t)field_table[fill->field].type};
    fill->at += piece->bytes;
    return true;
}

enum moat_status fill_count(struct fill *fill, const struct fill_piece *piece)
{
    fill->written += piece->bytes;
    fill->unsynced += piece->bytes;
    if (fill->durable && fill->unsynced >= SYNC_BYTES) {
        fill->unsynced = 0;
        if (fdatasync(fill->descriptor) != 0) {
            return moat_error_set(MOAT_IO, "%s", strerror(errno));
        }
    }
    double share = (double)fill->written / fill->total;
    if (fill->run->making && fill->run->making(fill->run->context, share < 1 ? share : 1)) {
        return moat_error_set(MOAT_STOPPED,
                              "stopped by a signal when %.0f %% of the new file was there: it is removed and an older "
                              "one stays; the same command begins anew",
                              100 * share);
    }
    return MOAT_OK;
}

int fill_put(int descriptor, const struct fill_piece *piece)
{
    static char values[2][PIECE_BYTES]; /* empty ones of each type, made when they are first needed */
    static bool made[2];
    uint64_t at = 0;
    if (!made[piece->type]) {
        fill_memory(values[piece->type], PIECE_BYTES, (enum field_type)piece->type);
        made[piece->type] = true;
    }
    while (at < piece->bytes) {
        ssize_t done = pwrite(descriptor, values[piece->type] + at, piece->bytes - at, (off_t)(piece->address + at));
        if (done == 0 || (done < 0 && errno != EINTR)) {
            return done < 0 ? errno : EIO;
        }
        at += done > 0 ? (uint64_t)done : 0;
    }
    return 0;
}

/* Fills what is left in this process. */
static enum moat_status fill_alone(struct fill *fill)
{
    struct fill_piece piece;
    enum moat_status status = MOAT_OK;
    while (status == MOAT_OK && fill_next(fill, &piece)) {
        int failed = fill_put(fill->descriptor, &piece);
        status = failed ? moat_error_set(MOAT_IO, "%s", strerror(failed)) : fill_count(fill, &piece);
    }
    return status;
}

/* The ticket of a file that has no record of its run yet; false if the file cannot be named. */
static bool make_ticket(const struct fill *fill, const char *path, struct writer_ticket *ticket)
{
    struct stat about;
    char *absolute = realpath(path, NULL);
    memset(ticket, 0, sizeof *ticket);
    bool ok = absolute && strlen(absolute) < sizeof ticket->path && fstat(fill->descriptor, &about) == 0;
    if (ok) {
        strcpy(ticket->path, absolute);
        ticket->inode = (uint64_t)about.st_ino;
        ticket->durable = fill->durable;
        writer_kernel(ticket->kernel, sizeof ticket->kernel);
    }
    free(absolute);
    return ok;
}

enum moat_status fill_fields(hid_t file, const char *path, const struct config *config, const struct results_run *run,
                             int descriptor, bool durable)
{
    struct fill fill = {
        .config = config, .run = run, .descriptor = descriptor, .durable = durable, .total = results_bytes(config)};
    struct writer_ticket ticket;
    enum moat_status status = MOAT_OK;
    if (!FILL_OURSELVES) {
        return MOAT_OK; /* HDF5 has filled them */
    }
    if (!placement_find(file, config, &fill.placement)) {
        return moat_error_set(MOAT_IO, "HDF5 does not tell where the fields lie");
    }
    if (run->fill && fill.total > (double)SHARED_BYTES && make_ticket(&fill, path, &ticket)) {
        status = run->fill(run->context, &fill, &ticket);
    }
    return status == MOAT_OK ? fill_alone(&fill) : status;
}
