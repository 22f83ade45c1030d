/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a spectrum file, under a temporary name until it is complete. */
#include "results/spectrum_write.h"

#include <errno.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/claim.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/identity.h"
#include "results/variable.h"

enum { ATTRIBUTES_MAX = 64 };

/* Whether moat wrote the file as a spectrum. */
static bool is_ours(const char *path)
{
    hid_t access = hdf5_access_list(false), file = H5Fopen(path, H5F_ACC_RDONLY, access);
    bool ours = file >= 0 && H5Lexists(file, "eigenvalue", H5P_DEFAULT) > 0 && H5Aexists(file, "moat_version") > 0;
    hdf5_close(&file);
    hdf5_close(&access);
    hdf5_begin();
    return ours;
}

enum moat_status spectrum_write_check(const char *path, bool force)
{
    char *target = NULL;
    bool exists = false;
    hdf5_begin();
    enum moat_status status = handle_resolve_path(path, &target);
    if (status == MOAT_OK) {
        status = identity_check_hdf5(path, "a spectrum file", identity_refused, &exists);
    }
    if (status == MOAT_OK && exists && !is_ours(target)) {
        status = moat_error_set(MOAT_USAGE, "%s: no spectrum file that moat wrote%s", path, identity_refused);
    } else if (status == MOAT_OK && exists && !force) {
        status = moat_error_set(MOAT_USAGE, "%s: holds a spectrum already%s", path, identity_replace);
    }
    const char *folder = target ? dirname(target) : NULL;
    if (status == MOAT_OK && folder && access(folder, W_OK | X_OK) != 0) {
        status = moat_error_set(MOAT_USAGE, "%s: the output folder %s cannot be written: %s: choose another with -o",
                                path, folder, strerror(errno));
    }
    free(target);
    return status;
}

static bool write_variables(hid_t file, const struct spectrum_contents *contents)
{
    int64_t *number = malloc(contents->directions * sizeof *number);
    struct variable feature = {.path = "feature",
                               .units = "1",
                               .long_name = "direction, by descending variance",
                               .type = VARIABLE_INT64,
                               .rank = 1,
                               .dims = {contents->directions},
                               .scale = {-1}};
    for (size_t k = 0; number && k < contents->directions; k++) {
        number[k] = (int64_t)k + 1;
    }
    hid_t scale = number ? variable_create_scale(file, &feature, number) : -1;
    bool ok = scale >= 0;
    for (const struct spectrum_variable *row = contents->variables; ok && row->name; row++) {
        struct variable variable = feature;
        variable.path = row->name;
        variable.long_name = row->long_name;
        variable.type = VARIABLE_FLOAT64;
        variable.scale[0] = scale;
        hid_t dataset = variable_create(file, &variable);
        ok = dataset >= 0 && H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, row->values) >= 0;
        ok = hdf5_close(&dataset) && ok;
    }
    free(number);
    return hdf5_close(&scale) && ok;
}

static bool write_attributes(hid_t file, const struct spectrum_contents *contents)
{
    bool ok = true;
    for (const struct spectrum_text *row = contents->texts; ok && row->name; row++) {
        ok = !*row->value || hdf5_text_fix(file, row->name, row->value, 0);
    }
    for (const struct spectrum_number *row = contents->numbers; ok && row->name; row++) {
        ok = variable_write_attribute(file, row->name, VARIABLE_FLOAT64, 0, NULL, &row->value);
    }
    return ok;
}

/* Writes and closes the file `temporary`, to whose descriptor `lock` it belongs. */
static enum moat_status write_file(const char *path, const char *temporary, int lock,
                                   const struct spectrum_contents *contents)
{
    hid_t access_list = hdf5_access_list(false), list = H5Pcreate(H5P_FILE_CREATE), file = -1;
    bool ok = H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0 &&
              H5Pset_attr_phase_change(list, ATTRIBUTES_MAX, 0) >= 0 && H5Pset_obj_track_times(list, false) >= 0;
    if (ok) {
        file = H5Fcreate(temporary, H5F_ACC_TRUNC, list, access_list);
    }
    ok = file >= 0 && write_variables(file, contents) && write_attributes(file, contents);
    ok = hdf5_close(&file) && ok && !hdf5_failed() && hdf5_sync(lock);
    hdf5_close(&list);
    hdf5_close(&access_list);
    return ok ? MOAT_OK : hdf5_error(MOAT_IO, path, "cannot be written");
}

enum moat_status spectrum_write(const char *path, bool force, const struct launch *launch,
                                const struct spectrum_contents *contents)
{
    char *target = NULL, *temporary = NULL;
    int lock = -1;
    hdf5_begin();
    enum moat_status status = handle_resolve_path(path, &target);
    if (status == MOAT_OK && asprintf(&temporary, "%s%s", target, claim_suffix) < 0) {
        temporary = NULL;
        status = moat_error_set(MOAT_MEMORY, "out of memory");
    }
    if (status == MOAT_OK) {
        status = claim_take(temporary, launch, &lock);
    }
    if (status == MOAT_OK) {
        status = write_file(path, temporary, lock, contents);
        if (status == MOAT_OK) {
            status = spectrum_write_check(path, force); /* another process may have been here meanwhile */
        }
        if (status == MOAT_OK) {
            claim_end(lock);
        }
        if (status == MOAT_OK && rename(temporary, target) != 0) {
            status = moat_error_set(MOAT_IO, "%s: cannot be created: %s", path, strerror(errno));
        }
        if (status != MOAT_OK) {
            unlink(temporary); // NOLINT(clang-analyzer-core.NonNullParamChecker): asprintf set it
        }
    }
    if (lock >= 0) {
        close(lock);
    }
    free(temporary);
    free(target);
    return status;
}
