/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history of a results file.
 *
 * A run's line is there before the file opens for others, so that even a run that was killed has one. The core-hours
 * are added only after the run has closed the file: while readers follow it, nothing but raw values changes.
 */
#include "results/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "moat/version.h"
#include "results/hdf5.h"

void history_time(char text[32])
{
    time_t now = time(NULL);
    struct tm utc;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

/* The text while the history changes. From 1.14 on HDF5 frees the old text in the same heap, although the attribute on
   the disk still refers to it. */
static const char before_change[] = "history_before_change";

/* The history, which the caller frees: the one before its last change where that was cut short. NULL if there is none
   or it cannot be read. */
static char *read_history(hid_t file)
{
    char *text = hdf5_text_read(file, "history");
    if (text || H5Aexists(file, "history") <= 0) {
        return text;
    }
    text = hdf5_text_read(file, before_change);
    if (text && *text == '\0') {
        free(text);
        text = NULL;
    }
    return text;
}

bool history_launch(hid_t file, struct launch *launch)
{
    char *history = read_history(file);
    char *end = history ? strrchr(history, '\n') : NULL;
    bool found = history && launch_parse(end ? end : history, launch);
    free(history);
    return found;
}

/* Writes all heaps, but of the objects only /run, and syncs them where `descriptor` is given. True without /run, in a
   file that is just being made. */
static bool flush_heaps(hid_t file, int descriptor)
{
    if (H5Lexists(file, "run", H5P_DEFAULT) <= 0) {
        return true;
    }
    hid_t run = H5Gopen2(file, "run", H5P_DEFAULT);
    bool ok = H5Oflush(run) >= 0 && (descriptor < 0 || hdf5_sync(descriptor));
    return hdf5_close(&run) && ok;
}

/* Brings the history into the file a second time, before it changes. One that cannot be read is not kept: the text
   kept before it still is. */
static bool keep_history(hid_t file, int descriptor)
{
    if (H5Aexists(file, "history") <= 0) {
        return hdf5_text_write(file, before_change, "");
    }
    char *text = hdf5_text_read(file, "history");
    bool ok = !text || (hdf5_text_write(file, before_change, text) && flush_heaps(file, descriptor) &&
                        H5Fflush(file, H5F_SCOPE_LOCAL) >= 0 && (descriptor < 0 || hdf5_sync(descriptor)));
    free(text);
    return ok;
}

/* Sets the attribute. Its text lies in a heap, which must be in the file before the attribute that refers to it: so the
   heaps are flushed first. No kill then leaves an attribute without its text. */
static bool write_history(hid_t file, const char *text, int descriptor)
{
    return keep_history(file, descriptor) && hdf5_text_write(file, "history", text) && flush_heaps(file, descriptor);
}

bool history_add(hid_t file, const char *path, const char *argv_line, int descriptor)
{
    char *old = read_history(file), *text = NULL, now[32];
    history_time(now);
    bool any = old && *old; /* a disk that failed under an earlier run may have cost its lines */
    if (!old && H5Aexists(file, "history") > 0) {
        fprintf(stderr, "moat: %s: the history of earlier runs is damaged: it starts anew\n", path);
    }
    bool ok = asprintf(&text, "%s%s%s moat %s (%s): %s", any ? old : "", any ? "\n" : "", now, moat_version(),
                       moat_revision(), argv_line) >= 0;
    ok = ok && write_history(file, text, descriptor);
    if (text) {
        free(text);
    }
    free(old);
    return ok;
}

bool history_finish(const char *path, double core_hours, int descriptor)
{
    hid_t list = hdf5_access_list(false), file = H5Fopen(path, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list);
    char *history = file >= 0 ? read_history(file) : NULL, *text = NULL;
    size_t length = history ? strlen(history) : 0;
    bool ok = length > 0 && history[length - 1] == ']' &&
              asprintf(&text, "%.*s, %.3g core-hours]", (int)length - 1, history, core_hours) >= 0;
    ok = ok && write_history(file, text, descriptor);
    free(text);
    free(history);
    hdf5_close(&list);
    return hdf5_close(&file) && ok;
}
