/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The groups /run and /ridge: the tables of their scales and variables, and what follows from the tables. */
#include "results/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "moat/empirical.h"
#include "moat/sampled.h"
#include "results/hdf5.h"
#include "results/tasks.h"
#include "sweep/ladder.h"

/* netCDF-4 looks for a dimension in the variable's own group, so tasks have scales in both. */
enum group_scale {
    SCALE_HISTORY,
    SCALE_COPY,
    SCALE_BLOCK,
    SCALE_RUNG, /* from here on with a ladder only */
    SCALE_TRIAL,
    SCALE_NU,
    SCALE_LAMBDA,
    SCALE_ALPHA,
    SCALE_RUN_RUNG,
    SCALE_RUN_TRIAL,
    GROUP_SCALES
};

static const struct {
    const char *path, *units;
    const char *long_name; /* NULL: that of the grid's axis nu */
    enum variable_type type;
    enum group_scale values; /* the scale whose values this one has */
} scale_table[GROUP_SCALES] = {
    [SCALE_HISTORY] = {"run/history", "1", "place of a run's record", VARIABLE_INT64, SCALE_HISTORY},
    [SCALE_COPY] = {"run/copy", "1", "number of the record's copy", VARIABLE_INT64, SCALE_COPY},
    [SCALE_BLOCK] = {"run/block", "1", "number of the block of grid points", VARIABLE_INT64, SCALE_BLOCK},
    [SCALE_RUNG] = {"ridge/N", "data points", "rung of the ladder: number of data points", VARIABLE_FLOAT64,
                    SCALE_RUNG},
    [SCALE_TRIAL] = {"ridge/trial", "1", "number of the sampled data set", VARIABLE_FLOAT64, SCALE_TRIAL},
    [SCALE_NU] = {"ridge/nu", "1", NULL, VARIABLE_FLOAT64, SCALE_NU},
    [SCALE_LAMBDA] = {"ridge/lambda", "1", "ridge level", VARIABLE_FLOAT64, SCALE_LAMBDA},
    [SCALE_ALPHA] = {"ridge/alpha", "1", "share of data labelled for performance", VARIABLE_FLOAT64, SCALE_ALPHA},
    [SCALE_RUN_RUNG] = {"run/N", "data points", "rung of the ladder: number of data points", VARIABLE_FLOAT64,
                        SCALE_RUNG},
    [SCALE_RUN_TRIAL] = {"run/trial", "1", "number of the sampled data set", VARIABLE_FLOAT64, SCALE_TRIAL},
};

static const struct {
    int rank;
    enum group_scale scale[GRID_AXES];
    const char *needs; /* what a file that has it has: NULL for any; a variable of one kind of ladder, or of both */
} along_table[GROUP_ALONGS] = {
    [ALONG_FILE] = {0},
    [ALONG_HISTORY] = {2, {SCALE_HISTORY, SCALE_COPY}, NULL},
    [ALONG_BLOCKS] = {1, {SCALE_BLOCK}, NULL},
    [ALONG_TASKS] = {2, {SCALE_RUN_RUNG, SCALE_RUN_TRIAL}, "ridge/N"},
    [ALONG_NU] = {1, {SCALE_NU}, "ridge/nu"},
    [ALONG_TABLES] = {4, {SCALE_RUNG, SCALE_TRIAL, SCALE_NU, SCALE_LAMBDA}, "ridge/nu"},
    [ALONG_LOSSES] = {4, {SCALE_RUNG, SCALE_TRIAL, SCALE_LAMBDA, SCALE_ALPHA}, "ridge/alpha"},
};

static bool has_ladder(const struct config *config)
{
    return config->solver == SOLVER_RIDGE;
}

/* Whether the file of `config` has a scale: nu of power laws only, alpha of a measured spectrum only. */
static bool has_scale(const struct config *config, enum group_scale scale)
{
    return scale < SCALE_RUNG || (has_ladder(config) && !(scale == SCALE_NU && config->measured) &&
                                  !(scale == SCALE_ALPHA && !config->measured));
}

