/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The config of a sweep: reading the file, and the passes over its text in order.
 */
#include "sweep/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/config_internal.h"

enum { TEXT_SIZE_MAX = 1 << 20 }; /* a config is a page; anything near this is the wrong file */

/* Opens the regular file `path`. Without O_NONBLOCK, open would wait for the writer of a pipe before the pipe could be
   refused. */
static enum moat_status open_file(const char *path, int *out)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG || errno == ELOOP;
        return moat_error_set(absent ? MOAT_USAGE : MOAT_IO, "%s: %s, expected a config file: see jobs/reference.yaml",
                              path, strerror(errno));
    }
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(file);
        return moat_error_set(MOAT_USAGE, "%s: found a folder, pipe or device, expected a config file", path);
    }
    *out = file;
    return MOAT_OK;
}

/* Reads all of `path` into *text, NUL-terminated, which the caller frees. */
static enum moat_status read_file(const char *path, char **text)
{
    int file = -1;
    size_t used = 0;
    char *buffer = NULL;
    enum moat_status status = open_file(path, &file);
    if (status != MOAT_OK) {
        return status;
    }
    buffer = malloc((size_t)TEXT_SIZE_MAX + 2);
    if (!buffer) {
        status = moat_error_set(MOAT_MEMORY, "%s: out of memory", path);
        goto cleanup;
    }
    while (used <= TEXT_SIZE_MAX) { /* reads one byte more than allowed, to detect a file that is too large */
        ssize_t got = read(file, buffer + used, (size_t)TEXT_SIZE_MAX + 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = moat_error_set(MOAT_IO, "%s: cannot be read: %s", path, strerror(errno));
            goto cleanup;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    buffer[used] = '\0';
    if (strlen(buffer) != used) {
        status = moat_error_set(MOAT_USAGE, "%s: found a binary file (it has NUL bytes), expected YAML text", path);
    }

cleanup:
    if (status == MOAT_OK) {
        *text = buffer;
    } else {
        free(buffer);
    }
    close(file);
    return status;
}

enum moat_status config_refuse(const struct config_source *source, const char *path, const char *found,
                               const char *expected, ...)
{
    char there[CONFIG_FOUND_SIZE], wanted[2 * CONFIG_PATH_SIZE];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(wanted, sizeof wanted, expected, arguments);
    va_end(arguments);

    size_t line = config_text_find(source, path, there);
    return moat_error_set(MOAT_USAGE, "%s:%zu: %s%sfound %s, expected %s", source->file_name, line, path,
                          *path ? ": " : "", found ? found : there, wanted);
}

enum moat_status config_load(const char *path, struct config **out)
{
    char *text = NULL;
    *out = NULL;
    enum moat_status status = read_file(path, &text);
    if (status == MOAT_OK) {
        status = config_parse(text, path, out);
    }
    free(text);
    return status;
}

enum moat_status config_parse(const char *text, const char *file_name, struct config **out)
{
    struct config_source source = {.file_name = file_name, .text = text};
    struct config_document *document = NULL;
    enum sweep_kind sweep = SWEEP_MARKET_ENTRY;
    struct config *config = calloc(1, sizeof *config);
    enum moat_status status = MOAT_MEMORY;
    *out = NULL;
    if (strlen(text) > TEXT_SIZE_MAX) {
        status =
            moat_error_set(MOAT_USAGE, "%s: found more than 1 MiB, expected a config file of a page or so", file_name);
        goto cleanup;
    }
    if (config) {
        config->text = strdup(text);
    }
    if (!config || !config->text) {
        moat_error_set(MOAT_MEMORY, "%s: out of memory", file_name);
        goto cleanup;
    }
    status = config_text_check(&source);
    if (status == MOAT_OK) {
        status = config_sweep(&source, &sweep);
    }
    if (status == MOAT_OK) {
        status = config_document_read(&source, sweep, &document);
    }
    if (status == MOAT_OK) {
        config->sweep = sweep;
        config->stored = UINT64_MAX; /* until the key `store` is read */
        status = config_check(&source, document, config);
    }
    if (status == MOAT_OK) {
        *out = config;
        config = NULL;
    }

cleanup:
    config_document_destroy(sweep, &document);
    config_destroy(&config);
    return status;
}

/* Equality to the bit: only then are the stored numbers those that the sweep would compute. */
static bool equal_doubles(const double *left, const double *right, size_t count)
{
    return count == 0 || memcmp(left, right, count * sizeof *left) == 0;
}

static bool equal_axes(const struct axis *left, const struct axis *right)
{
    return left->size == right->size && left->scalar == right->scalar &&
           equal_doubles(left->values, right->values, left->size);
}

bool config_equal(const struct config *left, const struct config *right)
{
    bool equal = left->sweep == right->sweep && left->solver == right->solver && left->tau_unit == right->tau_unit &&
                 left->scrutiny == right->scrutiny && equal_doubles(&left->gamma, &right->gamma, 1) &&
                 equal_doubles(&left->P, &right->P, 1);
    for (int a = 0; a < GRID_AXES && equal; a++) {
        const struct axis *l = &left->grid.axis[a], *r = &right->grid.axis[a];
        equal = equal_axes(l, r);
    }
    const struct ridge_settings *l = &left->ridge, *r = &right->ridge; /* ranks_per_group changes no numbers */
    return equal && equal_axes(&l->N, &r->N) && l->trials == r->trials && l->seed == r->seed;
}

void config_destroy(struct config **config)
{
    if (!*config) {
        return;
    }
    free((*config)->name);
    free((*config)->output);
    free((*config)->text);
    free((*config)->ridge.N.values);
    grid_free(&(*config)->grid);
    free(*config);
    *config = NULL;
}
