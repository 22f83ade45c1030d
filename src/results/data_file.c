/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a data file. HDF5 converts whatever numbers there are to doubles, block by block. */
#include "results/data_file.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "results/hdf5.h"

enum { AXES = 2, CACHE_SLOTS = 1009, CACHE_MIN = 1 << 20, CACHE_MAX = 64 << 20 /* bytes */ };
static const char expected[] = "expected a data file: HDF5 with `features`, n rows of P numbers, and `performance` and "
                               "`safety`, n numbers each";

static bool is_number(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    hdf5_close(&type);
    return class == H5T_FLOAT || class == H5T_INTEGER || class == H5T_ENUM; /* h5py writes booleans as an enumeration */
}

/* A cache that holds all chunks of a row, within CACHE_MAX: blocks of rows are read one after the other, and a chunk
   that does not stay is read, and unpacked, again for each of them. Reopens the dataset. */
static bool give_cache(hid_t file, hid_t *dataset, size_t columns)
{
    hsize_t chunk[AXES] = {0};
    hid_t type = H5Dget_type(*dataset), list = H5Dget_create_plist(*dataset), access = H5Pcreate(H5P_DATASET_ACCESS);
    bool ok = true;
    if (H5Pget_layout(list) == H5D_CHUNKED && H5Pget_chunk(list, AXES, chunk) == AXES && chunk[1] > 0) {
        double bytes =
            (double)H5Tget_size(type) * (double)chunk[0] * (double)chunk[1] * ceil((double)columns / (double)chunk[1]);
        size_t cache = bytes < CACHE_MIN ? CACHE_MIN : bytes > CACHE_MAX ? CACHE_MAX : (size_t)bytes;
        ok = H5Pset_chunk_cache(access, CACHE_SLOTS, cache, 1.0) >= 0 && hdf5_close(dataset);
        *dataset = ok ? H5Dopen2(file, "features", access) : -1;
        ok = *dataset >= 0;
    }
    hdf5_close(&access);
    hdf5_close(&list);
    hdf5_close(&type);
    return ok;
}

/* Opens a dataset of numbers with `rank` axes, whose lengths go to dims. */
static enum moat_status open_numbers(const struct data_file *file, const char *name, int rank, hid_t *out,
                                     hsize_t dims[AXES])
{
    if (H5Lexists(file->file, name, H5P_DEFAULT) <= 0) {
        return moat_error_set(MOAT_USAGE, "%s: has no `%s`, %s", file->path, name, expected);
    }
    *out = H5Dopen2(file->file, name, H5P_DEFAULT);
    if (*out < 0) {
        return moat_error_set(MOAT_USAGE, "%s: `%s` is no variable, %s", file->path, name, expected);
    }
    hid_t space = H5Dget_space(*out);
    int found = H5Sget_simple_extent_ndims(space);
    bool fits = is_number(*out) && found == rank && H5Sget_simple_extent_dims(space, dims, NULL) == rank;
    hdf5_close(&space);
    if (!fits) {
        return moat_error_set(MOAT_USAGE, "%s: `%s` has %d dimensions%s, %s", file->path, name, found,
                              is_number(*out) ? "" : " and is not of numbers", expected);
    }
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 1 || dims[i] > INT_MAX) {
            return moat_error_set(MOAT_USAGE, "%s: `%s` has %llu %s, expected 1 to %d", file->path, name,
                                  (unsigned long long)dims[i], i == 0 ? "rows" : "columns", INT_MAX);
        }
    }
    return MOAT_OK;
}

static enum moat_status open_labels(const struct data_file *file, const char *name, hid_t *out)
{
    hsize_t dims[AXES] = {0};
    enum moat_status status = open_numbers(file, name, 1, out, dims);
    if (status == MOAT_OK && dims[0] != file->n) {
        status = moat_error_set(MOAT_USAGE, "%s: `%s` has %llu numbers and `features` %zu rows, expected as many",
                                file->path, name, (unsigned long long)dims[0], file->n);
    }
    return status;
}

/* Opens the file itself. A pipe would keep HDF5 waiting. */
static enum moat_status open_file(struct data_file *file)
{
    struct stat about;
    if (stat(file->path, &about) != 0) {
        return moat_error_set(errno == ENOENT ? MOAT_USAGE : MOAT_IO, "%s: %s, %s", file->path, strerror(errno),
                              expected);
    }
    if (!S_ISREG(about.st_mode)) {
        return moat_error_set(MOAT_USAGE, "%s: found a %s, %s", file->path,
                              S_ISDIR(about.st_mode) ? "folder" : "device or pipe", expected);
    }
    hid_t access = hdf5_access_list(false);
    file->file = H5Fopen(file->path, H5F_ACC_RDONLY, access);
    hdf5_close(&access);
    return file->file >= 0 ? MOAT_OK : hdf5_error(MOAT_USAGE, file->path, "cannot be read as HDF5");
}

