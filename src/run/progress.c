/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The progress of a sweep: a bar on a terminal, lines in a log. */
#include "run/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/launcher.h"

enum { BAR_WIDTH = 30 };
#define BAR_SECONDS 0.1
#define LINE_SECONDS 10.0

/* The process `above` generations above this one; 0 if there is none or it has ended. */
static long ancestor(int above)
{
    long pid = (long)getpid();
    for (int i = 0; i < above && pid > 1; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        FILE *file = fopen(path, "r");
        int fields = file ? fscanf(file, "%*d (%*[^)]) %*c %ld", &pid) : 0;
        if (file) {
            fclose(file);
        }
        pid = fields == 1 ? pid : 0;
    }
    return pid > 1 ? pid : 0;
}

/* mpirun gives its ranks a pipe for stderr and copies it to its own stderr. So its own decides. */
static bool stderr_is_terminal(void)
{
    if (isatty(STDERR_FILENO)) {
        return true;
    }
    struct launcher launcher;
    if (!launcher_find(&launcher) || launcher.above == 0) {
        return false;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/2", ancestor(launcher.above));
    int error = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    bool terminal = error >= 0 && isatty(error);
    if (error >= 0) {
        close(error);
    }
    return terminal;
}

void progress_format_duration(double seconds, char *out, size_t size)
{
    long whole = seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000L;
    if (whole < 3600) {
        snprintf(out, size, "%ld:%02ld", whole / 60, whole % 60);
    } else {
        snprintf(out, size, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    }
}

static void show(struct progress *progress)
{
    double elapsed = progress_seconds(progress);
    double fraction = progress->total ? (double)progress->done / (double)progress->total : 1;
    bool counted = elapsed > 0 && progress->done > progress->first;
    double rate = counted ? (double)(progress->done - progress->first) / elapsed : progress->expected;
    char left[32] = "?", failed[48] = "";
    if (progress->failed > 0) {
        snprintf(failed, sizeof failed, ", %zu failed", progress->failed);
    }
    if (rate > 0) {
        progress_format_duration((double)(progress->total - progress->done) / rate, left, sizeof left);
    }
    if (progress->terminal) {
        char bar[BAR_WIDTH + 1];
        for (int i = 0; i < BAR_WIDTH; i++) {
            bar[i] = i < (int)(fraction * (double)BAR_WIDTH) ? '#' : '.';
        }
        bar[BAR_WIDTH] = '\0';
        fprintf(stderr, "\r[%s] %5.1f %%  %zu/%zu %s  %.3g %s/s  %s left%s \033[K", bar, 100 * fraction, progress->done,
                progress->total, progress->unit, rate, progress->unit, left, failed);
    } else {
        fprintf(stderr, "moat: %5.1f %%, %zu of %zu %s, %.3g %s/s, %s left%s\n", 100 * fraction, progress->done,
                progress->total, progress->unit, rate, progress->unit, left, failed);
    }
    fflush(stderr);
    progress->shown = true;
}

void progress_begin(struct progress *progress, const char *unit, size_t total, size_t first, bool quiet)
{
    *progress = (struct progress){.unit = unit, .total = total, .first = first, .done = first, .quiet = quiet};
    progress->start = progress->last = clock_seconds();
    progress->terminal = !quiet && stderr_is_terminal();
}

void progress_add(struct progress *progress, size_t more)
{
    progress->done += more;
    double time = clock_seconds();
    if (!progress->quiet && time - progress->last >= (progress->terminal ? BAR_SECONDS : LINE_SECONDS)) {
        progress->last = time;
        show(progress);
    }
}

void progress_end(struct progress *progress)
{
    if (!progress->quiet && (progress->terminal || progress->shown)) {
        show(progress);
        if (progress->terminal) {
            fputc('\n', stderr);
        }
    }
}

double progress_seconds(const struct progress *progress)
{
    return clock_seconds() - progress->start;
}
