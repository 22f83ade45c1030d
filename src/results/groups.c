/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The groups /run and /ridge: the tables of their scales and variables, and what follows from the tables. */
#include "results/groups.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "moat/spectrum.h"
#include "results/hdf5.h"
#include "sweep/ladder.h"

/* netCDF-4 looks for a dimension in the variable's own group, so tasks have scales in both. */
enum group_scale {
    SCALE_BLOCK,
    SCALE_RUNG,
    SCALE_TRIAL,
    SCALE_NU,
    SCALE_LAMBDA,
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
    [SCALE_BLOCK] = {"run/block", "1", "number of the block of grid points", VARIABLE_INT64, SCALE_BLOCK},
    [SCALE_RUNG] = {"ridge/N", "data points", "rung of the ladder: number of data points", VARIABLE_FLOAT64,
                    SCALE_RUNG},
    [SCALE_TRIAL] = {"ridge/trial", "1", "number of the sampled data set", VARIABLE_FLOAT64, SCALE_TRIAL},
    [SCALE_NU] = {"ridge/nu", "1", NULL, VARIABLE_FLOAT64, SCALE_NU},
    [SCALE_LAMBDA] = {"ridge/lambda", "1", "ridge level", VARIABLE_FLOAT64, SCALE_LAMBDA},
    [SCALE_RUN_RUNG] = {"run/N", "data points", "rung of the ladder: number of data points", VARIABLE_FLOAT64,
                        SCALE_RUNG},
    [SCALE_RUN_TRIAL] = {"run/trial", "1", "number of the sampled data set", VARIABLE_FLOAT64, SCALE_TRIAL},
};

static const struct {
    int rank;
    enum group_scale scale[GRID_AXES];
} along_table[GROUP_ALONGS] = {
    [ALONG_BLOCKS] = {1, {SCALE_BLOCK}},
    [ALONG_NU] = {1, {SCALE_NU}},
    [ALONG_TABLES] = {4, {SCALE_RUNG, SCALE_TRIAL, SCALE_NU, SCALE_LAMBDA}},
    [ALONG_TASKS] = {2, {SCALE_RUN_RUNG, SCALE_RUN_TRIAL}},
};

static const char *const block_states[] = {"pending", "done"};
static const char *const task_states[] = {"pending", "done", "failed"};

const struct group_entry group_table[GROUP_VARIABLES] = {
    [RUN_BLOCK_STATE] = {"run/block_state", "1", "whether the block's values are in the file", VARIABLE_UINT8,
                         ALONG_BLOCKS, .flags = block_states, .flag_count = 2},
    [RUN_BLOCK_SECONDS] = {"run/block_seconds", "s", "time it took to solve the block", VARIABLE_FLOAT64, ALONG_BLOCKS,
                           .fill = &variable_nan},
    [RUN_BLOCK_RANK] = {"run/block_rank", "1", "MPI rank that solved the block, -1 for none", VARIABLE_INT32,
                        ALONG_BLOCKS, .fill = &variable_no_rank},
    [RUN_BLOCK_CHECKSUM] = {"run/block_checksum", "1", "CRC-32 of the block's values, field by field", VARIABLE_UINT32,
                            ALONG_BLOCKS, .fill = NULL},
    [RIDGE_A0] = {"ridge/A0", "1", "loss of predicting zero, E |beta|^2_Sigma", VARIABLE_FLOAT64, ALONG_NU,
                  .constant = true},
    [RIDGE_A1] = {"ridge/A1", "1", "loss of ridge regression on its own target", VARIABLE_FLOAT64, ALONG_TABLES,
                  .fill = &variable_nan},
    [RIDGE_A2] = {"ridge/A2", "1", "part of its own target that ridge regression misses", VARIABLE_FLOAT64,
                  ALONG_TABLES, .fill = &variable_nan},
    [RIDGE_D] = {"ridge/D", "1", "loss that the label noise of a unit mixture adds", VARIABLE_FLOAT64, ALONG_TABLES,
                 .fill = &variable_nan},
    [RUN_TASK_STATE] = {"run/task_state", "1", "whether the task's tables are in the file", VARIABLE_UINT8, ALONG_TASKS,
                        .flags = task_states, .flag_count = 3},
    [RUN_TASK_SECONDS] = {"run/task_seconds", "s", "time it took to solve the task", VARIABLE_FLOAT64, ALONG_TASKS,
                          .fill = &variable_nan},
    [RUN_TASK_RANK] = {"run/task_rank", "1", "MPI rank that led the task, -1 for none", VARIABLE_INT32, ALONG_TASKS,
                       .fill = &variable_no_rank},
    [RUN_TASK_MESSAGE] = {"run/task_message", "1", "why the task failed", VARIABLE_TEXT, ALONG_TASKS, .fill = NULL},
    [RUN_TASK_CHECKSUM] = {"run/task_checksum", "1", "CRC-32 of the task's state and tables", VARIABLE_UINT32,
                           ALONG_TASKS, .fill = NULL},
};

