/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file's writer by name, from the last line of its history.
 *
 * The line is there before the file opens for others, so that also a run that was killed has one. What the run took is
 * added once it has closed the file: nothing but raw values changes while readers follow it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results_internal.h"

static const char before_change[] = "history_before_change";

char *results_history(hid_t file)
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

bool results_read_launch(hid_t file, struct launch *launch)
{
    char *history = results_history(file);
    char *end = history ? strrchr(history, '\n') : NULL;
    bool found = history && launch_parse(end ? end : history, launch);
    free(history);
    return found;
}

bool results_find_launch(const char *path, struct launch *launch)
{
    hid_t list = hdf5_access_list(true), file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, list);
    bool found = file >= 0 && results_read_launch(file, launch);
    hdf5_close(&file);
    hdf5_close(&list);
    return found;
}

enum status results_refuse_writer(const char *path)
{
    struct launch launch;
    char text[384] = "";
    if (results_find_launch(path, &launch)) {
        launch_format(&launch, text, sizeof text);
    }
    return error_set(STATUS_USAGE,
                     "%s: another process is writing it%s%s%s: wait until it ends, or choose another file with -o",
                     path, *text ? " (" : "", text, *text ? ")" : "");
}

enum status results_settle_writer(const char *path)
{
    struct launch launch = {0};
    char text[384] = "of which it holds no trace";
    enum launch_state state = LAUNCH_UNKNOWN;
    if (results_find_launch(path, &launch)) {
        state = launch_find(&launch);
        launch_format(&launch, text, sizeof text);
    }
    switch (state) {
    case LAUNCH_GONE:
        return STATUS_OK;
    case LAUNCH_ALIVE:
        return results_refuse_writer(path);
    default:
        return error_set(STATUS_USAGE,
                         "%s: its last writer (%s) did not close it, and without file locks on this disk moat cannot "
                         "tell whether that writer is gone: if it is, run `HDF5_USE_FILE_LOCKING=FALSE h5clear -s "
                         "--increment=0` on the file, then this command again",
                         path, text);
    }
}

/* Writes all heaps, and of the objects only /run. True in a file that is just being made and has no /run. */
static bool flush_heaps(hid_t file, int descriptor)
{
    if (H5Lexists(file, "run", H5P_DEFAULT) <= 0) {
        return true;
    }
    hid_t run = H5Gopen2(file, "run", H5P_DEFAULT);
    bool ok = H5Oflush(run) >= 0 && (descriptor < 0 || hdf5_sync(descriptor));
    return hdf5_close(&run) && ok;
}

/* Brings the history to the disk a second time. One that cannot be read is not kept: what was before it still is. */
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

bool results_write_history(hid_t file, const char *text, int descriptor)
{
    return keep_history(file, descriptor) && hdf5_text_write(file, "history", text) && flush_heaps(file, descriptor);
}

bool results_finish_history(const char *path, double core_hours, int descriptor)
{
    hid_t list = hdf5_access_list(false), file = H5Fopen(path, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list);
    char *history = file >= 0 ? results_history(file) : NULL, *text = NULL;
    size_t length = history ? strlen(history) : 0;
    bool ok = length > 0 && history[length - 1] == ']' &&
              asprintf(&text, "%.*s, %.3g core-hours]", (int)length - 1, history, core_hours) >= 0;
    ok = ok && results_write_history(file, text, descriptor);
    free(text);
    free(history);
    hdf5_close(&list);
    return hdf5_close(&file) && ok;
}
