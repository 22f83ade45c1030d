/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The root attributes of a results file, and the config's text.
 *
 * Texts are strings of fixed length. They lie in the header of the root group, which has a checksum, and not in one of
 * HDF5's heaps, which have none. The config may be longer than a header can hold: so its attribute, a copy for people,
 * has a variable length and is never read back. moat reads the text in /run, which has a checksum.
 */
#include "results/provenance.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "moat/version.h"
#include "results/checksum.h"
#include "results/hdf5.h"
#include "results/variable.h"

enum { FORMAT_VERSION = 2, NAME_SIZE = 256 /* of the name, which the header has room for */ };
static const char references[] =
    "Jagadeesan, Jordan and Steinhardt, arXiv 2409.03734; PNAS 2025, doi 10.1073/pnas.2510004122";

static bool write_number(hid_t file, const char *name, double value)
{
    return variable_write_attribute(file, name, VARIABLE_FLOAT64, 0, NULL, &value);
}

static bool write_integer(hid_t file, const char *name, int64_t value)
{
    return variable_write_attribute(file, name, VARIABLE_INT64, 0, NULL, &value);
}

/* Reads an attribute that is one number. False where it is not one, or not there. */
static bool read_one(hid_t file, const char *name, hid_t type, void *value)
{
    if (H5Aexists(file, name) <= 0) {
        return false;
    }
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), space = H5Aget_space(attribute);
    bool ok = H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attribute, type, value) >= 0;
    hdf5_close(&space);
    hdf5_close(&attribute);
    return ok;
}

/* The value of an attribute: `none` where there is none, 0 where it is not one number. */
static int64_t read_integer(hid_t file, const char *name, int64_t none)
{
    int64_t value = none;
    if (H5Aexists(file, name) > 0 && !read_one(file, name, H5T_NATIVE_INT64, &value)) {
        value = 0;
    }
    return value;
}

/* The value of an attribute that is one number, else NaN. */
static double read_number(hid_t file, const char *name)
{
    double value = NAN;
    return read_one(file, name, H5T_NATIVE_DOUBLE, &value) ? value : NAN;
}

/* What the file is and where it comes from. */
static bool write_origin(hid_t file, const struct config *config)
{
    char now[32], title[NAME_SIZE];
    time_t seconds = time(NULL);
    struct tm utc;
    hdf5_text_copy(title, sizeof title, config->name);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    return hdf5_text_fix(file, "Conventions", "CF-1.10", 0) && hdf5_text_fix(file, "title", title, 0) &&
           hdf5_text_fix(file, "references", references, 0) && hdf5_text_fix(file, "date_created", now, 0) &&
           hdf5_text_fix(file, "moat_version", moat_version(), 0) &&
           hdf5_text_fix(file, "git_revision", moat_revision(), 0) &&
           write_integer(file, "format_version", FORMAT_VERSION);
}

/* The measured spectrum that takes the place of gamma, and P, the number of its directions. */
static bool write_spectrum(hid_t file, const struct config *config)
{
    const struct directions *directions = &config->directions;
    char path[NAME_SIZE];
    hdf5_text_copy(path, sizeof path, config->spectrum);
    return hdf5_text_fix(file, "spectrum", path, 0) &&
           (!*directions->title || hdf5_text_fix(file, "spectrum_title", directions->title, 0)) &&
           write_integer(file, "spectrum_checksum", directions->checksum) &&
           write_number(file, "noise_performance", directions->spectrum.noise1) &&
           write_number(file, "noise_safety", directions->spectrum.noise2);
}

/* The data whose rows are sampled. */
static bool write_data(hid_t file, const struct config *config)
{
    char path[NAME_SIZE];
    hdf5_text_copy(path, sizeof path, config->ridge.data);
    return hdf5_text_fix(file, "data", path, 0) && write_integer(file, "data_checksum", config->rows_checksum) &&
           write_integer(file, "data_rows", (int64_t)config->rows->n) &&
           write_integer(file, "data_directions", (int64_t)config->rows->P);
}

int64_t provenance_data_checksum(hid_t file)
{
    return read_integer(file, "data_checksum", -1);
}

int64_t provenance_spectrum_checksum(hid_t file)
{
    return read_integer(file, "spectrum_checksum", -1);
}

bool provenance_has_data(hid_t file, const struct config *config)
{
    int64_t expected = config->rows ? (int64_t)config->rows_checksum : -1;
    return provenance_data_checksum(file) == expected;
}

bool provenance_has_spectrum(hid_t file, const struct config *config)
{
    int64_t expected = config->measured ? (int64_t)config->directions.checksum : -1;
    return provenance_spectrum_checksum(file) == expected;
}

