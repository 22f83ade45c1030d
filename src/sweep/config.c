/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The config of a sweep: reading the file, and the passes over its text in order.
 */
#include "sweep/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/config_internal.h"
#include "sweep/config_set.h"
#include "sweep/field.h"

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

/* Sets the folder of a config that was read from `path`. */
static enum moat_status keep_folder(const char *path, struct config *config)
{
    char *copy = strdup(path), *folder = copy ? strdup(dirname(copy)) : NULL; /* dirname may change its argument */
    free(copy);
    if (!folder) {
        return moat_error_set(MOAT_MEMORY, "%s: out of memory", path);
    }
    free(config->folder);
    config->folder = folder;
    return MOAT_OK;
}

enum moat_status config_load(const char *path, const char *const *settings, struct config **out)
{
    char *text = NULL;
    *out = NULL;
    enum moat_status status = read_file(path, &text);
    if (status == MOAT_OK) {
        status = config_parse_set(text, path, settings, out);
    }
    if (*out) {
        status = keep_folder(path, *out);
    }
    if (status != MOAT_OK) {
        config_destroy(out);
    }
    free(text);
    return status;
}

enum moat_status config_locate(const struct config *config, const char *path, char **out)
{
    bool here = *path == '/' || strcmp(config->folder, ".") == 0;
    int written = here ? asprintf(out, "%s", path) : asprintf(out, "%s/%s", config->folder, path);
    if (written < 0) {
        *out = NULL;
        return moat_error_set(MOAT_MEMORY, "out of memory for the path %s", path);
    }
    return MOAT_OK;
}

void config_give_directions(struct config *config, struct directions *directions)
{
    directions_free(&config->directions);
    config->directions = *directions;
    config->P = (double)directions->spectrum.n;
    *directions = (struct directions){0};
}

struct ridge_population config_population(const struct config *config)
{
    return config->rows ? ridge_rows_population(config->rows)
                        : (struct ridge_population){.spectrum = config->directions.spectrum};
}

/* Reads the tree into *config. */
static enum moat_status read_tree(struct node *root, struct config *config)
{
    struct reading reading = {.root = root, .config = config};
    for (int a = 0; a < CONFIG_AXES; a++) {
        reading.request[a] = (struct axis_request){.form = FORM_SCALAR, .low = NAN, .size = 1};
        config_axis(config, a)->scalar = a != AXIS_LADDER;
    }
    enum moat_status status = config_read(&reading);
    if (status == MOAT_OK) {
        config->stored = config->stored ? config->stored : field_all(config);
        status = config_check(&reading);
    }
    return status;
}

enum moat_status config_parse(const char *text, const char *file_name, struct config **out)
{
    return config_parse_set(text, file_name, NULL, out);
}

static enum moat_status check_size(const char *text, const char *file_name)
{
    return strlen(text) <= TEXT_SIZE_MAX
               ? MOAT_OK
               : moat_error_set(MOAT_USAGE, "%s: found more than 1 MiB, expected a config file of a page or so",
                                file_name);
}

/* Reads the tree with the settings, and keeps the text that gives the same config again. */
static enum moat_status read_set(struct node *root, const struct setting *setting, size_t count, const char *text,
                                 struct config *config)
{
    enum moat_status status = MOAT_OK;
    for (size_t i = 0; i < count && status == MOAT_OK; i++) {
        status = setting_apply(&setting[i], root);
    }
    if (status == MOAT_OK) {
        status = read_tree(root, config);
    }
    if (status == MOAT_OK) {
        config->text = count > 0 ? settings_write(setting, count, root) : strdup(text);
        config->folder = strdup(".");
        status = config->text && config->folder ? check_size(config->text, root->source->name)
                                                : moat_error_set(MOAT_MEMORY, "%s: out of memory", root->source->name);
    }
    return status;
}

enum moat_status config_parse_set(const char *text, const char *file_name, const char *const *settings,
                                  struct config **out)
{
    static const char *const none[] = {NULL};
    const char *const *given = settings ? settings : none;
    struct config_source source = {.name = file_name, .file = true};
    struct node *root = NULL;
    size_t count = 0;
    while (given[count]) {
        count++;
    }
    struct config *config = calloc(1, sizeof *config);
    struct setting *setting = calloc(count + 1, sizeof *setting);
    enum moat_status status = check_size(text, file_name);
    *out = NULL;
    if (!config || !setting) {
        status = moat_error_set(MOAT_MEMORY, "%s: out of memory", file_name);
        goto cleanup;
    }
    for (size_t i = 0; i < count; i++) {
        setting_init(&setting[i], given[i]);
    }
    if (status == MOAT_OK) {
        status = tree_read(&source, text, &root);
    }
    if (status == MOAT_OK) {
        status = read_set(root, setting, count, text, config);
    }
    if (status == MOAT_OK) {
        *out = config;
        config = NULL;
    }

cleanup:
    tree_free(root);
    free(setting);
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
                 left->scrutiny == right->scrutiny && left->stored == right->stored &&
                 left->measured == right->measured && equal_doubles(&left->gamma, &right->gamma, 1) &&
                 (left->measured || equal_doubles(&left->P, &right->P, 1));
    for (int a = 0; a < GRID_AXES && equal; a++) {
        const struct axis *l = &left->grid.axis[a], *r = &right->grid.axis[a];
        equal = equal_axes(l, r);
    }
    const struct ridge_settings *l = &left->ridge, *r = &right->ridge; /* ranks_per_group changes no numbers */
    return equal && equal_axes(&l->N, &r->N) && l->trials == r->trials && l->seed == r->seed && !l->data == !r->data;
}

void config_destroy(struct config **config)
{
    if (!*config) {
        return;
    }
    free((*config)->name);
    free((*config)->output);
    free((*config)->folder);
    free((*config)->text);
    free((*config)->spectrum);
    directions_free(&(*config)->directions);
    free((*config)->ridge.data);
    ridge_rows_destroy(&(*config)->rows);
    free((*config)->ridge.N.values);
    grid_free(&(*config)->grid);
    free(*config);
    *config = NULL;
}
