/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The config's keys and kinds of value, checked by libcyaml.
 *
 * libcyaml's log is caught, never printed. It gives the key path and the key at fault of a mistake. The schema gives
 * what was expected there.
 */
#include "sweep/config_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cyaml/cyaml.h>

#define TEXT(key, flags, structure, member)                                                                            \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), structure, member, 1, CYAML_UNLIMITED)

static const cyaml_schema_value_t number_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED)};

static const cyaml_schema_field_t axis_fields[] = {
    CYAML_FIELD_SEQUENCE("values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct axis_text, values, &number_schema,
                         1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE_FIXED("log", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct axis_text, log, &number_schema,
                               2),
    CYAML_FIELD_SEQUENCE_FIXED("linear", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct axis_text, linear,
                               &number_schema, 2),
    TEXT("points", CYAML_FLAG_OPTIONAL, struct axis_text, points),
    CYAML_FIELD_END,
};

/* The types of the nested structs, which the macros need by name. */
typedef __typeof__(((struct config_document *)0)->model) model_text;
typedef __typeof__(((struct config_document *)0)->grid) grid_text;

static const cyaml_schema_field_t model_fields[] = {
    TEXT("gamma", 0, model_text, gamma),
    TEXT("P", 0, model_text, P),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t incumbent_fields[] = {
    TEXT("tau", 0, struct incumbent_text, tau),
    CYAML_FIELD_END,
};

/* Filled from axis_table by fill_grid, required axes first: that is their order in messages. */
static cyaml_schema_field_t grid_fields[SWEEPS][GRID_AXES + 1];

static const cyaml_schema_field_t ridge_fields[] = {
    TEXT("P", 0, struct ridge_text, P),
    CYAML_FIELD_MAPPING("N", CYAML_FLAG_DEFAULT, struct ridge_text, N, axis_fields),
    TEXT("trials", 0, struct ridge_text, trials),
    TEXT("seed", 0, struct ridge_text, seed),
    TEXT("ranks_per_group", CYAML_FLAG_OPTIONAL, struct ridge_text, ranks_per_group),
    CYAML_FIELD_END,
};

#define EVERY_SWEEP                                                                                                    \
    TEXT("name", 0, struct config_document, name), TEXT("sweep", 0, struct config_document, sweep),                    \
        TEXT("solver", 0, struct config_document, solver), TEXT("output", 0, struct config_document, output),          \
        CYAML_FIELD_MAPPING("model", CYAML_FLAG_DEFAULT, struct config_document, model, model_fields),                 \
        CYAML_FIELD_MAPPING_PTR("ridge", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_document, ridge,      \
                                ridge_fields)

static const cyaml_schema_field_t market_fields[] = {
    EVERY_SWEEP,
    CYAML_FIELD_MAPPING_PTR("incumbent", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_document, incumbent,
                            incumbent_fields),
    TEXT("tau_unit", CYAML_FLAG_OPTIONAL, struct config_document, tau_unit),
    CYAML_FIELD_MAPPING("grid", CYAML_FLAG_DEFAULT, struct config_document, grid, grid_fields[SWEEP_MARKET_ENTRY]),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t scaling_fields[] = {
    EVERY_SWEEP,
    CYAML_FIELD_MAPPING("grid", CYAML_FLAG_DEFAULT, struct config_document, grid, grid_fields[SWEEP_SCALING_LAW]),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t document_schema[SWEEPS] = {
    [SWEEP_MARKET_ENTRY] = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_document, market_fields)},
    [SWEEP_SCALING_LAW] = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_document, scaling_fields)},
};

static void fill_grid(enum sweep_kind sweep)
{
    cyaml_schema_field_t *field = grid_fields[sweep];
    for (int optional = 0; optional <= 1; optional++) {
        for (size_t a = 0; a < GRID_AXES; a++) {
            const struct axis_entry *axis = &axis_table[sweep][a];
            if (!axis->name || axis->optional != optional) {
                continue;
            }
            cyaml_schema_field_t first = CYAML_FIELD_MAPPING_PTR(
                axis->name, optional ? CYAML_FLAG_OPTIONAL : CYAML_FLAG_DEFAULT, grid_text, axis[0], axis_fields);
            first.data_offset += (uint32_t)(a * sizeof(struct axis_text *));
            *field++ = first;
        }
    }
    *field = (cyaml_schema_field_t)CYAML_FIELD_END;
}

/* One line of libcyaml's backtrace: a field of a mapping, an entry of a sequence, or a mapping with no field yet. */
struct frame {
    char field[64]; /* "" when it is not a field */
    size_t entry;   /* from 1; 0 when it is not an entry */
};

enum { FRAMES_MAX = 8 };

struct complaint {
    char key[64]; /* the key that is unknown or missing */
    size_t frames;
    struct frame frame[FRAMES_MAX]; /* innermost first */
};

