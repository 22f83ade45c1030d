/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ERROR_H
#define MOAT_ERROR_H

/*
 * Statuses and the message that goes with them.
 *
 * A function that can fail returns an `enum status`. Where the failure is found, `error_set` records one
 * sentence: the thing, its value, what was expected, what to do. On the way up `error_context` puts what was
 * being done in front. The program prints `error_message` once, in `main`.
 */
enum status {
    STATUS_OK = 0,
    STATUS_USAGE,     /* bad command line, config or input file: exit 2, nothing was computed */
    STATUS_MEMORY,    /* an allocation failed */
    STATUS_IO,        /* a file could not be read or written */
    STATUS_NUMERICAL, /* a computation did not reach its accuracy */
    STATUS_STOPPED    /* stopped early by a signal; what was computed is in the file: exit 75 */
};

/* Records the message `format` and returns `status`. Local, one message per process. */
enum status error_set(enum status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts `format` and ": " in front of the recorded message and returns `status`. Local. */
enum status error_context(enum status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The recorded message, "" when there is none; valid until the next call. Local. */
const char *error_message(void);

#endif