static size_t scale_size(const struct config *config, enum group_scale scale)
{
    switch (scale_table[scale].values) {
    case SCALE_BLOCK:
        return grid_blocks(&config->grid);
    case SCALE_RUNG:
        return config->ridge.N.size;
    case SCALE_TRIAL:
        return config->ridge.trials;
    case SCALE_NU:
        return config->grid.axis[GRID_NU].size;
    default:
        return LADDER_LAMBDAS;
    }
}

/* The values of a scale, int64_t or double as its type says, which the caller frees; NULL when out of memory. */
static void *scale_values(const struct config *config, enum group_scale scale)
{
    size_t size = scale_size(config, scale);
    double *values = malloc(size * sizeof *values + 1);
    int64_t *numbers = (int64_t *)(void *)values;
    if (!values) {
        return NULL;
    }
    switch (scale_table[scale].values) {
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
    default:
        moat_empirical_lambda(moat_empirical_lambda_unit(config->gamma, config->P), LADDER_LAMBDAS, values);
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

/* The variable of `entry` in the file of `config`, along the scales that are open in `scale`. */
static struct variable describe(const struct config *config, const struct group_entry *entry,
                                const hid_t scale[GROUP_SCALES])
{
    struct variable variable = {.path = entry->path,
                                .units = entry->units,
                                .long_name = entry->long_name,
                                .type = entry->type,
                                .fill = entry->fill,
                                .flags = entry->flags,
                                .flag_count = entry->flag_count,
                                .constant = entry->constant,
                                .chunked = entry->along == ALONG_TABLES,
                                .rank = along_table[entry->along].rank};
    for (int a = 0; a < variable.rank; a++) {
        enum group_scale along = along_table[entry->along].scale[a];
        variable.dims[a] = scale_size(config, along);
        variable.chunk[a] = along == SCALE_RUNG || along == SCALE_TRIAL ? 1 : variable.dims[a];
        variable.scale[a] = scale[along];
    }
    return variable;
}

static bool stored(enum group_along along, const struct config *config)
{
    return along == ALONG_BLOCKS || config->solver == SOLVER_RIDGE;
}

static bool create_scales(hid_t file, const struct config *config, int first, int end, hid_t scale[GROUP_SCALES])
{
    bool ok = true;
    for (int s = first; s < end && ok; s++) {
        struct variable variable = describe_scale(config, (enum group_scale)s);
        void *values = scale_values(config, (enum group_scale)s);
        scale[s] = values ? variable_create_scale(file, &variable, values) : -1;
        ok = scale[s] >= 0;
        free(values);
    }
    return ok;
}

static bool create_variables(hid_t file, const struct config *config, int first, int end,
                             const hid_t scale[GROUP_SCALES])
{
    bool ok = true;
    for (int v = first; v < end && ok; v++) {
        struct variable variable = describe(config, &group_table[v], scale);
        hid_t dataset = variable_create(file, &variable);
        ok = dataset >= 0;
        hdf5_close(&dataset);
    }
    return ok;
}

/* A0 at each nu, which is known exactly. */
static bool write_A0(hid_t file, const struct config *config)
{
    const struct axis *nu = &config->grid.axis[GRID_NU];
    double *A0 = calloc(nu->size, sizeof *A0);
    bool ok = A0 != NULL;
    for (size_t i = 0; i < nu->size && ok; i++) {
        struct moat_spectrum *spectrum = NULL;
        ok = moat_spectrum_create(config->gamma, nu->values[i], config->P, &spectrum) == MOAT_OK;
        A0[i] = ok ? moat_spectrum_a0(spectrum) : 0;
        moat_spectrum_destroy(&spectrum);
    }
    const size_t start = 0;
    hid_t dataset = variable_open(file, group_table[RIDGE_A0].path);
    ok = ok && variable_write_box(dataset, VARIABLE_FLOAT64, 1, &start, &nu->size, A0);
    hdf5_close(&dataset);
    free(A0);
    return ok;
}

bool groups_create(hid_t file, const struct config *config)
{
    hid_t scale[GROUP_SCALES], ridge = -1;
    memset(scale, -1, sizeof scale);
    bool ok = create_scales(file, config, SCALE_BLOCK, SCALE_RUNG, scale) &&
              create_variables(file, config, RUN_BLOCK_STATE, RIDGE_A0, scale);
    if (ok && config->solver == SOLVER_RIDGE) {
        ridge = hdf5_create_group(file, "ridge");
        ok = ridge >= 0 && create_scales(file, config, SCALE_RUNG, GROUP_SCALES, scale) &&
             create_variables(file, config, RIDGE_A0, GROUP_VARIABLES, scale) && write_A0(file, config);
    }
    for (int s = 0; s < GROUP_SCALES; s++) {
        hdf5_close(&scale[s]);
    }
    hdf5_close(&ridge);
    return ok;
}

bool groups_open(hid_t file, const struct config *config, hid_t variable[GROUP_VARIABLES])
{
    bool ok = true;
    for (int v = 0; v < GROUP_VARIABLES; v++) {
        bool wanted = ok && stored(group_table[v].along, config);
        variable[v] = wanted ? variable_open(file, group_table[v].path) : -1;
        ok = ok && (!wanted || variable[v] >= 0);
    }
    return ok;
}

bool groups_fit(hid_t file, const struct config *config)
{
    const hid_t none[GROUP_SCALES] = {0};
    bool ok = true;
    for (int v = 0; v < GROUP_VARIABLES && ok; v++) {
        struct variable variable = describe(config, &group_table[v], none);
        ok = !stored(group_table[v].along, config) || variable_fits(file, &variable);
    }
    struct variable rungs = describe_scale(config, SCALE_RUNG);
    return ok && (config->solver != SOLVER_RIDGE || variable_holds(file, &rungs, config->ridge.N.values));
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
    for (int v = 0; v < GROUP_VARIABLES; v++) {
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
    double bytes = config->solver == SOLVER_RIDGE ? 65536 : 0; /* structure of the group */
    for (int v = 0; v < GROUP_VARIABLES; v++) {
        const struct group_entry *entry = &group_table[v];
        double values = stored(entry->along, config) ? 1 : 0, chunks = entry->along == ALONG_TABLES ? values : 0;
        for (int a = 0; a < along_table[entry->along].rank; a++) {
            enum group_scale along = along_table[entry->along].scale[a];
            values *= (double)scale_size(config, along);
            chunks *= along == SCALE_RUNG || along == SCALE_TRIAL ? (double)scale_size(config, along) : 1;
        }
        bytes += values * (double)variable_size(entry->type) + 16 * chunks;
    }
    for (int s = 0; s < GROUP_SCALES; s++) {
        bool there = s == SCALE_BLOCK || config->solver == SOLVER_RIDGE;
        bytes += there ? 8 * (double)scale_size(config, (enum group_scale)s) : 0;
    }
    return bytes;
}
