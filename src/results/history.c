/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of runs: which copy counts, and how a run writes its own.
 *
 * The attribute is a copy for people, a string of fixed length in the root's header. It is written when a run begins
 * and ends, and never read back.
 */
#include "results/history.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "moat/version.h"
#include "results/hdf5.h"
#include "results/history_text.h"
#include "results/records.h"

/* Bytes of the attribute. With all other attributes they do not fill a page, so that no kill tears it. */
enum { ATTRIBUTE_SIZE = 2048 };

/* The place of a run's record among `places`: the first run keeps its own, the others take turns. */
static size_t place_of(int64_t number, size_t places)
{
    return number == 1 ? 0 : 1 + (size_t)(number - 2) % (places - 1);
}

static bool valid(const struct history_record *record, size_t place, size_t places)
{
    return record->number > 0 && place_of(record->number, places) == place &&
           record->checksum == records_checksum(ALONG_HISTORY, record, offsetof(struct history_record, checksum));
}

static bool newer(const struct history_record *left, const struct history_record *right)
{
    return left->number != right->number ? left->number > right->number : left->update > right->update;
}

static int by_number(const void *left, const void *right)
{
    const struct history_record *l = left, *r = right;
    return (l->number > r->number) - (l->number < r->number);
}

/* Reads the record of each run, in order, into *out, which the caller frees. NULL on failure. */
static struct history_record *read_runs(const struct records *records, size_t *count)
{
    size_t total = records_count(records, ALONG_HISTORY), copies = records->size[ALONG_HISTORY][1];
    struct history_record *all = hdf5_allocate((total + 1) * sizeof *all);
    *count = 0;
    if (!all || total < 2 * copies || !records_read(records, ALONG_HISTORY, all)) {
        free(all);
        return NULL;
    }
    for (size_t place = 0; place < total / copies; place++) {
        const struct history_record *best = NULL;
        for (size_t i = place * copies; i < (place + 1) * copies; i++) {
            bool counts = valid(&all[i], place, total / copies) && (!best || newer(&all[i], best));
            best = counts ? &all[i] : best;
        }
        if (best) {
            memmove(&all[(*count)++], best, sizeof *best); /* never ahead of what is still to be read */
        }
    }
    qsort(all, *count, sizeof *all, by_number);
    return all;
}

/* Writes the attribute from the records. */
static bool write_attribute(const struct results *results)
{
    size_t count = 0;
    struct history_record *run = read_runs(results->records, &count);
    char *text = run ? history_compose(run, count, ATTRIBUTE_SIZE - 1) : NULL;
    if (run && !text) {
        hdf5_note(strerror(ENOMEM)); /* all that composing can lack */
    }
    bool ok = text && hdf5_text_fix(results->file, "history", text, ATTRIBUTE_SIZE);
    free(text);
    free(run);
    return ok;
}

/* Writes the record to the copy whose turn it is. The members that stay are the same in both. */
static bool write_record(struct results *results, bool whole)
{
    struct history_record *record = &results->run;
    size_t copies = results->records->size[ALONG_HISTORY][1];
    size_t place = place_of(record->number, results->records->size[ALONG_HISTORY][0]);
    record->update++;
    record->checksum = records_checksum(ALONG_HISTORY, record, offsetof(struct history_record, checksum));
    size_t index = place * copies + (size_t)record->update % copies;
    return (!whole || records_write(results->records, ALONG_HISTORY, index, 1, PHASE_FIRST, record)) &&
           records_write(results->records, ALONG_HISTORY, index, 1, PHASE_LAST, record);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

bool history_begin(struct results *results, const struct results_run *run)
{
    struct history_record *record = &results->run;
    const struct launch *launch = &run->launch;
    size_t count = 0;
    struct history_record *before = read_runs(results->records, &count);
    if (!before) {
        return false;
    }
    memset(record, 0, sizeof *record); /* the checksum includes what follows a text's end */
    record->number = count > 0 ? before[count - 1].number + 1 : 1;
    free(before);
    hdf5_text_copy(record->command, sizeof record->command, run->command);
    snprintf(record->version, sizeof record->version, "%s (%s)", moat_version(), moat_revision());
    hdf5_text_copy(record->host, sizeof record->host, launch->host);
    record->job = launch->job.id;
    record->task = launch->job.element ? launch->job.task : -1;
    record->restart = launch->job.restart;
    record->pid = launch->pid;
    record->nodes = launch->nodes;
    record->ranks = launch->ranks;
    record->started = record->seen = now();
    record->core_hours = NAN;
    results->opened = clock_seconds();
    results->cores = run->cores;
    bool ok = true;
    for (size_t copy = 0; copy < results->records->size[ALONG_HISTORY][1] && ok; copy++) {
        ok = write_record(results, true);
    }
    return ok && write_attribute(results);
}

bool history_update(struct results *results, enum history_state state)
{
    struct history_record *record = &results->run;
    record->seen = now();
    record->core_hours = results->cores > 0 ? results->cores * (clock_seconds() - results->opened) / 3600 : NAN;
    record->state = (uint8_t)state;
    return write_record(results, false) && (state != HISTORY_CLOSED || write_attribute(results));
}

bool history_find_start(const struct results *results, uint64_t *offset, double *started)
{
    const struct records *records = results->records;
    size_t place = place_of(results->run.number, records->size[ALONG_HISTORY][0]);
    for (int v = 0; v < group_variables; v++) {
        if (group_table[v].along == ALONG_HISTORY &&
            group_table[v].offset == offsetof(struct history_record, started)) {
            haddr_t address = H5Dget_offset(records->variable[v]);
            *offset = address + place * records->size[ALONG_HISTORY][1] * sizeof *started;
            *started = results->run.started;
            return address != HADDR_UNDEF;
        }
    }
    return false;
}

char *history_text(hid_t file)
{
    struct records *records = NULL;
    size_t count = 0;
    struct history_record *run = records_open(file, &records) ? read_runs(records, &count) : NULL;
    char *text = run ? history_compose(run, count, SIZE_MAX) : NULL;
    free(run);
    records_close(&records);
    return text;
}

bool history_last(hid_t file, struct history_record *out)
{
    struct records *records = NULL;
    size_t count = 0;
    struct history_record *run = records_open(file, &records) ? read_runs(records, &count) : NULL;
    if (count > 0) {
        memmove(out, &run[count - 1], sizeof *out);
    }
    free(run);
    records_close(&records);
    return count > 0;
}

bool history_launch(hid_t file, struct launch *launch, bool *closed)
{
    struct history_record run;
    bool found = history_last(file, &run);
    if (found) {
        history_place(&run, launch);
        *closed = run.state == HISTORY_CLOSED;
    }
    return found;
}