enum moat_status data_file_open(const char *path, struct data_file *out)
{
    hsize_t dims[AXES] = {0};
    hdf5_begin();
    *out = (struct data_file){.file = -1, .features = -1, .performance = -1, .safety = -1, .path = strdup(path)};
    if (!out->path) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    enum moat_status status = open_file(out);
    if (status == MOAT_OK) {
        status = open_numbers(out, "features", AXES, &out->features, dims);
    }
    out->n = (size_t)dims[0];
    out->P = (size_t)dims[1];
    if (status == MOAT_OK) {
        status = open_labels(out, "performance", &out->performance);
    }
    if (status == MOAT_OK) {
        status = open_labels(out, "safety", &out->safety);
    }
    if (status == MOAT_OK && !give_cache(out->file, &out->features, out->P)) {
        status = hdf5_error(MOAT_IO, path, "cannot be read");
    }
    if (status == MOAT_OK) {
        hdf5_text_read(out->file, "title", out->title, sizeof out->title);
        hdf5_text_read(out->file, "history", out->history, sizeof out->history);
    }
    return status;
}

enum moat_status data_file_block(const struct data_file *file, size_t first_row, size_t rows, size_t first_column,
                                 size_t columns, double *out)
{
    hsize_t start[AXES] = {first_row, first_column}, count[AXES] = {rows, columns};
    if (rows == 0 || columns == 0) {
        return MOAT_OK;
    }
    hdf5_begin();
    hid_t stored = H5Dget_space(file->features), memory = H5Screate_simple(AXES, count, NULL);
    bool ok = H5Sselect_hyperslab(stored, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(file->features, H5T_NATIVE_DOUBLE, memory, stored, H5P_DEFAULT, out) >= 0;
    hdf5_close(&memory);
    hdf5_close(&stored);
    if (!ok) {
        return hdf5_error(MOAT_IO, file->path, "`features` cannot be read");
    }
    for (size_t i = 0; i < rows * columns; i++) {
        if (!isfinite(out[i])) {
            return moat_error_set(MOAT_USAGE,
                                  "%s: `features` has %g in row %zu, column %zu (counted from 0), expected finite "
                                  "numbers: leave out such rows or columns",
                                  file->path, out[i], first_row + i / columns, first_column + i % columns);
        }
    }
    return MOAT_OK;
}

enum moat_status data_file_rows(const struct data_file *file, const size_t *index, size_t count, double *out)
{
    enum moat_status status = MOAT_OK;
    for (size_t at = 0, run; at < count && status == MOAT_OK; at += run) {
        run = 1;
        while (at + run < count && index[at + run] == index[at] + run) {
            run++;
        }
        status = data_file_block(file, index[at], run, 0, file->P, out + at * file->P);
    }
    return status;
}

static enum moat_status read_labels(const struct data_file *file, const char *name, hid_t dataset, double *out)
{
    hdf5_begin();
    if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0) {
        moat_error_context(hdf5_error(MOAT_IO, file->path, "labels cannot be read"), "`%s`", name);
        return MOAT_IO;
    }
    for (size_t i = 0; i < file->n; i++) {
        if (!isfinite(out[i])) {
            return moat_error_set(MOAT_USAGE,
                                  "%s: `%s` has %g in row %zu (counted from 0), expected finite numbers: leave out "
                                  "such rows",
                                  file->path, name, out[i], i);
        }
    }
    return MOAT_OK;
}

enum moat_status data_file_labels(const struct data_file *file, double *performance, double *safety)
{
    enum moat_status status = read_labels(file, "performance", file->performance, performance);
    return status == MOAT_OK ? read_labels(file, "safety", file->safety, safety) : status;
}

void data_file_close(struct data_file *file)
{
    hdf5_close(&file->safety);
    hdf5_close(&file->performance);
    hdf5_close(&file->features);
    hdf5_close(&file->file);
    free(file->path);
    *file = (struct data_file){.file = -1, .features = -1, .performance = -1, .safety = -1};
    hdf5_begin();
}
