/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of another results file: checked, read at once, and copied to where a ladder lacks them. */
#include "results/tables_file.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "results/groups.h"
#include "results/handle.h"
#include "results/hdf5.h"
#include "results/provenance.h"
#include "results/summary.h"
#include "results/tables_match.h"
#include "results/tasks.h"

struct tables_file {
    struct config *config; /* of the file, without its inputs */
    struct config sample;  /* the same with the inputs of the sweep, which are equal; a shallow copy, not destroyed */
    struct ladder *ladder; /* of `sample` */
    char origin[224];      /* the file for people: path, name, date */
};

enum { NAME_MOST = 48 };

/* Writes which file it is: "/data/old.h5 (small, created 2026-01-01T00:00:00Z)". A long path loses whole characters at
   its beginning. */
static void describe(hid_t file, const char *path, char *text, size_t size)
{
    char title[256], name[NAME_MOST], created[32], end[NAME_MOST + 64], *whole = realpath(path, NULL);
    const char *shown = whole ? whole : path, *cut = "";
    hdf5_text_read(file, "title", title, sizeof title);
    hdf5_text_read(file, "date_created", created, sizeof created);
    hdf5_text_copy(name, sizeof name, *title ? title : "?");
    snprintf(end, sizeof end, " (%s, created %s)", name, *created ? created : "?");
    size_t length = strlen(shown), room = size - 1 - strlen(end);
    if (length > room) {
        cut = "...";
        shown += length - (room - strlen(cut));
        while (((unsigned char)*shown & 0xc0) == 0x80) { /* in the middle of a character */
            shown++;
        }
    }
    char together[PATH_MAX + sizeof end];
    snprintf(together, sizeof together, "%s%s%s", cut, shown, end);
    hdf5_text_copy(text, size, together);
    free(whole);
}

/* Reads what was measured, once the file is known to be of the same kind. */
static enum moat_status read_tables(hid_t file, const char *path, struct tables_file *tables)
{
    struct records *records = NULL;
    size_t damaged = 0;
    enum moat_status status = ladder_create(&tables->sample, &tables->ladder);
    if (status != MOAT_OK) {
        return status;
    }
    status = tables_match_levels(file, path, tables->ladder);
    if (status == MOAT_OK && !(records_open(file, &records) && tasks_read(records, tables->ladder, &damaged))) {
        status = hdf5_error(MOAT_IO, path, "the measured tables cannot be read");
    }
    if (damaged > 0) {
        fprintf(stderr, "moat: %s: found damaged tables of %zu of %zu data sets; they are left out\n", path, damaged,
                tables->ladder->tasks);
    }
    records_close(&records);
    return status;
}

/* Reads the config of `file`, and the tables if they are what `config` wants. */
static enum moat_status read_file(hid_t file, const char *path, const struct config *config, struct tables_file *tables)
{
    char *text = NULL;
    enum moat_status status = provenance_read_config(file, path, "", &text);
    if (status == MOAT_OK) {
        status = config_parse(text, path, &tables->config);
    }
    if (status == MOAT_OK) {
        status = tables_match_inputs(file, path, tables->config, config);
    }
    if (status == MOAT_OK) {
        tables->sample = *tables->config;
        tables->sample.directions = config->directions;
        tables->sample.rows = config->rows;
        tables->sample.P = config->P;
        if (!groups_fit(file, &tables->sample)) {
            status = moat_error_set(MOAT_USAGE,
                                    "%s: found other variables than this version writes for the config in it", path);
        }
    }
    if (status == MOAT_OK) {
        describe(file, path, tables->origin, sizeof tables->origin);
        status = read_tables(file, path, tables);
    }
    free(text);
    return status;
}

/* Refuses the file that the sweep itself writes, under whatever name. */
static enum moat_status check_other(const char *path, const char *output)
{
    struct stat source, target;
    bool same = output && stat(path, &source) == 0 && stat(output, &target) == 0 && source.st_ino == target.st_ino &&
                source.st_dev == target.st_dev;
    return !same ? MOAT_OK
                 : moat_error_set(MOAT_USAGE,
                                  "%s: is the results file of this sweep itself, expected another: choose another "
                                  "results file with -o",
                                  path);
}

enum moat_status tables_file_open(const char *path, const struct config *config, const char *output,
                                  struct tables_file **out)
{
    hid_t file = -1;
    bool written_now;
    struct tables_file *tables = calloc(1, sizeof *tables);
    *out = NULL;
    if (!tables) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    enum moat_status status = tables_match_solver(config);
    if (status == MOAT_OK) {
        status = check_other(path, output);
    }
    if (status == MOAT_OK) {
        status = summary_open(path, &written_now, &file);
    }
    if (status == MOAT_OK) {
        status = read_file(file, path, config, tables);
        status = status == MOAT_OK ? status : hdf5_verdict(status, path);
    }
    hdf5_close(&file);
    if (status != MOAT_OK) {
        tables_file_close(&tables);
        return moat_error_context(status, "--tables");
    }
    *out = tables;
    return MOAT_OK;
}

