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

#include "base/shell.h"
#include "results/internal.h"

bool results_read_launch(hid_t file, struct launch *launch)
{
    char *history = hdf5_text_read(file, "history");
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

enum moat_status results_refuse_writer(const char *path)
{
    struct launch launch;
    char text[384] = "";
    if (results_find_launch(path, &launch)) {
        launch_format(&launch, text, sizeof text);
    }
    return moat_error_set(MOAT_USAGE,
                          "%s: another process is writing it%s%s%s: wait until it ends, or choose another file with -o",
                          path, *text ? " (" : "", text, *text ? ")" : "");
}

static enum moat_status refuse_unknown_writer(const char *path, const char *writer)
{
    char *word = NULL;
    size_t length;
    FILE *text = open_memstream(&word, &length);
    if (text) {
        shell_write(text, path);
        fclose(text);
    }
    moat_error_set(
        MOAT_USAGE,
        "%s: its last writer (%s) did not close it, and without file locks on this disk moat cannot tell whether "
        "that writer is gone: if it is, run `HDF5_USE_FILE_LOCKING=FALSE h5clear -s --increment=0 %s`, then this "
        "command again",
        path, writer, word ? word : "FILE");
    free(word);
    return MOAT_USAGE;
}

enum moat_status results_settle_writer(const char *path)
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
        return MOAT_OK;
    case LAUNCH_ALIVE:
        return results_refuse_writer(path);
    default:
        return refuse_unknown_writer(path, text);
    }
}

bool results_write_history(hid_t file, const char *text, int descriptor)
{
    hid_t run = -1;
    bool ok = hdf5_text_write(file, "history", text);
    if (ok && H5Lexists(file, "run", H5P_DEFAULT) > 0) {
        run = H5Gopen2(file, "run", H5P_DEFAULT);
        ok = H5Oflush(run) >= 0 && (descriptor < 0 || hdf5_sync(descriptor));
    }
    return hdf5_close(&run) && ok;
}

bool results_finish_history(const char *path, double core_hours, int descriptor)
{
    hid_t list = hdf5_access_list(false), file = H5Fopen(path, H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, list);
    char *history = file >= 0 ? hdf5_text_read(file, "history") : NULL, *text = NULL;
    size_t length = history ? strlen(history) : 0;
    bool ok = length > 0 && history[length - 1] == ']' &&
              asprintf(&text, "%.*s, %.3g core-hours]", (int)length - 1, history, core_hours) >= 0;
    ok = ok && results_write_history(file, text, descriptor);
    free(text);
    free(history);
    hdf5_close(&list);
    return hdf5_close(&file) && ok;
}
