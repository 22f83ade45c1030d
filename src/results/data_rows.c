/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a data file as the population of a sweep's samples. */
#include "results/data_rows.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "results/checksum.h"
#include "results/data_file.h"
#include "ridge/blas.h"

/* By how much the sums of the eigenvalues may differ, of the data and of the spectrum: more is another data set. */
#define TRACES_DIFFER 0.2
#define TARGETS_DIFFER 2

static double largest_eigenvalue(const struct moat_measured_spectrum *spectrum)
{
    double largest = 0;
    for (size_t i = 0; i < spectrum->n; i++) {
        largest = fmax(largest, spectrum->sigma[i]);
    }
    return largest;
}

/* The sum of the `count` largest eigenvalues is at most that of all; a spectrum may leave the least of them out. */
static double trace(size_t n, const double *sigma, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < n && i < count; i++) {
        sum += sigma[i];
    }
    return sum;
}

/* Refuses labels that the spectrum cannot be of. Noise makes L_star of the fits larger, so only a factor tells. */
static enum moat_status compare_labels(const struct config *config, const struct ridge_rows *rows)
{
    struct ridge_population population = ridge_rows_population(rows);
    double expected = ridge_targets_distance(&config->directions.spectrum),
           found = ridge_targets_distance(&population.spectrum);
    if (found <= TARGETS_DIFFER * expected && expected <= TARGETS_DIFFER * found) {
        return MOAT_OK;
    }
    return moat_error_set(MOAT_USAGE,
                          "its labels have L_star = %g, but the spectrum %s has %g: expected the spectrum of the same "
                          "labels in the same units (moat measure --whole-population)",
                          found, config->spectrum, expected);
}

/* Refuses a spectrum that cannot be that of the rows. */
static enum moat_status compare(const struct config *config, const struct ridge_rows *rows)
{
    const struct moat_measured_spectrum *spectrum = &config->directions.spectrum;
    double expected = trace(spectrum->n, spectrum->sigma, spectrum->n),
           found = trace(rows->P, rows->sigma, spectrum->n);
    if (fabs(found - expected) <= TRACES_DIFFER * expected) {
        return MOAT_OK;
    }
    return moat_error_set(MOAT_USAGE,
                          "its %zu rows have %zu directions, of which the first %zu have a variance of %g times the "
                          "largest in all, but the spectrum %s has %g: expected the spectrum of the same data (moat "
                          "measure)",
                          rows->n, rows->P, spectrum->n, found / rows->sigma[0], config->spectrum,
                          expected / rows->sigma[0]);
}

static enum moat_status read_rows(const struct data_file *file, struct config *config)
{
    size_t cells = file->n * file->P;
    double bytes = 8 * (double)(cells + 2 * file->n) + ridge_rows_making_bytes((double)file->n, (double)file->P);
    if (!(bytes < (double)SIZE_MAX / 2) || !memory_left((size_t)bytes)) {
        return moat_error_set(MOAT_MEMORY,
                              "%s: its %zu rows of %zu features take %.3g GB while their covariance is made, which are "
                              "not there: give rank 0 more memory, or fewer rows or features",
                              file->path, file->n, file->P, bytes / 1e9);
    }
    double *feature = malloc((cells + 2 * file->n) * sizeof *feature);
    if (!feature) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu rows of %zu features: %.3g GB", file->n, file->P,
                              (double)cells * 8e-9);
    }
    double *const label[2] = {feature + cells, feature + cells + file->n};
    struct ridge_rows *rows = NULL;
    enum moat_status status = data_file_block(file, 0, file->n, 0, file->P, feature);
    if (status == MOAT_OK) {
        status = data_file_labels(file, label[0], label[1]);
    }
    if (status == MOAT_OK) {
        status = ridge_start_blas();
    }
    if (status == MOAT_OK) {
        config->rows_checksum = checksum_add(0, feature, (cells + 2 * file->n) * sizeof *feature);
        status = ridge_rows_create(file->n, file->P, feature, (const double *const *)label,
                                   largest_eigenvalue(&config->directions.spectrum), &rows);
        status = status == MOAT_OK ? compare(config, rows) : status;
        status = status == MOAT_OK ? compare_labels(config, rows) : status;
        status = status == MOAT_USAGE ? moat_error_context(status, "%s", file->path) : status;
    }
    if (status == MOAT_OK) {
        ridge_rows_destroy(&config->rows);
        config->rows = rows;
        rows = NULL;
    }
    ridge_rows_destroy(&rows);
    free(feature);
    return status;
}

/* Opens the file that the config names, and reads it if there is a receiver. */
static enum moat_status with_file(const struct config *config, struct config *receiver)
{
    struct data_file file = {.file = -1, .features = -1, .performance = -1, .safety = -1};
    char *path = NULL;
    if (!config->ridge.data) {
        return MOAT_OK;
    }
    enum moat_status status = config_locate(config, config->ridge.data, &path);
    if (status == MOAT_OK) {
        status = data_file_open(path, &file);
        if (status == MOAT_OK) { /* before its numbers are read */
            status = ridge_rows_check(file.n, file.P);
            status = status == MOAT_OK ? status : moat_error_context(status, "%s", path);
        }
        if (status == MOAT_OK && receiver) {
            status = read_rows(&file, receiver);
        }
        if (status != MOAT_OK && status != MOAT_MEMORY) {
            moat_error_context(status, "ridge.data");
        }
        data_file_close(&file);
    }
    free(path);
    return status;
}

enum moat_status data_rows_give(struct config *config)
{
    return with_file(config, config);
}

enum moat_status data_rows_check(const struct config *config)
{
    return with_file(config, NULL);
}
