/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables from other files: equal messages are counted together, in the order in which they first occur. */
#include "results/origins.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/records.h"
#include "sweep/ladder.h"

void origins_count(const struct task_record *task, size_t tasks, struct results_origins *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < tasks; i++) {
        char text[RESULTS_ORIGIN_SIZE];
        size_t known = 0;
        snprintf(text, sizeof text, "%.*s", (int)sizeof task[i].message, task[i].message);
        if (task[i].state != TASK_DONE || !*text) {
            continue;
        }
        for (char *c = text; *c; c++) {
            *c = iscntrl((unsigned char)*c) ? '?' : *c;
        }
        while (known < out->count && strcmp(out->text[known], text) != 0) {
            known++;
        }
        if (known == RESULTS_ORIGINS) {
            out->others++;
        } else {
            out->count += known == out->count;
            memcpy(out->text[known], text, sizeof text);
            out->tasks[known]++;
        }
    }
}

char *origins_text(hid_t file)
{
    struct records *records = NULL;
    struct results_origins *origins = malloc(sizeof *origins);
    size_t tasks = records_open(file, &records) ? records_count(records, ALONG_TASKS) : 0, length = 0;
    struct task_record *task = calloc(tasks + 1, sizeof *task);
    char *text = NULL;
    FILE *out = NULL;
    if (!origins || !task || tasks == 0 || !records_read(records, ALONG_TASKS, task)) {
        goto cleanup;
    }
    origins_count(task, tasks, origins);
    out = origins->count > 0 ? open_memstream(&text, &length) : NULL;
    for (size_t i = 0; out && i < origins->count; i++) {
        fprintf(out, "%zu of %zu data sets: %s\n", origins->tasks[i], tasks, origins->text[i]);
    }
    if (out && origins->others > 0) {
        fprintf(out, "%zu of %zu data sets: tables from other files\n", origins->others, tasks);
    }
    if (out && fclose(out) != 0) {
        free(text);
        text = NULL;
    }

cleanup:
    free(task);
    free(origins);
    records_close(&records);
    return text;
}