static void catch_log(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    struct complaint *complaint = context;
    struct frame frame = {.entry = 0};
    char line[512];
    (void)level;
    vsnprintf(line, sizeof line, format, arguments);

    if (sscanf(line, "Load: Unexpected key: %63[^\n]", complaint->key) == 1 ||
        sscanf(line, "Load: Missing required mapping field: %63[^\n]", complaint->key) == 1) {
        return;
    }
    bool is_frame = sscanf(line, "  in mapping field '%63[^']'", frame.field) == 1 ||
                    sscanf(line, "  in sequence entry '%zu'", &frame.entry) == 1 ||
                    strncmp(line, "  in mapping (", 14) == 0;
    if (is_frame && complaint->frames < FRAMES_MAX) {
        complaint->frame[complaint->frames++] = frame;
    }
}

static void list_keys(const cyaml_schema_field_t *fields, char *list, size_t size)
{
    size_t used = 0;
    for (list[0] = '\0'; fields->key && used < size; fields++) {
        used += (size_t)snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", fields->key);
    }
}

static void describe(const cyaml_schema_value_t *value, char *text, size_t size)
{
    int used;
    switch (value->type) {
    case CYAML_MAPPING:
        used = snprintf(text, size, "a mapping with the keys ");
        list_keys(value->mapping.fields, text + used, size - (size_t)used);
        break;
    case CYAML_SEQUENCE:
        snprintf(text, size, "a list of at least one number");
        break;
    case CYAML_SEQUENCE_FIXED:
        snprintf(text, size, "a list of two numbers, [low, high]");
        break;
    default:
        snprintf(text, size, "a single value");
        break;
    }
}

/* Sets `path` to where the frames from `first` outwards lead. Returns the schema of the value there. */
static const cyaml_schema_value_t *trace(const struct complaint *complaint, enum sweep_kind sweep, size_t first,
                                         char path[CONFIG_PATH_SIZE])
{
    const cyaml_schema_value_t *value = &document_schema[sweep];
    size_t used = 0;
    path[0] = '\0';
    for (size_t i = complaint->frames; i-- > first;) {
        const struct frame *frame = &complaint->frame[i];
        if (value->type == CYAML_MAPPING && frame->field[0]) {
            const cyaml_schema_field_t *field = value->mapping.fields;
            while (field->key && strcmp(field->key, frame->field) != 0) {
                field++;
            }
            value = field->key ? &field->value : value;
            used += (size_t)snprintf(path + used, CONFIG_PATH_SIZE - used, "%s%s", used ? "." : "", frame->field);
        } else if (frame->entry > 0) {
            value = value->sequence.entry;
            used += (size_t)snprintf(path + used, CONFIG_PATH_SIZE - used, "[%zu]", frame->entry - 1);
        }
    }
    return value;
}

static enum moat_status refuse(const struct config_source *source, enum sweep_kind sweep,
                               const struct complaint *complaint, cyaml_err_t error)
{
    char path[CONFIG_PATH_SIZE], expected[256], found[96];
    size_t first = error == CYAML_ERR_MAPPING_FIELD_MISSING || error == CYAML_ERR_SEQUENCE_ENTRIES_MIN ||
                   error == CYAML_ERR_SEQUENCE_ENTRIES_MAX; /* there the innermost frame is inside the node at fault */
    const cyaml_schema_value_t *value = trace(complaint, sweep, first, path);
    describe(value, expected, sizeof expected);

    switch (error) {
    case CYAML_ERR_OOM:
        return moat_error_set(MOAT_MEMORY, "%s: out of memory while reading YAML", source->file_name);
    case CYAML_ERR_INVALID_KEY: {
        size_t used = strlen(path);
        snprintf(path + used, sizeof path - used, "%s%s", used > 0 ? "." : "", complaint->key);
        return config_refuse(source, path, "an unknown key", "%s", expected);
    }
    case CYAML_ERR_MAPPING_FIELD_MISSING:
        snprintf(found, sizeof found, "no key %s", complaint->key);
        return config_refuse(source, path, found, "%s", expected);
    case CYAML_ERR_INVALID_VALUE:
    case CYAML_ERR_SEQUENCE_ENTRIES_MIN:
    case CYAML_ERR_SEQUENCE_ENTRIES_MAX:
    case CYAML_ERR_STRING_LENGTH_MIN:
        return config_refuse(source, path, NULL, "%s", expected);
    default:
        return config_refuse(source, path, NULL, "%s (libcyaml: %s)", expected, cyaml_strerror(error));
    }
}

static const cyaml_config_t silent = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};

enum moat_status config_document_read(const struct config_source *source, enum sweep_kind sweep,
                                      struct config_document **out)
{
    fill_grid(sweep);
    struct complaint complaint = {.frames = 0};
    cyaml_config_t settings = silent;
    settings.log_fn = catch_log;
    settings.log_ctx = &complaint;

    void *document = NULL;
    cyaml_err_t error = cyaml_load_data((const unsigned char *)source->text, strlen(source->text), &settings,
                                        &document_schema[sweep], &document, NULL);
    if (error != CYAML_OK) {
        return refuse(source, sweep, &complaint, error);
    }
    *out = document;
    return MOAT_OK;
}

void config_document_destroy(enum sweep_kind sweep, struct config_document **document)
{
    cyaml_free(&silent, &document_schema[sweep], *document, 0);
    *document = NULL;
}