void provenance_describe_spectrum(hid_t file, char *text, size_t size)
{
    char path[NAME_SIZE], title[NAME_SIZE];
    *text = '\0';
    if (hdf5_text_read(file, "spectrum", path, sizeof path)) {
        hdf5_text_read(file, "spectrum_title", title, sizeof title);
        snprintf(
            text, size,
            "%s%s%s%s, %.0f directions, label noise of variance %.6g (performance) and %.6g (safety), checksum of the "
            "numbers %lld",
            path, *title ? " (" : "", title, *title ? ")" : "", read_number(file, "P"),
            read_number(file, "noise_performance"), read_number(file, "noise_safety"),
            (long long)read_integer(file, "spectrum_checksum", -1));
    }
}

double provenance_directions(hid_t file)
{
    return (double)read_integer(file, "data_directions", read_integer(file, "P", 0));
}

static bool write_sweep(hid_t file, const struct config *config)
{
    const struct axis *first = &config->grid.axis[GRID_TAU_I];
    char name[NAME_SIZE];
    bool market = config->sweep == SWEEP_MARKET_ENTRY;
    hdf5_text_copy(name, sizeof name, config->name);
    bool ok = hdf5_text_fix(file, "name", name, 0) && hdf5_text_fix(file, "sweep", sweep_name[config->sweep], 0) &&
              hdf5_text_fix(file, "solver", solver_name[config->solver], 0) &&
              (config->measured ? write_spectrum(file, config) : write_number(file, "gamma", config->gamma)) &&
              write_number(file, "P", config->P);
    if (ok && market) {
        ok = hdf5_text_fix(file, "scrutiny", scrutiny_name[config->scrutiny], 0) &&
             hdf5_text_fix(file, "tau_unit", tau_unit_name[config->tau_unit], 0);
    }
    if (ok && market && first->scalar) {
        ok = write_number(file, "tau_I", first->values[0]);
    }
    if (ok && config->solver == SOLVER_RIDGE) {
        ok = write_integer(file, "seed", (int64_t)config->ridge.seed) &&
             write_integer(file, "trials", (int64_t)config->ridge.trials) &&
             (!config->ridge.data || write_data(file, config));
    }
    return ok;
}

/* Writes the one value of a variable of /run. */
static bool write_value(hid_t file, const char *path, enum variable_type type, const void *value)
{
    hid_t dataset = variable_open(file, path);
    bool ok = dataset >= 0 && variable_write_box(dataset, type, 0, NULL, NULL, value);
    return hdf5_close(&dataset) && ok;
}

bool provenance_write(hid_t file, const struct config *config)
{
    uint32_t checksum = checksum_add(0, config->text, strlen(config->text));
    return write_origin(file, config) && write_sweep(file, config) && hdf5_text_write(file, "config", config->text) &&
           write_value(file, "run/config", VARIABLE_TEXT, config->text) &&
           write_value(file, "run/config_checksum", VARIABLE_UINT32, &checksum);
}

enum moat_status provenance_check_format(hid_t file, const char *path, const char *advice)
{
    int64_t format = read_integer(file, "format_version", 1); /* files of version 0.1.0 have none */
    char version[64] = "0.1.0";
    if (format == FORMAT_VERSION) {
        return MOAT_OK;
    }
    if (format != 1 && !hdf5_text_read(file, "moat_version", version, sizeof version)) {
        snprintf(version, sizeof version, "of another version");
    }
    return moat_error_set(MOAT_USAGE,
                          "%s: found format %lld of results files, which moat %s wrote; expected format %d%s", path,
                          (long long)format, version, FORMAT_VERSION, advice);
}

enum moat_status provenance_read_config(hid_t file, const char *path, const char *advice, char **text)
{
    enum moat_status status = MOAT_OK;
    uint32_t checksum = 0;
    hid_t dataset = variable_open(file, "run/config"), sum = variable_open(file, "run/config_checksum");
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), sum_space = H5Dget_space(sum);
    size_t size = H5Tget_size(type);
    bool ok = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 && size > 0 &&
              H5Sget_simple_extent_npoints(space) == 1 && H5Sget_simple_extent_npoints(sum_space) == 1;
    *text = ok ? calloc(size + 1, 1) : NULL;
    if (ok && !*text) {
        status = moat_error_set(MOAT_MEMORY, "out of memory for a config of %zu bytes", size);
    } else if (!ok || !variable_read(dataset, VARIABLE_TEXT, *text) ||
               !variable_read(sum, VARIABLE_UINT32, &checksum) || checksum != checksum_add(0, *text, size)) {
        free(*text);
        *text = NULL;
        status = moat_error_set(MOAT_USAGE, "%s: damaged, at `run/config`%s", path, advice);
    }
    hdf5_close(&sum_space);
    hdf5_close(&space);
    hdf5_close(&type);
    hdf5_close(&sum);
    hdf5_close(&dataset);
    return status;
}
