/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A block's values of one field are one chunk of the file, in the order of the record. A chunk at the end of an axis is
 * larger than the block's box: it is put together in memory, the rest of it as empty as in a new file, so that the
 * bytes of a file do not depend on who writes them. Blocks that share a chunk have the same values for it.
 */
#include "results/writer.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/file_system.h"
#include "results/fill.h"
#include "results/placement.h"

struct writer {
    int descriptor;
    bool owned;   /* the descriptor is closed with the writer */
    bool distant; /* rank 0's fsync does not reach what this process has written */
    bool durable;
    bool failed; /* has said so already */
    const struct config *config;
    struct results_placement placement;
    unsigned char *chunk; /* room for the largest chunk */
};

/* A chunk of a field and the box of a block in it. */
struct piece {
    int rank;
    size_t shape[GRID_AXES], start[GRID_AXES], count[GRID_AXES];
    size_t bytes, element;
    bool whole; /* the box fills the chunk */
};

static struct piece piece_of(const struct config *config, int f, size_t index)
{
    const struct field *field = &field_table[f];
    struct block block = grid_block(&config->grid, index);
    struct piece piece = {.element = field_element_size(field->type), .whole = true};
    size_t parts[GRID_AXES];
    piece.rank = placement_chunk(field, &config->grid, piece.shape, parts, &piece.bytes);
    field_box(field, &config->grid, &block, piece.start, piece.count);
    for (int i = 0; i < piece.rank; i++) {
        piece.whole = piece.whole && piece.count[i] == piece.shape[i];
    }
    return piece;
}

/* The number of rows of a box along its last axis, and the bytes of each. */
static size_t rows_of(const struct piece *piece, size_t *bytes)
{
    size_t rows = 1;
    for (int i = 0; i < piece->rank - 1; i++) {
        rows *= piece->count[i];
    }
    *bytes = piece->element * (piece->rank > 0 ? piece->count[piece->rank - 1] : 1);
    return rows;
}

/* Byte of the chunk at which row `row` of the box begins. */
static size_t row_at(const struct piece *piece, size_t row)
{
    size_t at = 0, stride = piece->element;
    for (int i = piece->rank - 1; i >= 0; i--) {
        size_t count = i == piece->rank - 1 ? 1 : piece->count[i];
        at += row % count * stride;
        row /= count;
        stride *= piece->shape[i];
    }
    return at;
}

/* Writes all bytes of `from`, or with NULL reads as many into `to`, at `offset`. Returns errno, 0 on success. */
static int transfer(const struct writer *writer, const unsigned char *from, unsigned char *to, size_t size,
                    uint64_t offset)
{
    size_t moved = 0;
    while (moved < size) {
        off_t at = (off_t)(offset + moved);
        ssize_t done = from ? pwrite(writer->descriptor, from + moved, size - moved, at)
                            : pread(writer->descriptor, to + moved, size - moved, at);
        if (done == 0 || (done < 0 && errno != EINTR)) {
            return done < 0 ? errno : EIO;
        }
        moved += done > 0 ? (size_t)done : 0;
    }
    return 0;
}

static int put_field(const struct writer *writer, int f, size_t index, const unsigned char *values)
{
    struct piece piece = piece_of(writer->config, f, index);
    size_t bytes, rows = rows_of(&piece, &bytes);
    if (!piece.whole) {
        fill_memory(writer->chunk, piece.bytes, field_table[f].type);
        for (size_t r = 0; r < rows; r++) {
            memcpy(writer->chunk + row_at(&piece, r), values + r * bytes, bytes);
        }
        values = writer->chunk;
    }
    return transfer(writer, values, NULL, piece.bytes, placement_offset(&writer->placement, writer->config, f, index));
}

static int get_field(const struct writer *writer, int f, size_t index, unsigned char *values)
{
    struct piece piece = piece_of(writer->config, f, index);
    size_t bytes, rows = rows_of(&piece, &bytes);
    uint64_t offset = placement_offset(&writer->placement, writer->config, f, index);
    int failed = transfer(writer, NULL, piece.whole ? values : writer->chunk, piece.bytes, offset);
    for (size_t r = 0; !failed && !piece.whole && r < rows; r++) {
        memcpy(values + r * bytes, writer->chunk + row_at(&piece, r), bytes);
    }
    return failed;
}

/* Puts the fields of a block from `from`, or with NULL gets them into `to`. Returns errno, 0 on success. */
static int each_field(const struct writer *writer, size_t index, const unsigned char *from, unsigned char *to)
{
    struct block block = grid_block(&writer->config->grid, index);
    size_t offset[FIELD_COUNT + 1];
    int failed = 0;
    field_offsets(writer->config, &block, offset);
    for (int f = 0; f < FIELD_COUNT && !failed; f++) {
        if (field_stored(&field_table[f], writer->config)) {
            failed = from ? put_field(writer, f, index, from + offset[f]) : get_field(writer, f, index, to + offset[f]);
        }
    }
    return failed;
}

