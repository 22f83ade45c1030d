/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which file stands at the path of a results file, found out without changing it. */
#include "results/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/hdf5.h"
#include "results/intact.h"
#include "results/layout.h"
#include "results/provenance.h"

enum { SIGNATURE_SIZE = 8 };
static const unsigned char hdf5_signature[SIGNATURE_SIZE] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

const char identity_refused[] = ": it is left unchanged; choose another file with -o";
const char identity_replace[] = ": use --force to replace it or -o for another file";

enum moat_status identity_check_kind(const char *path, const char *advice, bool *exists)
{
    return identity_check_hdf5(path, "a moat results file", advice, exists);
}

enum moat_status identity_check_hdf5(const char *path, const char *expected, const char *advice, bool *exists)
{
    struct stat about;
    unsigned char start[SIGNATURE_SIZE];
    *exists = true;
    if (stat(path, &about) != 0) {
        *exists = errno != ENOENT && errno != ENOTDIR;
        return *exists ? moat_error_set(MOAT_IO, "%s: %s", path, strerror(errno)) : MOAT_OK;
    }
    if (!S_ISREG(about.st_mode)) {
        return moat_error_set(MOAT_USAGE, "%s: found a %s, expected %s%s", path,
                              S_ISDIR(about.st_mode) ? "folder" : "device or pipe", expected, advice);
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return moat_error_set(MOAT_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    ssize_t got = pread(descriptor, start, sizeof start, 0);
    close(descriptor);
    if (got == 0) {
        return moat_error_set(MOAT_USAGE, "%s: found an empty file, expected %s%s", path, expected, advice);
    }
    if (got != SIGNATURE_SIZE || memcmp(start, hdf5_signature, SIGNATURE_SIZE) != 0) {
        return moat_error_set(MOAT_USAGE, "%s: not an HDF5 file, expected %s%s", path, expected, advice);
    }
    return MOAT_OK;
}

/* Whether the last writer closed the file: the superblock's flags say so (byte 11 of version 3). */
static bool is_closed(int descriptor)
{
    enum { FLAGS_OFFSET = 11 };
    char flags = 0;
    return pread(descriptor, &flags, 1, FLAGS_OFFSET) == 1 && flags == 0;
}

/* Opens the locked file for reading. A file that a killed writer left opens only if its marks are ignored, which
   reading does in memory alone. A closed file that does not open has been cut or damaged. */
static hid_t open_locked(struct results *results)
{
    int ways = is_closed(results->lock) ? 1 : 2;
    hid_t file = -1;
    for (int left_open = 0; left_open < ways && file < 0; left_open++) {
        hid_t access = hdf5_access_list(left_open);
        H5Pset_metadata_read_attempts(access, 1); /* nobody writes: what looks half-written is damaged */
        /* A killed writer leaves a stale length in the superblock; SWMR reading uses the file's own size instead. */
        file = H5Fopen(results->target, H5F_ACC_RDONLY | (left_open ? H5F_ACC_SWMR_READ : 0), access);
        results->left_open = left_open;
        hdf5_close(&access);
    }
    return file;
}

/* Compares the config in `file`, which is whole and of this version's format, with `config`. */
static enum moat_status compare_configs(hid_t file, const char *path, const struct config *config, enum identity *out)
{
    struct config *stored = NULL;
    char *text = NULL;
    enum moat_status status = provenance_read_config(file, path, identity_refused, &text);
    if (status != MOAT_OK) {
        return status;
    }
    /* A config that this version does not accept belongs to another sweep. */
    status = config_parse(text, path, &stored);
    *out = IDENTITY_OTHER;
    if (status == MOAT_OK && config_equal(stored, config)) {
        *out = !provenance_has_spectrum(file, config) ? IDENTITY_SPECTRUM
               : !provenance_has_data(file, config)   ? IDENTITY_DATA
               : layout_fits(file, config)            ? IDENTITY_FILE
                                                      : IDENTITY_SWEEP;
    }
    config_destroy(&stored);
    free(text);
    return status == MOAT_MEMORY ? MOAT_MEMORY : MOAT_OK;
}

enum moat_status identity_compare(struct results *results, const struct config *config, enum identity *out)
{
    hid_t file = open_locked(results);
    enum moat_status status = MOAT_OK;
    *out = IDENTITY_OTHER;
    if (file < 0) {
        status = hdf5_error(MOAT_USAGE, results->path, "not a results file that can be read, left unchanged");
        return hdf5_verdict(status, results->path);
    }
    hdf5_begin();
    status = intact_check(file, results->path, identity_refused);
    if (status == MOAT_OK && provenance_check_format(file, results->path, identity_replace) != MOAT_OK) {
        *out = IDENTITY_FORMAT;
    } else if (status == MOAT_OK) {
        status = compare_configs(file, results->path, config, out);
    }
    if (*out != IDENTITY_FILE) {
        status = hdf5_verdict(status, results->path);
    }
    hdf5_begin();
    hdf5_close(&file);
    return status;
}
