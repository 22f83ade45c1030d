/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HDF5 as the other files of this folder need it.
 *
 * HDF5 calls back at each failing call. The first failure is kept until it is reported: it is the cause, and later
 * failures follow from it.
 */
#include "results/hdf5.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { CAUSE_SIZE = 512 };
static char cause[CAUSE_SIZE];
static int shortage; /* errno of a call that lacked memory or descriptors; 0: none did */

/* Notes a shortage that a text of the system names. */
static void note_shortage(const char *text, size_t length)
{
    const int shortages[] = {ENOMEM, EMFILE, ENFILE};
    for (size_t i = 0; i < sizeof shortages / sizeof shortages[0]; i++) {
        const char *name = strerror(shortages[i]);
        if (strlen(name) == length && strncmp(name, text, length) == 0) {
            shortage = shortages[i];
        }
    }
}

/* Keeps the innermost entry of the error stack; of a failed system call only the system's message. A damaged length
   makes HDF5 ask for more memory than there is, which is no shortage. */
static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *unused)
{
    (void)unused;
    if (n == 0 && error->desc) {
        static const char mark[] = "error message = '";
        const char *system_text = strstr(error->desc, mark);
        const char *text = system_text ? system_text + sizeof mark - 1 : error->desc;
        size_t length = system_text ? strcspn(text, "'") : strlen(text);
        note_shortage(text, length);
        if (error->maj_num == H5E_RESOURCE && !memory_left(MEMORY_TO_SPARE)) {
            shortage = ENOMEM;
        }
        if (cause[0] == '\0') {
            snprintf(cause, sizeof cause, "%.*s", (int)length, text);
        }
    }
    return 0;
}

static herr_t keep_cause(hid_t stack, void *unused)
{
    H5Ewalk2(stack, H5E_WALK_UPWARD, keep_innermost, unused);
    return 0;
}

void hdf5_begin(void)
{
    H5dont_atexit(); /* at exit HDF5 would keep trying to write to a full disk */
    H5Eset_auto2(H5E_DEFAULT, keep_cause, NULL);
    cause[0] = '\0';
    shortage = 0;
    errno = 0;
}

bool hdf5_failed(void)
{
    return cause[0] != '\0';
}

void hdf5_note(const char *reason)
{
    note_shortage(reason, strlen(reason));
    if (cause[0] == '\0') {
        snprintf(cause, sizeof cause, "%s", reason);
    }
}

bool hdf5_sync(int descriptor)
{
    bool ok = fdatasync(descriptor) == 0;
    if (!ok) {
        hdf5_note(strerror(errno));
    }
    return ok;
}

void *hdf5_allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);
    shortage = memory ? shortage : ENOMEM;
    return memory;
}

static enum moat_status status_of_shortage(void)
{
    return shortage == ENOMEM ? MOAT_MEMORY : MOAT_IO;
}

enum moat_status hdf5_verdict(enum moat_status status, const char *path)
{
    if (shortage == 0) {
        return status;
    }
    return moat_error_set(status_of_shortage(), "%s: cannot be read: %s", path, strerror(shortage));
}

enum moat_status hdf5_error(enum moat_status status, const char *path, const char *action)
{
    shortage = shortage == 0 && cause[0] == '\0' && errno == ENOMEM ? ENOMEM : shortage;
    const char *reason = shortage ? strerror(shortage) : cause[0] ? cause : "HDF5 gives no reason";
    moat_error_set(shortage ? status_of_shortage() : status, "%s: %s: %s", path, action, reason);
    cause[0] = '\0';
    return shortage ? status_of_shortage() : status;
}

hid_t hdf5_access_list(bool left_open)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    hbool_t yes = 1;
    /* HDF5 1.10's format is the oldest that has SWMR, and every later version of HDF5 reads it. */
    bool ok = H5Pset_libver_bounds(list, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0 && H5Pset_fapl_sec2(list) >= 0;
    /* HDF5 rereads metadata that look half-written, doubling its pause each time: 30 attempts take a second. Without a
       writer such metadata are damaged, and one attempt is enough. */
    ok = ok && H5Pset_metadata_read_attempts(list, left_open ? 1 : 30) >= 0;
    /* HDF5's lock would keep a resumed run out while a viewer has the file open; lock_take does not. */
    ok = ok && H5Pset_file_locking(list, 0, 1) >= 0;
    if (left_open) {
        ok = ok && H5Pset(list, "clear_status_flags", &yes) >= 0 && H5Pset(list, "skip_eof_check", &yes) >= 0;
    }
    if (!ok) {
        hdf5_close(&list);
    }
    return list;
}

bool hdf5_close(hid_t *object)
{
    herr_t closed = 0;
    if (*object >= 0) {
        switch (H5Iget_type(*object)) {
        case H5I_FILE:
            closed = H5Fclose(*object);
            break;
        case H5I_DATASET:
            closed = H5Dclose(*object);
            break;
        case H5I_GROUP:
            closed = H5Gclose(*object);
            break;
        case H5I_ATTR:
            closed = H5Aclose(*object);
            break;
        case H5I_DATASPACE:
            closed = H5Sclose(*object);
            break;
        case H5I_DATATYPE:
            closed = H5Tclose(*object);
            break;
        default:
            closed = H5Pclose(*object);
        }
    }
    *object = -1;
    return closed >= 0;
}

hid_t hdf5_create_group(hid_t file, const char *name)
{
    hid_t list = H5Pcreate(H5P_GROUP_CREATE), group = -1;
    if (H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0) { /* for netCDF-4 */
        group = H5Gcreate2(file, name, H5P_DEFAULT, list, H5P_DEFAULT);
    }
    hdf5_close(&list);
    return group;
}

static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        hdf5_close(&type);
    }
    return type;
}

bool hdf5_text_write(hid_t object, const char *name, const char *text)
{
    hid_t type = text_type(), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0 && H5Awrite(attribute, type, &text) >= 0;
    hdf5_close(&attribute);
    hdf5_close(&space);
    hdf5_close(&type);
    return ok;
}

void hdf5_text_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80) { /* in the middle of a character */
            length--;
        }
    }
    for (size_t i = 0; i < length; i++) {
        to[i] = (unsigned char)from[i] < ' ' || from[i] == 0x7f ? '?' : from[i];
    }
    memset(to + length, 0, size - length);
}

bool hdf5_text_fix(hid_t object, const char *name, const char *text, size_t size)
{
    size_t length = strlen(text);
    size = size > 0 ? size : length > 0 ? length : 1;
    char *padded = hdf5_allocate(size);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
    if (padded && H5Tset_size(type, size) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
        H5Tset_cset(type, H5T_CSET_UTF8) >= 0) {
        memcpy(padded, text, length < size ? length : size);
        attribute = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT)
                                                : H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    }
    bool ok = attribute >= 0 && H5Awrite(attribute, type, padded) >= 0;
    hdf5_close(&attribute);
    hdf5_close(&space);
    hdf5_close(&type);
    free(padded);
    return ok;
}

bool hdf5_text_read(hid_t object, const char *name, char *text, size_t size)
{
    text[0] = '\0';
    if (H5Aexists(object, name) <= 0) {
        return false;
    }
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    bool ok = H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) == 0 &&
              H5Sget_simple_extent_npoints(space) == 1 && H5Tset_size(type, size) >= 0 &&
              H5Tset_cset(type, H5Tget_cset(stored)) >= 0 && H5Aread(attribute, type, text) >= 0;
    text[ok ? size - 1 : 0] = '\0';
    hdf5_close(&space);
    hdf5_close(&stored);
    hdf5_close(&type);
    hdf5_close(&attribute);
    return ok;
}
