/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The progress of a sweep: a bar on a terminal, lines in a log.
 *
 * After the bar the cursor goes back to its beginning. When the window becomes narrower, some terminals break the row
 * in two and some cut it; both leave the cursor at its beginning, from where the next bar clears the rest of the
 * screen. The last column stays free, since a character there may begin a new row.
 */
#include "run/progress.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR_MAX = 30, BAR_MIN = 10, ROW_SIZE = 256 };
#define BAR_SECONDS 0.1
#define LINE_SECONDS 10.0
#define LINE_SECONDS_MAX 3600.0
#define RELAY_NS 50000000 /* that a launcher may take to pass on what it has read */

void progress_format_duration(double seconds, char *out, size_t size)
{
    long whole = seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000L;
    if (whole < 3600) {
        snprintf(out, size, "%ld:%02ld", whole / 60, whole % 60);
    } else {
        snprintf(out, size, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    }
}

double progress_pause(double elapsed)
{
    return fmin(fmax(LINE_SECONDS, elapsed / 10), LINE_SECONDS_MAX);
}

/* --- what is shown */

/* The parts of a bar or line. */
struct parts {
    double fraction;
    double rate;     /* of work; NAN: not known */
    char left[32];   /* "0:10 left", "? left", or "" when nothing is left */
    char failed[48]; /* ", 3 failed", or "" */
};

static struct parts parts_of(const struct progress *progress, double elapsed)
{
    const struct estimate *estimate = &progress->estimate;
    struct parts parts = {.rate = estimate_rate(estimate, elapsed)};
    double all = progress->before + estimate->total, rest = estimate->total - estimate->done;
    double seconds = estimate_left(estimate, elapsed);
    char time[24] = "?";
    if (isnan(parts.rate) && progress->expected > 0) {
        parts.rate = progress->expected;
        seconds = rest / parts.rate;
    }
    if (!isnan(seconds)) {
        progress_format_duration(seconds, time, sizeof time);
    }
    if (progress->done < progress->total) {
        snprintf(parts.left, sizeof parts.left, "%s left", time);
    }
    if (progress->failed > 0) {
        snprintf(parts.failed, sizeof parts.failed, ", %zu failed", progress->failed);
    }
    parts.fraction = all > 0 ? fmin((progress->before + estimate->done) / all, 1) : 1;
    return parts;
}

enum { VARIANTS = 5 };

/* Everything but the bar itself, in a shorter form for each `variant` up to VARIANTS - 1. */
static void format_variant(const struct progress *progress, const struct parts *parts, int variant, char *out,
                           size_t size)
{
    char count[96] = "", rate[64] = "";
    if (variant < 3) {
        snprintf(count, sizeof count, "  %zu/%zu %s", progress->done, progress->total, progress->unit);
    }
    if (variant < 2 && !isnan(parts->rate)) {
        snprintf(rate, sizeof rate, "  %.3g%s%s/s", parts->rate, variant == 0 || progress->weighed ? " " : "",
                 variant == 0 || progress->weighed ? progress->rate_unit : "");
    }
    const char *left = variant < VARIANTS - 1 ? parts->left : "", *failed = variant < VARIANTS - 1 ? parts->failed : "";
    snprintf(out, size, "%5.1f %%%s%s%s%s%s", 100 * parts->fraction, count, rate, *left ? "  " : "", left, failed);
}

void progress_format_bar(const struct progress *progress, double elapsed, int columns, char *out, size_t size)
{
    static const int least[VARIANTS] = {BAR_MIN, BAR_MIN, BAR_MIN, -3, INT_MIN}; /* -3: fits without a bar */
    struct parts parts = parts_of(progress, elapsed);
    char text[ROW_SIZE], bar[BAR_MAX + 1];
    int room = 0, variant = 0;
    do {
        format_variant(progress, &parts, variant, text, sizeof text);
        room = columns - (int)strlen(text) - 3;
    } while (room < least[variant++]);
    int width = room < BAR_MIN ? 0 : room < BAR_MAX ? room : BAR_MAX;
    for (int i = 0; i < width; i++) {
        bar[i] = i < (int)(parts.fraction * (double)width) ? '#' : '.';
    }
    bar[width] = '\0';
    size_t limit = columns < 0 ? 0 : (size_t)columns + 1;
    snprintf(out, limit < size ? limit : size, "%s%s%s%s", width > 0 ? "[" : "", bar, width > 0 ? "] " : "", text);
}

static void print_line(const struct progress *progress, double elapsed)
{
    struct parts parts = parts_of(progress, elapsed);
    char rate[64] = "";
    if (!isnan(parts.rate)) {
        snprintf(rate, sizeof rate, ", %.3g %s/s", parts.rate, progress->rate_unit);
    }
    fprintf(stderr, "moat: %5.1f %%, %zu of %zu %s%s%s%s%s\n", 100 * parts.fraction, progress->done, progress->total,
            progress->unit, rate, *parts.left ? ", " : "", parts.left, parts.failed);
}

static void show(struct progress *progress)
{
    int columns = terminal_columns(&progress->terminal);
    double elapsed = progress_seconds(progress);
    if (columns > 1) {
        char row[ROW_SIZE + BAR_MAX];
        progress_format_bar(progress, elapsed, columns - 1, row, sizeof row);
        fprintf(stderr, "\r\033[J%s\r", row);
        progress->in_row = true;
    } else if (columns == 0) {
        print_line(progress, elapsed);
    }
    fflush(stderr);
    progress->shown = true;
}

/* --- when */

void progress_begin(struct progress *progress, const char *unit, size_t total, size_t first, bool quiet)
{
    *progress = (struct progress){.unit = unit, .total = total, .first = first, .done = first, .quiet = quiet};
    progress->rate_unit = unit;
    progress->before = (double)first;
    progress->estimate.total = (double)(total - first);
    progress->start = progress->last = clock_seconds();
    progress->terminal.descriptor = -1;
    if (!quiet) {
        progress->terminal = terminal_open(STDERR_FILENO);
    }
}

void progress_weigh(struct progress *progress, const char *unit, double total, double before, double hands)
{
    progress->rate_unit = unit;
    progress->weighed = true;
    progress->before = before;
    progress->estimate = (struct estimate){.total = total - before, .hands = hands};
}

/* Shows the progress if it is time to. */
static void look(struct progress *progress)
{
    double time = clock_seconds(), since = time - progress->last;
    if (!progress->quiet && since >= BAR_SECONDS &&
        (terminal_columns(&progress->terminal) > 0 || since >= progress_pause(time - progress->start))) {
        progress->last = time;
        show(progress);
    }
}

void progress_add(struct progress *progress, size_t more)
{
    progress->done += more;
    if (!progress->weighed) {
        progress->estimate.done = (double)(progress->done - progress->first);
    }
    look(progress);
}

void progress_add_work(struct progress *progress, double work, double hand_seconds)
{
    if (progress->weighed) {
        progress->estimate.done += work;
        progress->estimate.hand_seconds += hand_seconds;
    }
    progress_add(progress, 1);
}

void progress_clear(struct progress *progress)
{
    if (progress->in_row) {
        fputs("\r\033[J", stderr);
        fflush(stderr);
        progress->in_row = false;
    }
}

/* Closes the terminal. What is printed to stdout next must not overtake the bar. */
static void leave(struct progress *progress)
{
    progress->end = clock_seconds();
    if (progress->in_row) {
        fputc('\n', stderr);
        fflush(stderr);
        progress->in_row = false;
        if (progress->terminal.relayed) {
            nanosleep(&(struct timespec){.tv_nsec = RELAY_NS}, NULL);
        }
    }
    terminal_close(&progress->terminal);
}

void progress_end(struct progress *progress)
{
    if (!progress->quiet && (progress->shown || terminal_columns(&progress->terminal) > 0)) {
        show(progress);
    }
    leave(progress);
}

void progress_end_shown(struct progress *progress)
{
    if (progress->shown) {
        progress_end(progress);
    } else {
        leave(progress);
    }
}

double progress_seconds(const struct progress *progress)
{
    return (progress->end > 0 ? progress->end : clock_seconds()) - progress->start;
}
