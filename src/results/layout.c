/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layout of a results file: coordinates and the fields of field_table at its root; groups.c has the rest.
 *
 * Dimension scales and the attributes of the CF and netCDF-4 conventions are what xarray takes names, units and missing
 * values from.
 */
#include "results/layout.h"

#include <stdlib.h>
#include <string.h>

#include "results/fill.h"
#include "results/groups.h"
#include "results/hdf5.h"
#include "results/variable.h"
#include "sweep/field.h"

static struct variable describe_field(const struct field *field, const struct grid *grid, const hid_t scale[GRID_AXES])
{
    int axis[GRID_AXES];
    size_t shape[GRID_AXES];
    bool flag = field->type == FIELD_UINT8;
    struct variable variable = {.path = field->name,
                                .units = field->units,
                                .long_name = field->long_name,
                                .type = flag ? VARIABLE_UINT8 : VARIABLE_FLOAT64,
                                .fill = flag ? NULL : &variable_nan,
                                .flags = field->flags,
                                .flag_count = field->flag_count};
    grid_block_shape(grid, shape);
    variable.rank = field_axes(field, grid, axis);
    variable.chunked = variable.rank > 0; /* a single value has no chunks */
    variable.unfilled = variable.chunked && FILL_OURSELVES;
    for (int i = 0; i < variable.rank; i++) {
        variable.dims[i] = grid->axis[axis[i]].size;
        variable.chunk[i] = shape[axis[i]];
        variable.scale[i] = scale[axis[i]];
    }
    return variable;
}

static struct variable describe_coordinate(const struct config *config, int a)
{
    const struct axis_entry *entry = &axis_table[config->sweep][a];
    return (struct variable){.path = entry->name,
                             .units = entry->units,
                             .long_name = entry->long_name,
                             .type = VARIABLE_FLOAT64,
                             .constant = true,
                             .rank = 1,
                             .dims = {config->grid.axis[a].size},
                             .scale = {-1}};
}

/* Creates the coordinates, whose scales the caller closes. */
static bool create_coordinates(hid_t file, const struct config *config, hid_t scale[GRID_AXES])
{
    bool ok = true;
    for (int a = 0; a < GRID_AXES && ok; a++) {
        if (config->grid.axis[a].scalar) {
            continue;
        }
        struct variable variable = describe_coordinate(config, a);
        scale[a] = variable_create_scale(file, &variable, config->grid.axis[a].values);
        ok = scale[a] >= 0;
        if (ok && axis_table[config->sweep][a].threshold) {
            ok = hdf5_text_write(scale[a], "tau_unit", tau_unit_name[config->tau_unit]);
        }
    }
    return ok;
}

/* Theory's exponents of a field that has some, as an attribute: one for each of theory_regimes at each nu, one nu after
   the other, NaN where theory has no such regime. netCDF knows no attributes of more axes than one. */
static bool write_theory(hid_t dataset, enum field_id field, const struct config *config)
{
    const struct axis *nu = &config->grid.axis[GRID_NU];
    const hsize_t size = MOAT_REGIME_EXPONENTS * nu->size;
    double first[MOAT_REGIME_EXPONENTS];
    if (!field_theory(field, config, nu->values[0], first)) {
        return true;
    }
    double *exponent = hdf5_allocate(size * sizeof *exponent);
    for (size_t i = 0; exponent && i < nu->size; i++) {
        field_theory(field, config, nu->values[i], exponent + MOAT_REGIME_EXPONENTS * i);
    }
    bool ok = exponent && variable_write_attribute(dataset, "theory_exponents", VARIABLE_FLOAT64, 1, &size, exponent);
    free(exponent);
    char regimes[128] = "";
    for (int i = 0; i < MOAT_REGIME_EXPONENTS; i++) {
        strcat(regimes, i > 0 ? " " : "");
        strcat(regimes, moat_regime_name[field_theory_regime[i]]);
    }
    return ok && hdf5_text_write(dataset, "theory_regimes", regimes);
}

static bool create_fields(hid_t file, const struct config *config, const hid_t scale[GRID_AXES])
{
    bool ok = true;
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        if (field_stored(&field_table[f], config)) {
            struct variable variable = describe_field(&field_table[f], &config->grid, scale);
            hid_t dataset = variable_create(file, &variable);
            ok = dataset >= 0 && write_theory(dataset, (enum field_id)f, config);
            hdf5_close(&dataset);
        }
    }
    return ok;
}

/* The shape of a block in /run, for readers. */
static bool write_block_shape(hid_t run, const struct grid *grid)
{
    int axis[GRID_AXES], rank = field_axes(&field_table[FIELD_STATUS], grid, axis);
    size_t shape[GRID_AXES];
    int64_t block_shape[GRID_AXES] = {0};
    const hsize_t size = (hsize_t)rank;
    grid_block_shape(grid, shape);
    for (int i = 0; i < rank; i++) {
        block_shape[i] = (int64_t)shape[axis[i]];
    }
    return variable_write_attribute(run, "block_shape", VARIABLE_INT64, 1, &size, block_shape);
}

bool layout_create(hid_t file, const struct config *config)
{
    hid_t scale[GRID_AXES], run = hdf5_create_group(file, "run");
    memset(scale, -1, sizeof scale);
    bool ok = run >= 0 && create_coordinates(file, config, scale) && create_fields(file, config, scale);
    for (int a = 0; a < GRID_AXES; a++) {
        hdf5_close(&scale[a]);
    }
    ok = ok && groups_create(file, config) && write_block_shape(run, &config->grid);
    hdf5_close(&run);
    return ok;
}

bool layout_fits(hid_t file, const struct config *config)
{
    const struct grid *grid = &config->grid;
    const hid_t none[GRID_AXES] = {0};
    bool ok = groups_fit(file, config);
    for (int f = 0; f < FIELD_COUNT && ok; f++) {
        struct variable variable = describe_field(&field_table[f], grid, none);
        ok = !field_stored(&field_table[f], config) || variable_fits(file, &variable);
    }
    for (int a = 0; a < GRID_AXES && ok; a++) {
        struct variable variable = describe_coordinate(config, a);
        ok = grid->axis[a].scalar || variable_holds(file, &variable, grid->axis[a].values);
    }
    return ok;
}

bool layout_find(const struct config *config, const char *path, struct variable *out, const char *axis[GRID_AXES])
{
    const struct axis_entry *entry = axis_table[config->sweep];
    const hid_t none[GRID_AXES] = {-1, -1, -1, -1, -1};
    for (int a = 0; a < GRID_AXES; a++) {
        if (!config->grid.axis[a].scalar && strcmp(path, entry[a].name) == 0) {
            *out = describe_coordinate(config, a);
            axis[0] = entry[a].name;
            return true;
        }
    }
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (field_stored(&field_table[f], config) && strcmp(path, field_table[f].name) == 0) {
            int along[GRID_AXES], rank = field_axes(&field_table[f], &config->grid, along);
            *out = describe_field(&field_table[f], &config->grid, none);
            for (int i = 0; i < rank; i++) {
                axis[i] = entry[along[i]].name;
            }
            return true;
        }
    }
    return groups_find(config, path, out, axis);
}
