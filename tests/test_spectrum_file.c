/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spectrum files, written here by plain HDF5 calls: numbers of any type come back, and what is wrong is said. */
#include "results/spectrum_file.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "suite.h"

static char path[] = "/tmp/moat-spectrum-XXXXXX";

enum { DIRECTIONS = 3 };
static const char *const names[] = {"eigenvalue", "alignment_performance", "alignment_safety", "alignment_joint"};
static const double numbers[4][DIRECTIONS] = {{1, 0.5, 0.25}, {2, 1, 0.5}, {3, 1.5, 0.75}, {-1, 0.5, 0.125}};

/* What a file has that a good one does not. */
struct flaw {
    const char *without; /* this variable is left out */
    const char *other;   /* this one is special: */
    hsize_t dims[2];
    int rank;
    hid_t type;
    const char *text_attribute; /* this attribute is a text */
};

static void put(hid_t file, const char *name, int rank, const hsize_t *dims, hid_t type, const double *values)
{
    hid_t space = H5Screate_simple(rank, dims, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Tget_class(type) != H5T_STRING && H5Sget_simple_extent_npoints(space) > 0) {
        CU_ASSERT(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    }
    H5Dclose(dataset);
    H5Sclose(space);
}

/* Writes a root attribute of one value. */
static void put_attribute(hid_t file, const char *name, hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR), attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT(H5Awrite(attribute, type, value) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void write_file(const struct flaw *flaw, hid_t type, const double noise[2])
{
    static const double many[64] = {0};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hsize_t dims[] = {DIRECTIONS};
    for (int k = 0; k < 4; k++) {
        if (flaw->without && strcmp(flaw->without, names[k]) == 0) {
            continue;
        }
        bool other = flaw->other && strcmp(flaw->other, names[k]) == 0;
        put(file, names[k], other ? flaw->rank : 1, other ? flaw->dims : dims, other && flaw->type ? flaw->type : type,
            other ? many : numbers[k]);
    }
    if (noise) {
        put_attribute(file, "noise_performance", H5T_NATIVE_DOUBLE, &noise[0]);
        put_attribute(file, "noise_safety", H5T_NATIVE_DOUBLE, &noise[1]);
    }
    if (flaw->text_attribute) {
        put_attribute(file, flaw->text_attribute, H5T_C_S1, "a");
    }
    H5Fclose(file);
}

static void comes_back(void)
{
    const double noise[] = {0.5, 0.25};
    const hid_t types[] = {H5T_NATIVE_DOUBLE, H5T_IEEE_F32BE, H5T_IEEE_F64LE};
    uint32_t checksum = 0;
    for (int k = 0; k < 3; k++) {
        struct directions file;
        write_file(&(struct flaw){0}, types[k], noise);
        CU_ASSERT_EQUAL_FATAL(spectrum_file_load(path, &file), MOAT_OK);
        const struct moat_measured_spectrum *found = &file.spectrum;
        const double *lists[] = {found->sigma, found->b11, found->b22, found->b12};
        CU_ASSERT_EQUAL_FATAL(found->n, DIRECTIONS);
        for (int v = 0; v < 4; v++) {
            CU_ASSERT(memcmp(lists[v], numbers[v], sizeof numbers[v]) == 0);
        }
        CU_ASSERT(found->noise1 == 0.5 && found->noise2 == 0.25);
        CU_ASSERT(k == 0 || file.checksum == checksum);
        checksum = file.checksum;
        directions_free(&file);
        directions_free(&file);
    }
    struct directions file;
    write_file(&(struct flaw){0}, H5T_NATIVE_DOUBLE, NULL);
    CU_ASSERT_EQUAL_FATAL(spectrum_file_load(path, &file), MOAT_OK);
    CU_ASSERT(file.spectrum.noise1 == 0 && file.spectrum.noise2 == 0);
    CU_ASSERT_NOT_EQUAL(file.checksum, checksum); /* the noise belongs to the content */

    struct moat_measured *measured;
    CU_ASSERT_EQUAL(moat_measured_create(&file.spectrum, &measured), MOAT_OK);
    expect(relative_error(moat_measured_L_star(measured), 7 + 0.5 * 1.5 + 0.25 * 1.0) < 1e-14, "L_star %.17g",
           moat_measured_L_star(measured));
    moat_measured_destroy(&measured);
    directions_free(&file);
}

static void refuse(const char *says)
{
    struct directions file;
    CU_ASSERT_EQUAL(spectrum_file_load(path, &file), MOAT_USAGE);
    expect(strstr(moat_error_message(), says) && strstr(moat_error_message(), path), "%s, expected %s",
           moat_error_message(), says);
    directions_free(&file);
}

static void refused(void)
{
    const hid_t text = H5T_C_S1;
    const struct {
        struct flaw flaw;
        const char *says;
    } bad[] = {
        {{.without = "eigenvalue"}, "no variable `eigenvalue`"},
        {{.without = "alignment_joint"}, "no variable `alignment_joint`"},
        {{.other = "alignment_safety", .rank = 1, .dims = {2}},
         "`alignment_safety` has 2 numbers and `eigenvalue` has 3"},
        {{.other = "eigenvalue", .rank = 2, .dims = {3, 2}}, "`eigenvalue` is not a list of numbers (it has 2"},
        {{.other = "eigenvalue", .rank = 1, .dims = {0}}, "`eigenvalue` has 0 numbers"},
        {{.other = "eigenvalue", .rank = 1, .dims = {3}, .type = text}, "`eigenvalue` is not a list of numbers"},
        {{.text_attribute = "noise_safety"}, "`noise_safety` is not one number"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        write_file(&bad[k].flaw, H5T_NATIVE_DOUBLE, NULL);
        refuse(bad[k].says);
    }
    FILE *plain = fopen(path, "w");
    fputs("eigenvalue: [1, 0.5]\n", plain);
    fclose(plain);
    refuse("not an HDF5 file");
    write_file(&(struct flaw){0}, H5T_NATIVE_DOUBLE, NULL);
    CU_ASSERT_EQUAL(truncate(path, 1000), 0);
    refuse("cannot be read");
    unlink(path);
    refuse("no such file");
}

int main(void)
{
    int descriptor = mkstemp(path);
    if (descriptor < 0) {
        return 1;
    }
    close(descriptor);
    CU_TestInfo tests[] = {
        {"what is written comes back", comes_back},
        {"what is refused", refused},
        CU_TEST_INFO_NULL,
    };
    int code = suite_run("spectrum_file", tests);
    unlink(path);
    return code;
}
