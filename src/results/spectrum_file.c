/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a spectrum file. HDF5 converts whatever numbers there are to doubles. */
#include "results/spectrum_file.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>

#include "results/checksum.h"
#include "results/hdf5.h"
#include "results/identity.h"

enum { VARIABLES = 4 };
static const char *const variable_names[VARIABLES] = {"eigenvalue", "alignment_performance", "alignment_safety",
                                                      "alignment_joint"};
static const char kind[] = "a spectrum file";
static const char expected[] = "expected the variables eigenvalue, alignment_performance, alignment_safety and "
                               "alignment_joint: one number of each "
                               "for every direction";

static bool is_number(hid_t type)
{
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_FLOAT || class == H5T_INTEGER;
}

/* The length of an open variable. */
static enum moat_status measure(const char *path, const char *name, hid_t dataset, hsize_t *length)
{
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    bool fits = rank == 1 && is_number(type) && H5Sget_simple_extent_dims(space, length, NULL) == 1;
    hdf5_close(&type);
    hdf5_close(&space);
    if (!fits) {
        return moat_error_set(MOAT_USAGE, "%s: `%s` is not a list of numbers (it has %d dimensions), %s", path, name,
                              rank, expected);
    }
    return *length >= 1 && *length <= SPECTRUM_DIRECTIONS_MAX
               ? MOAT_OK
               : moat_error_set(MOAT_USAGE, "%s: `%s` has %llu numbers, expected 1 to %d", path, name,
                                (unsigned long long)*length, SPECTRUM_DIRECTIONS_MAX);
}

/* Reads variable k into its part of out->value, for which the first one makes room. */
static enum moat_status read_variable(hid_t file, const char *path, int k, struct directions *out)
{
    const char *name = variable_names[k];
    hsize_t length = 0;
    if (H5Lexists(file, name, H5P_DEFAULT) <= 0) {
        return moat_error_set(MOAT_USAGE, "%s: has no variable `%s`, %s", path, name, expected);
    }
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    enum moat_status status =
        dataset < 0 ? hdf5_error(MOAT_USAGE, path, "cannot be read") : measure(path, name, dataset, &length);
    if (status == MOAT_OK && k == 0) {
        status = directions_allocate((size_t)length, out);
    }
    if (status == MOAT_OK && (size_t)length != out->spectrum.n) {
        status = moat_error_set(MOAT_USAGE, "%s: `%s` has %zu numbers and `%s` has %zu, expected as many", path, name,
                                (size_t)length, variable_names[0], out->spectrum.n);
    }
    if (status == MOAT_OK && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                     out->value + (size_t)k * out->spectrum.n) < 0) {
        status = hdf5_error(MOAT_IO, path, "cannot be read");
    }
    hdf5_close(&dataset);
    return status;
}

/* Reads a noise variance, 0 where the file has none. A value that is an array of one number, as some tools write it, is
   that number. */
static enum moat_status read_noise(hid_t file, const char *path, const char *name, double *out)
{
    *out = 0;
    if (H5Aexists(file, name) <= 0) {
        return MOAT_OK;
    }
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    bool ok =
        is_number(type) && H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attribute, H5T_NATIVE_DOUBLE, out) >= 0;
    hdf5_close(&space);
    hdf5_close(&type);
    hdf5_close(&attribute);
    return ok ? MOAT_OK
              : moat_error_set(MOAT_USAGE,
                               "%s: the attribute `%s` is not one number, expected a variance of label noise", path,
                               name);
}

/* Reads all that is read of the open file. */
static enum moat_status read_all(hid_t file, const char *path, struct directions *out)
{
    struct moat_measured_spectrum *spectrum = &out->spectrum;
    enum moat_status status = MOAT_OK;
    for (int k = 0; k < VARIABLES && status == MOAT_OK; k++) {
        status = read_variable(file, path, k, out);
    }
    if (status == MOAT_OK) {
        status = read_noise(file, path, "noise_performance", &spectrum->noise1);
    }
    if (status == MOAT_OK) {
        status = read_noise(file, path, "noise_safety", &spectrum->noise2);
    }
    if (status == MOAT_OK) {
        hdf5_text_read(file, "title", out->title, sizeof out->title);
        out->checksum = checksum_add(0, out->value, VARIABLES * spectrum->n * sizeof *out->value);
        out->checksum = checksum_add(out->checksum, &spectrum->noise1, sizeof spectrum->noise1);
        out->checksum = checksum_add(out->checksum, &spectrum->noise2, sizeof spectrum->noise2);
    }
    return status;
}

enum moat_status spectrum_file_load(const char *path, struct directions *out)
{
    bool exists;
    *out = (struct directions){0};
    hdf5_begin();
    enum moat_status status = identity_check_hdf5(path, kind, "", &exists);
    if (status == MOAT_OK && !exists) {
        status = moat_error_set(MOAT_USAGE, "%s: no such file, expected %s", path, kind);
    }
    if (status != MOAT_OK) {
        return status;
    }
    hid_t access = hdf5_access_list(false), file = H5Fopen(path, H5F_ACC_RDONLY, access);
    status = file < 0 ? hdf5_error(MOAT_USAGE, path, "cannot be read as a spectrum file") : read_all(file, path, out);
    hdf5_close(&file);
    hdf5_close(&access);
    hdf5_begin();
    return status;
}

enum moat_status spectrum_file_load_checked(const char *path, struct directions *out)
{
    enum moat_status status = spectrum_file_load(path, out);
    if (status == MOAT_OK) {
        status = moat_measured_check(&out->spectrum);
        status = status == MOAT_OK ? MOAT_OK : moat_error_context(status, "%s", path);
    }
    return status;
}

enum moat_status spectrum_file_give(struct config *config)
{
    struct directions directions = {0};
    char *path = NULL;
    if (!config->measured) {
        return MOAT_OK;
    }
    enum moat_status status = config_locate(config, config->spectrum, &path);
    if (status == MOAT_OK) {
        status = spectrum_file_load_checked(path, &directions);
    }
    if (status == MOAT_OK) {
        config_give_directions(config, &directions);
    } else if (status != MOAT_MEMORY) {
        moat_error_context(status, "model.spectrum");
    }
    directions_free(&directions);
    free(path);
    return status;
}
