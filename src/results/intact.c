/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks that a file is whole and that moat wrote it, before anything in it is trusted or changed.
 *
 * HDF5 finds damage in its structure by checksums, but only when it reads the damaged part. In a run that would be
 * after the first change, and HDF5 would then retry for hours. So everything is opened once for reading, by order of
 * creation and by name. The check also refuses what no sweep has: links that lead elsewhere, and values that are in
 * other files, behind filters, or not stored at all, so that they cost no room but take for ever to read.
 */
#include "results/intact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "results/hdf5.h"

enum { NAME_SIZE = 64, LINKS_MAX = 256 };

/* Returns true if the first filter is HDF5's checksum, which changes no values. */
static bool has_checksum(hid_t list)
{
    unsigned flags, settings;
    size_t count = 0;
    return H5Pget_filter2(list, 0, &flags, &count, NULL, 0, NULL, &settings) == H5Z_FILTER_FLETCHER32;
}

static bool plain_type(hid_t type)
{
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_FLOAT || class == H5T_INTEGER || (class == H5T_STRING && H5Tis_variable_str(type) == 0);
}

/* Returns true if all values of `dataset` are in the file without a transformation, and match the checksum where HDF5
   keeps one. */
static bool stored_plainly(hid_t dataset, hsize_t file_bytes)
{
    hid_t list = H5Dget_create_plist(dataset), space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    H5D_layout_t layout = H5Pget_layout(list);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    hsize_t stored = H5Dget_storage_size(dataset), size = H5Tget_size(type);
    int filters = H5Pget_nfilters(list);
    bool plain = (layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED) && H5Pget_external_count(list) == 0 &&
                 (filters == 0 || (filters == 1 && has_checksum(list))) && plain_type(type) && points > 0 && size > 0 &&
                 stored <= file_bytes && (hsize_t)points <= stored / size;
    if (plain && filters == 1) {
        void *values = hdf5_allocate(stored);
        plain = values && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
        free(values);
    }
    hdf5_close(&type);
    hdf5_close(&space);
    hdf5_close(&list);
    return plain;
}

/* Returns true if all metadata of `object` can be read, down to the free space of its heaps. h5py reads them too when
   it visits an object. */
static bool described(hid_t object)
{
    H5O_info_t info;
    return H5Oget_info2(object, &info, H5O_INFO_ALL) >= 0;
}

struct inspection {
    hsize_t file_bytes;
    char name[NAME_SIZE]; /* of the object at hand */
};

static bool check_group(hid_t group, struct inspection *inspection, bool groups);

/* Returns true if link `i` of `group`, in order of creation, leads by its name to a dataset or, with `groups`, to a
   group of datasets. */
static bool check_link(hid_t group, hsize_t i, struct inspection *inspection, bool groups)
{
    H5L_info_t link;
    ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, inspection->name,
                                        sizeof inspection->name, H5P_DEFAULT);
    if (length <= 0 || length >= NAME_SIZE || H5Lget_info(group, inspection->name, &link, H5P_DEFAULT) < 0 ||
        link.type != H5L_TYPE_HARD) {
        return false;
    }
    hid_t object = H5Oopen(group, inspection->name, H5P_DEFAULT);
    H5I_type_t type = object >= 0 ? H5Iget_type(object) : H5I_BADID;
    bool ok = type == H5I_DATASET ? stored_plainly(object, inspection->file_bytes)
                                  : type == H5I_GROUP && groups && check_group(object, inspection, false);
    ok = ok && described(object);
    return hdf5_close(&object) && ok;
}

/* H5Literate and H5Lvisit would do, but HDF5 1.10 frees what it never allocated when they meet damage. */
static bool check_group(hid_t group, struct inspection *inspection, bool groups)
{
    H5G_info_t about;
    bool ok = H5Gget_info(group, &about) >= 0 && about.nlinks <= LINKS_MAX;
    for (hsize_t i = 0; ok && i < about.nlinks; i++) {
        ok = check_link(group, i, inspection, groups);
    }
    return ok;
}

/* Says what a file is that has no part of a results file. */
static enum moat_status refuse_foreign(hid_t file, const char *path, const char *advice)
{
    const char *is = "an HDF5 file that moat did not write";
    if (H5Lexists(file, "eigenvalue", H5P_DEFAULT) > 0) {
        is = "a measured spectrum, expected a results file: `moat draw spectrum` draws it, and `moat run` takes it "
             "where a config says model: {spectrum: FILE}";
    } else if (H5Lexists(file, "features", H5P_DEFAULT) > 0) {
        is = "a data file, expected a results file: `moat measure` reads it, and `moat run` where a config says ridge: "
             "{data: FILE}";
    }
    return moat_error_set(MOAT_USAGE, "%s: %s%s", path, is, advice);
}

enum moat_status intact_check(hid_t file, const char *path, const char *advice)
{
    struct stat about;
    struct inspection inspection = {.name = "/"};
    bool ours = H5Aexists(file, "moat_version") > 0 && H5Lexists(file, "run", H5P_DEFAULT) > 0;
    if (!ours && !hdf5_failed()) {
        return refuse_foreign(file, path, advice);
    }
    if (stat(path, &about) != 0) {
        return moat_error_set(MOAT_IO, "%s: %s", path, strerror(errno));
    }
    inspection.file_bytes = (hsize_t)about.st_size;
    if (ours && described(file) && check_group(file, &inspection, true)) {
        return MOAT_OK;
    }
    if (hdf5_failed()) {
        char action[128];
        snprintf(action, sizeof action, "damaged or cut short, at `%s`%s", inspection.name, advice);
        return hdf5_error(MOAT_USAGE, path, action);
    }
    return moat_error_set(
        MOAT_USAGE,
        "%s: changed since moat wrote it: found `%s` as a link, or with values stored elsewhere, compressed or not "
        "at all; expected plain values%s",
        path, inspection.name, advice);
}