static size_t scale_size(const struct config *config, enum group_scale scale)
{
    switch (scale_table[scale].values) {
    case SCALE_HISTORY:
        return HISTORY_RUNS;
    case SCALE_COPY:
        return HISTORY_COPIES;
    case SCALE_BLOCK:
        return grid_blocks(&config->grid);
    case SCALE_RUNG:
        return config->ridge.N.size;
    case SCALE_TRIAL:
        return config->ridge.trials;
    case SCALE_NU:
        return config->grid.axis[GRID_NU].size;
    case SCALE_ALPHA:
        return MOAT_SAMPLED_ALPHAS;
    default:
        return LADDER_LAMBDAS;
    }
}

/* The values of a scale, int64_t or double as its type says, which the caller frees; NULL when out of memory. */
static void *scale_values(const struct config *config, enum group_scale scale)
{
    size_t size = scale_size(config, scale);
    double *values = hdf5_allocate(size * sizeof *values + 1);
    int64_t *numbers = (int64_t *)(void *)values;
    if (!values) {
        return NULL;
    }
    switch (scale_table[scale].values) {
    case SCALE_HISTORY:
    case SCALE_COPY:
    case SCALE_BLOCK:
        for (size_t i = 0; i < size; i++) {
            numbers[i] = (int64_t)i;
        }
        break;
    case SCALE_RUNG:
        memcpy(values, config->ridge.N.values, size * sizeof *values);
        break;
    case SCALE_TRIAL:
        for (size_t i = 0; i < size; i++) {
            values[i] = (double)i;
        }
        break;
    case SCALE_NU:
        memcpy(values, config->grid.axis[GRID_NU].values, size * sizeof *values);
        break;
    case SCALE_ALPHA:
        memcpy(values, moat_sampled_alpha, size * sizeof *values);
        break;
    default:
        moat_empirical_lambda(ladder_lambda_unit(config), LADDER_LAMBDAS, values);
    }
    return values;
}

static struct variable describe_scale(const struct config *config, enum group_scale scale)
{
    const char *long_name = scale_table[scale].long_name;
    return (struct variable){.path = scale_table[scale].path,
                             .units = scale_table[scale].units,
                             .long_name = long_name ? long_name : axis_table[config->sweep][GRID_NU].long_name,
                             .type = scale_table[scale].type,
                             .constant = true,
                             .rank = 1,
                             .dims = {scale_size(config, scale)},
                             .scale = {-1}};
}

bool group_is_in(hid_t file, enum group_along along)
{
    const char *needs = along_table[along].needs;
    return !needs || (H5Lexists(file, "ridge", H5P_DEFAULT) > 0 && H5Lexists(file, needs, H5P_DEFAULT) > 0);
}

/* The variable of `entry` in the file of `config`, along the scales that are open in `scale`. */
static struct variable describe(const struct config *config, const struct group_entry *entry,
                                const hid_t scale[GROUP_SCALES])
{
    struct variable variable = {.path = entry->path,
                                .units = entry->units ? entry->units : "1",
                                .long_name = entry->long_name,
                                .type = entry->type,
                                .text_size = entry->size > 0 ? entry->size : strlen(config->text),
                                .fill = entry->fill,
                                .flags = entry->flags,
                                .flag_count = entry->flag_count,
                                .constant = entry->constant,
                                .chunked = group_is_table(entry->along),
                                .rank = along_table[entry->along].rank};
    for (int a = 0; a < variable.rank; a++) {
        enum group_scale along = along_table[entry->along].scale[a];
        variable.dims[a] = scale_size(config, along);
        variable.chunk[a] = along == SCALE_RUNG || along == SCALE_TRIAL ? 1 : variable.dims[a];
        variable.scale[a] = scale[along];
    }
    return variable;
}

static bool create_scales(hid_t file, const struct config *config, hid_t scale[GROUP_SCALES])
{
    bool ok = true;
    for (int s = 0; s < GROUP_SCALES && ok; s++) {
        if (!has_scale(config, (enum group_scale)s)) {
            continue;
        }
        struct variable variable = describe_scale(config, (enum group_scale)s);
        void *values = scale_values(config, (enum group_scale)s);
        scale[s] = values ? variable_create_scale(file, &variable, values) : -1;
        ok = scale[s] >= 0;
        free(values);
    }
    return ok;
}

