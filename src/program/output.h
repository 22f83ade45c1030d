/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_H
#define OUTPUT_H

/*
 * Makes sure that what the program prints is written, or that its exit code says otherwise: when the process exits and
 * standard output could not be written, it says so on stderr, and a code of 0 becomes 1. Other codes stay: 75 must
 * still tell `moat batch` that the sweep can be resumed.
 *
 * Standard streams that the caller closed are replaced by ones that fail: otherwise the results file could be opened in
 * their place, and what is printed would land in it. The first call of main. Local.
 */
void output_prepare(void);

/* Writes out what has been printed, so that it comes before a message on stderr. A failure shows at the end. Local. */
void output_flush(void);

#endif