void tables_file_close(struct tables_file **file)
{
    if (*file) {
        ladder_destroy(&(*file)->ladder);
        config_destroy(&(*file)->config);
        free(*file);
        *file = NULL;
    }
}

/* The place of `value` among those of an axis, its size if it is not one of them. On a measured spectrum nu is NaN. */
static size_t find(const struct axis *axis, double value)
{
    size_t i = 0;
    while (i < axis->size && !(axis->values[i] == value || (isnan(value) && isnan(axis->values[i])))) {
        i++;
    }
    return i;
}

/* Copies to `task` what the file's task `from` has at the same nu. Returns the number of nu. */
static size_t copy(const struct ladder *source, size_t from, struct ladder *ladder, size_t task)
{
    const struct axis *there = &source->config->grid.axis[GRID_NU], *here = &ladder->config->grid.axis[GRID_NU];
    size_t slice = ladder_slice(ladder), found = 0;
    for (size_t nu = 0; nu < ladder->nus; nu++) {
        size_t other = find(there, here->values[nu]);
        if (other == there->size) {
            continue;
        }
        for (int i = 0; i < ladder_tables(ladder); i++) {
            memcpy(ladder_table(ladder, i) + (task * ladder->nus + nu) * slice,
                   ladder_table(source, i) + (from * source->nus + other) * slice, slice * sizeof(double));
        }
        ladder->known[task * ladder->nus + nu] = 1;
        found++;
    }
    return found;
}

/* Gives `task` what the file has of it. Returns the number of nu. */
static size_t take(const struct ladder *source, struct ladder *ladder, size_t task)
{
    size_t k = find(&source->config->ridge.N, ladder_task_N(ladder, task)), trial = task % ladder->trials;
    size_t from = k * source->trials + trial;
    bool there = k < source->rungs && trial < source->trials && source->state[from] == TASK_DONE;
    size_t found = there && ladder->state[task] != TASK_DONE ? copy(source, from, ladder, task) : 0;
    if (found == ladder->nus) {
        memset(ladder->known + task * ladder->nus, 0, ladder->nus);
        ladder->state[task] = TASK_DONE;
    }
    return found;
}

void tables_file_take(const struct tables_file *file, struct ladder *ladder, struct tables_taken *taken)
{
    *taken = (struct tables_taken){0};
    for (size_t task = 0; task < ladder->tasks; task++) {
        size_t found = take(file->ladder, ladder, task);
        taken->wholly += found == ladder->nus;
        taken->partly += found > 0 && found < ladder->nus;
    }
}

/* The number of nu of `ladder` that the file has. */
static size_t shared_nus(const struct tables_file *file, const struct ladder *ladder)
{
    const struct axis *nu = &ladder->config->grid.axis[GRID_NU];
    size_t shared = 0;
    for (size_t i = 0; i < nu->size; i++) {
        shared += find(&file->sample.grid.axis[GRID_NU], nu->values[i]) < file->sample.grid.axis[GRID_NU].size;
    }
    return shared;
}

/* Writes the tasks that are done now and were not `before`: first all tables, then that they are there. */
static enum moat_status write_taken(const struct tables_file *file, struct results *results,
                                    const struct ladder *ladder, const uint8_t *before)
{
    struct task_record record = {.seconds = NAN, .rank = -1, .state = TASK_DONE};
    enum moat_status status = results_flush(results);
    snprintf(record.message, sizeof record.message, "tables from %s", file->origin);
    for (int marks = 0; marks < 2 && status == MOAT_OK; marks++) {
        bool ok = true;
        for (size_t task = 0; task < ladder->tasks && ok; task++) {
            bool taken = before[task] != TASK_DONE && ladder->state[task] == TASK_DONE;
            ok = !taken || (marks ? tasks_mark(results, task, &record) : tasks_write(results, ladder, task, &record));
        }
        status = ok && handle_sync(results) ? MOAT_OK : handle_write_failed(results);
    }
    return status;
}

enum moat_status tables_file_give(const struct tables_file *file, struct results *results, struct ladder *ladder,
                                  struct tables_taken *taken)
{
    enum moat_status status = MOAT_OK;
    bool failed = false;
    uint8_t *before = malloc(ladder->tasks);
    if (!before) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu data sets", ladder->tasks);
    }
    memcpy(before, ladder->state, ladder->tasks);
    tables_file_take(file, ladder, taken);
    snprintf(results->origin_of_part, sizeof results->origin_of_part, "tables at %zu of %zu nu from %s",
             shared_nus(file, ladder), ladder->nus, file->origin);
    for (size_t task = 0; task < ladder->tasks; task++) {
        failed = failed || (before[task] == TASK_FAILED && ladder->state[task] == TASK_DONE);
    }
    if (failed) {
        status = results_reopen_blocks(results);
    }
    if (status == MOAT_OK && taken->wholly > 0) {
        status = write_taken(file, results, ladder, before);
    }
    free(before);
    return status;
}
