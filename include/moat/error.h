/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ERROR_H
#define MOAT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Statuses and the message that goes with them.
 *
 * A function that can fail returns an `enum moat_status`. Where the failure is found, `moat_error_set` records one
 * sentence: the thing, its value, the value expected, and the remedy. On the way up `moat_error_context` puts the task
 * in front. The program prints `moat_error_message` once, in `main`.
 */
enum moat_status {
    MOAT_OK = 0,
    MOAT_USAGE,     /* bad command line, config or input file: exit 2, nothing was computed */
    MOAT_MEMORY,    /* an allocation failed */
    MOAT_IO,        /* a file could not be read or written */
    MOAT_NUMERICAL, /* a computation did not reach its accuracy */
    MOAT_STOPPED    /* stopped early by a signal; all results so far are in the file: exit 75 */
};

/* Records the message `format` and returns `status`. Local, one message per process. */
enum moat_status moat_error_set(enum moat_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts `format` and ": " in front of the recorded message and returns `status`. Local. */
enum moat_status moat_error_context(enum moat_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The recorded message, "" when there is none; valid until the next call. Local. */
const char *moat_error_message(void);

#ifdef __cplusplus
}
#endif

#endif
