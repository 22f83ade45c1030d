/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_HDF5_H
#define MOAT_HDF5_H

#include <hdf5.h>
#include <stdbool.h>

#include "moat/error.h"

/* HDF5 as the other files of this folder need it: errors, opening and closing, texts, and the disk below it. */

/* Makes HDF5 silent and forgets the last failure. At the start of every public function. Local. */
void hdf5_begin(void);

/* Returns true if any call has failed since, including calls whose result was ignored, such as those that close.
   Local. */
bool hdf5_failed(void);

/* Records "`path`: `action`: reason", with the reason that HDF5 or hdf5_note gave for the first failure, and returns
   `status`; if memory or descriptors were short since hdf5_begin, with that reason, and MOAT_MEMORY or MOAT_IO. Local.
 */
enum moat_status hdf5_error(enum moat_status status, const char *path, const char *action);

/* Notes why something other than HDF5 has failed, for hdf5_error. Local. */
void hdf5_note(const char *reason);

/* Allocates that many bytes, all zero, and notes if there is no memory. Local. */
void *hdf5_allocate(size_t bytes);

/* Returns `status`, what a check of the file `path` has found since hdf5_begin, unless memory or descriptors were short
   meanwhile: a file that could not be read looks like another or a damaged one. Then MOAT_MEMORY or MOAT_IO. Local. */
enum moat_status hdf5_verdict(enum moat_status status, const char *path);

/* The file access list: the format of HDF5 1.10, without HDF5's own locks. With `left_open` it also opens a file that
   no writer closed. The caller closes it. Negative on failure. Local. */
hid_t hdf5_access_list(bool left_open);

/* Closes the object and sets it to -1; accepts -1 inside. False on failure. Local. */
bool hdf5_close(hid_t *object);

/* Creates the group `name`, which the caller closes. Negative on failure. Rank 0. */
hid_t hdf5_create_group(hid_t file, const char *name);

/* Creates the text attribute `name` as a variable-length UTF-8 string, for readers that expect one. Nothing may read it
   back: HDF5 keeps such texts without a checksum, and HDF5 1.10 crashes, loops for ever or writes past a buffer where
   they are damaged. False on failure. Rank 0. */
bool hdf5_text_write(hid_t object, const char *name, const char *text);

/* Copies `from` to `to`, cut to `size` with the NUL between two characters of UTF-8, and fills the rest with NUL. What
   would begin a new line or steer a terminal becomes a question mark. Local. */
void hdf5_text_copy(char *to, size_t size, const char *from);

/* Writes the text attribute `name`, new or not, as a UTF-8 string of `size` bytes, or of the text's length with 0. An
   attribute that is there already has that size. False on failure. Rank 0. */
bool hdf5_text_fix(hid_t object, const char *name, const char *text, size_t size);

/* Reads the text attribute `name` of fixed length, cut to `size` bytes with the NUL. HDF5 has its checksum. False, with
   "" in `text`, when there is none or on failure. Local. */
bool hdf5_text_read(hid_t object, const char *name, char *text, size_t size);

/* Brings the file behind the descriptor to disk. A failure is reported as one of HDF5's. False on failure. Local. */
bool hdf5_sync(int descriptor);

#endif