static bool stored(const struct group_entry *entry, const struct config *config)
{
    bool all = true;
    for (int a = 0; a < along_table[entry->along].rank; a++) {
        all = all && has_scale(config, along_table[entry->along].scale[a]);
    }
    return all;
}

static bool create_variables(hid_t file, const struct config *config, const hid_t scale[GROUP_SCALES])
{
    bool ok = true;
    for (int v = 0; v < group_variables && ok; v++) {
        if (stored(&group_table[v], config)) {
            struct variable variable = describe(config, &group_table[v], scale);
            hid_t dataset = variable_create(file, &variable);
            ok = dataset >= 0;
            hdf5_close(&dataset);
        }
    }
    return ok;
}

bool groups_create(hid_t file, const struct config *config)
{
    hid_t scale[GROUP_SCALES], ridge = -1;
    memset(scale, -1, sizeof scale);
    if (has_ladder(config)) {
        ridge = hdf5_create_group(file, "ridge");
    }
    bool ok = (ridge >= 0 || !has_ladder(config)) && create_scales(file, config, scale) &&
              create_variables(file, config, scale) &&
              (!has_ladder(config) || config->measured || tasks_write_A0(file, config));
    for (int s = 0; s < GROUP_SCALES; s++) {
        hdf5_close(&scale[s]);
    }
    hdf5_close(&ridge);
    return ok;
}

bool groups_fit(hid_t file, const struct config *config)
{
    const hid_t none[GROUP_SCALES] = {0};
    bool ok = true;
    for (int v = 0; v < group_variables && ok; v++) { /* the config's text may be spelt in another way */
        struct variable variable = describe(config, &group_table[v], none);
        bool checked = stored(&group_table[v], config) && group_table[v].along != ALONG_FILE;
        ok = !checked || variable_fits(file, &variable);
    }
    struct variable rungs = describe_scale(config, SCALE_RUNG);
    return ok && (!has_ladder(config) || variable_holds(file, &rungs, config->ridge.N.values));
}

bool groups_find(const struct config *config, const char *path, struct variable *out, const char *axis[GRID_AXES])
{
    const hid_t none[GROUP_SCALES] = {0};
    for (int s = 0; s < GROUP_SCALES; s++) {
        if (strcmp(path, scale_table[s].path) == 0) {
            *out = describe_scale(config, (enum group_scale)s);
            axis[0] = strrchr(scale_table[s].path, '/') + 1;
            return true;
        }
    }
    for (int v = 0; v < group_variables; v++) {
        if (strcmp(path, group_table[v].path) == 0) {
            *out = describe(config, &group_table[v], none);
            for (int a = 0; a < out->rank; a++) {
                axis[a] = strrchr(scale_table[along_table[group_table[v].along].scale[a]].path, '/') + 1;
            }
            return true;
        }
    }
    return false;
}

double groups_bytes(const struct config *config)
{
    double bytes = has_ladder(config) ? 65536 : 0; /* structure of the group */
    for (int v = 0; v < group_variables; v++) {
        const struct group_entry *entry = &group_table[v];
        const hid_t none[GROUP_SCALES] = {0};
        struct variable variable = describe(config, entry, none);
        double values = stored(entry, config) ? 1 : 0, chunks = variable.chunked ? values : 0;
        for (int a = 0; a < variable.rank; a++) {
            values *= (double)variable.dims[a];
            chunks *= ceil((double)variable.dims[a] / (double)(variable.chunked ? variable.chunk[a] : 1));
        }
        bytes += values * (double)variable_bytes(&variable) + 16 * chunks;
    }
    for (int s = 0; s < GROUP_SCALES; s++) {
        bytes += has_scale(config, (enum group_scale)s) ? 8 * (double)scale_size(config, (enum group_scale)s) : 0;
    }
    return bytes;
}
