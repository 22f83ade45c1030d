/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a results file holds.
 *
 * Paths, types and sizes come from the file. Everything that HDF5 would keep as text or reference in a heap, such as
 * the names of axes, comes from this version's tables instead: HDF5 1.10 may crash on a heap that is damaged.
 */
#include "results/describe.h"

#include <ctype.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/hdf5.h"
#include "results/history.h"
#include "results/layout.h"
#include "results/origins.h"
#include "results/provenance.h"
#include "results/summary.h"
#include "sweep/config.h"

/* A description in the making. */
struct description {
    const struct config *config; /* NULL if this version cannot read it */
    struct results_description *out;
    size_t room; /* of out->variable */
};

static void name_type(hid_t type, char name[DESCRIBE_TYPE_SIZE])
{
    size_t bits = 8 * H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        snprintf(name, DESCRIBE_TYPE_SIZE, "float%zu", bits);
        break;
    case H5T_INTEGER:
        snprintf(name, DESCRIBE_TYPE_SIZE, "%s%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int", bits);
        break;
    default: /* intact_check lets nothing else pass */
        snprintf(name, DESCRIBE_TYPE_SIZE, "text of %zu bytes", bits / 8);
    }
}

/* Adds this version's names of the axes, units and meaning, if the variable has the shape that they are for. */
static void add_meaning(const struct config *config, struct described_variable *variable)
{
    const char *axis[GRID_AXES] = {NULL};
    struct variable expected;
    if (!config || !layout_find(config, variable->path, &expected, axis) || expected.rank != variable->rank) {
        return;
    }
    for (int a = 0; a < expected.rank; a++) {
        if (expected.dims[a] != variable->size[a]) {
            return;
        }
    }
    memcpy(variable->axis, axis, sizeof axis);
    variable->units = expected.units;
    variable->long_name = expected.long_name;
}

/* Adds one dataset. Returns MOAT_IO, without a message, or MOAT_MEMORY. */
static enum moat_status add_variable(struct description *description, hid_t dataset, const char *path)
{
    struct results_description *out = description->out;
    if (out->variables == description->room) {
        size_t room = 2 * description->room + 32;
        struct described_variable *larger = realloc(out->variable, room * sizeof *larger);
        if (!larger) {
            return moat_error_set(MOAT_MEMORY, "out of memory for %zu variables", room);
        }
        out->variable = larger;
        description->room = room;
    }
    struct described_variable *variable = &out->variable[out->variables];
    memset(variable, 0, sizeof *variable);
    snprintf(variable->path, sizeof variable->path, "%s", path);
    for (char *c = variable->path; *c; c++) {
        *c = iscntrl((unsigned char)*c) ? '?' : *c;
    }
    hsize_t dims[DESCRIBE_AXES] = {0};
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    variable->rank = H5Sget_simple_extent_dims(space, dims, NULL);
    bool ok = variable->rank >= 0 && type >= 0;
    for (int a = 0; ok && a < variable->rank; a++) {
        variable->size[a] = (size_t)dims[a];
    }
    if (ok) {
        name_type(type, variable->type);
        add_meaning(description->config, variable);
        out->variables++;
    }
    hdf5_close(&type);
    hdf5_close(&space);
    return ok ? MOAT_OK : MOAT_IO;
}

/* Adds the datasets of a group, in the order in which they were made, then those of its groups. `prefix` is the group's
   path, with a slash at its end unless it is the root's, which is "". */
static enum moat_status add_group(struct description *description, hid_t group, const char *prefix)
{
    H5G_info_t about;
    enum moat_status status = H5Gget_info(group, &about) >= 0 ? MOAT_OK : MOAT_IO;
    for (int groups = 0; groups < (*prefix ? 1 : 2); groups++) {
        for (hsize_t i = 0; status == MOAT_OK && i < about.nlinks; i++) {
            char name[DESCRIBE_PATH_SIZE / 2] = "", path[DESCRIBE_PATH_SIZE];
            H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
            hid_t object = H5Oopen(group, name, H5P_DEFAULT);
            bool is_group = object >= 0 && H5Iget_type(object) == H5I_GROUP;
            snprintf(path, sizeof path, "%.64s%.79s%s", prefix, name, is_group ? "/" : "");
            if (object < 0) {
                status = MOAT_IO;
            } else if (is_group == (groups == 1)) {
                status = is_group ? add_group(description, object, path) : add_variable(description, object, path);
            }
            hdf5_close(&object);
        }
    }
    return status;
}

enum moat_status results_describe(const char *path, struct results_description *out)
{
    struct description description = {.out = out};
    struct config *config = NULL;
    hid_t file = -1;
    bool written_now;
    memset(out, 0, sizeof *out);
    enum moat_status status = summary_open(path, &written_now, &file);
    if (status != MOAT_OK) {
        return status;
    }
    status = provenance_read_config(file, path, "", &out->config);
    if (status != MOAT_OK) {
        goto cleanup;
    }
    out->history = history_text(file);
    out->origins = origins_text(file);
    provenance_describe_spectrum(file, out->spectrum, sizeof out->spectrum);
    status = config_parse(out->config, path, &config);
    if (status == MOAT_MEMORY) {
        goto cleanup;
    }
    description.config = config;
    hdf5_begin();
    status = add_group(&description, file, "");
    status = status == MOAT_IO ? hdf5_error(MOAT_IO, path, "cannot be read") : status;

cleanup:
    config_destroy(&config);
    hdf5_close(&file);
    return status;
}

void results_description_free(struct results_description *description)
{
    free(description->config);
    free(description->history);
    free(description->origins);
    free(description->variable);
    memset(description, 0, sizeof *description);
}