enum moat_status writer_put(struct writer *writer, size_t index, const unsigned char *record)
{
    int failed = each_field(writer, index, record, NULL);
    if (!failed && writer->distant && writer->durable && fdatasync(writer->descriptor) != 0) {
        failed = errno;
    }
    writer->failed = writer->failed || failed;
    return failed ? moat_error_set(MOAT_IO, "%s", strerror(failed)) : MOAT_OK;
}

enum moat_status writer_get(struct writer *writer, size_t index, unsigned char *record)
{
    int failed = each_field(writer, index, NULL, record);
    return failed ? moat_error_set(MOAT_IO, "%s", strerror(failed)) : MOAT_OK;
}

enum moat_status writer_create(int descriptor, const struct config *config, const struct results_placement *placement,
                               struct writer **out)
{
    size_t largest = 1;
    struct writer *writer = *out = calloc(1, sizeof *writer);
    for (int f = 0; f < FIELD_COUNT; f++) {
        struct piece piece = piece_of(config, f, 0);
        largest = field_stored(&field_table[f], config) && piece.bytes > largest ? piece.bytes : largest;
    }
    if (writer) {
        *writer = (struct writer){
            .descriptor = descriptor, .config = config, .placement = *placement, .chunk = malloc(largest)};
    }
    if (!writer || !writer->chunk) {
        free(writer);
        *out = NULL;
        return moat_error_set(MOAT_MEMORY, "out of memory for a chunk of %zu bytes", largest);
    }
    return MOAT_OK;
}

void writer_kernel(char *text, size_t size)
{
    ssize_t length = -1;
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        length = read(file, text, size - 1);
        close(file);
    }
    if (length <= 0) {
        gethostname(text, size - 1);
        length = (ssize_t)strnlen(text, size - 1);
    }
    text[length] = '\0';
}

/* Returns true if the open file is the one of the ticket and not, for instance, an old one of that name. */
static bool is_file(int descriptor, const struct writer_ticket *ticket)
{
    struct stat about;
    double started = 0;
    if (fstat(descriptor, &about) != 0 || (uint64_t)about.st_ino != ticket->inode) {
        return false;
    }
    return ticket->run_offset == 0 ||
           (pread(descriptor, &started, sizeof started, (off_t)ticket->run_offset) == (ssize_t)sizeof started &&
            started == ticket->run_started);
}

/* Checks that the file is the ticket's, and where several processes may write it. */
static enum moat_status check_file(int descriptor, const struct writer_ticket *ticket, bool distant)
{
    char name[64];
    enum file_system kind = file_system_of(descriptor, name, sizeof name);
    if (!is_file(descriptor, ticket)) {
        return moat_error_set(MOAT_IO, "its file of that name is another one");
    }
    if (ticket->any_file_system || kind == FILE_SYSTEM_CLUSTER || (kind == FILE_SYSTEM_LOCAL && !distant)) {
        return MOAT_OK;
    }
    return kind == FILE_SYSTEM_LOCAL
               ? moat_error_set(MOAT_IO, "it is on another node, and %s is a file system of one node", name)
               : moat_error_set(MOAT_IO, "%s is not known to keep the writes of several processes apart", name);
}

enum moat_status writer_reach(const struct writer_ticket *ticket, int *descriptor, bool *distant)
{
    char kernel[sizeof ticket->kernel];
    writer_kernel(kernel, sizeof kernel);
    *distant = strcmp(kernel, ticket->kernel) != 0;
    *descriptor = open(ticket->path, O_RDWR | O_CLOEXEC);
    if (*descriptor < 0) {
        return moat_error_set(MOAT_IO, "it cannot open the file: %s", strerror(errno));
    }
    enum moat_status status = check_file(*descriptor, ticket, *distant);
    if (status != MOAT_OK) {
        close(*descriptor);
        *descriptor = -1;
    }
    return status;
}

enum moat_status writer_open(const struct writer_ticket *ticket, const struct config *config, struct writer **out)
{
    int descriptor = -1;
    bool distant = false;
    *out = NULL;
    enum moat_status status = writer_reach(ticket, &descriptor, &distant);
    if (status == MOAT_OK) {
        status = writer_create(descriptor, config, &ticket->placement, out);
    }
    if (status == MOAT_OK) {
        (*out)->owned = true;
        (*out)->distant = distant;
        (*out)->durable = ticket->durable;
    } else if (descriptor >= 0) {
        close(descriptor);
    }
    return status;
}

enum moat_status writer_close(struct writer **writer)
{
    enum moat_status status = MOAT_OK;
    if (!*writer) {
        return MOAT_OK;
    }
    if ((*writer)->distant && !(*writer)->failed && fsync((*writer)->descriptor) != 0) {
        status = moat_error_set(MOAT_IO, "%s", strerror(errno));
    }
    if ((*writer)->owned) {
        close((*writer)->descriptor);
    }
    free((*writer)->chunk);
    free(*writer);
    *writer = NULL;
    return status;
}
