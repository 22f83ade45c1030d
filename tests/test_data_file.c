/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data files, written here by plain HDF5 calls: blocks and rows of numbers of any type come back; what is wrong is
 * said. */
#include "results/data_file.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "suite.h"

static char path[] = "/tmp/moat-data-XXXXXX";

enum { ROWS = 23, COLUMNS = 5 };

/* What a file has that a good one does not: the dataset `name` is left out, or has other dimensions or another type, or
   one number of its own. */
struct flaw {
    const char *name;
    int rank;
    hsize_t dims[3];
    hid_t type;
    bool special;
    size_t at;
    double value;
};

static double number(size_t i)
{
    return (double)(i * i % 101) - 50; /* fits into a signed byte */
}

static void put(hid_t file, const char *name, int rank, const hsize_t *dims, hid_t type, const struct flaw *flaw)
{
    bool flawed = flaw->name && strcmp(flaw->name, name) == 0;
    static double value[ROWS * COLUMNS * 2];
    if (flawed && !flaw->special && flaw->rank == 0 && !flaw->type) {
        return;
    }
    rank = flawed && flaw->rank ? flaw->rank : rank;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE),
          space = H5Screate_simple(rank, flawed && flaw->rank ? flaw->dims : dims, NULL);
    if (rank == 2 && !flawed) { /* in chunks that fit neither axis */
        H5Pset_chunk(list, 2, (const hsize_t[]){4, 3});
    }
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        value[i] = number(i);
    }
    if (flawed && flaw->special) {
        value[flaw->at] = flaw->value;
    }
    type = flawed && flaw->type ? flaw->type : type;
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (H5Tget_class(type) != H5T_STRING && H5Sget_simple_extent_npoints(space) > 0) {
        CU_ASSERT(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0);
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(list);
}

static void write_file(hid_t type, const struct flaw *flaw)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "features", 2, (const hsize_t[]){ROWS, COLUMNS}, type, flaw);
    put(file, "performance", 1, (const hsize_t[]){ROWS}, type, flaw);
    put(file, "safety", 1, (const hsize_t[]){ROWS}, type, flaw);
    H5Fclose(file);
}

static void blocks(void)
{
    const hid_t types[] = {H5T_NATIVE_DOUBLE, H5T_IEEE_F32BE, H5T_STD_I8LE, H5T_STD_I64BE};
    const struct {
        size_t row, rows, column, columns;
    } block[] = {{0, ROWS, 0, COLUMNS}, {3, 7, 0, COLUMNS}, {22, 1, 1, 4}, {0, ROWS, 4, 1}, {5, 0, 0, COLUMNS}};
    for (int t = 0; t < 4; t++) {
        struct data_file file;
        double out[ROWS * COLUMNS], performance[ROWS], safety[ROWS];
        write_file(types[t], &(struct flaw){0});
        CU_ASSERT_EQUAL_FATAL(data_file_open(path, &file), MOAT_OK);
        CU_ASSERT(file.n == ROWS && file.P == COLUMNS);
        for (size_t b = 0; b < sizeof block / sizeof *block; b++) {
            CU_ASSERT_EQUAL(data_file_block(&file, block[b].row, block[b].rows, block[b].column, block[b].columns, out),
                            MOAT_OK);
            for (size_t i = 0; i < block[b].rows * block[b].columns; i++) {
                size_t row = block[b].row + i / block[b].columns, column = block[b].column + i % block[b].columns;
                CU_ASSERT_EQUAL(out[i], number(row * COLUMNS + column));
            }
        }
        const size_t index[] = {4, 5, 6, 4, 22, 0, 1, 0};
        CU_ASSERT_EQUAL(data_file_rows(&file, index, 8, out), MOAT_OK);
        for (size_t i = 0; i < 8 * COLUMNS; i++) {
            CU_ASSERT_EQUAL(out[i], number(index[i / COLUMNS] * COLUMNS + i % COLUMNS));
        }
        CU_ASSERT_EQUAL(data_file_labels(&file, performance, safety), MOAT_OK);
        CU_ASSERT(performance[7] == number(7) && safety[22] == number(22));
        data_file_close(&file);
        data_file_close(&file);
    }
}

/* Booleans, as h5py writes them. */
static void booleans(void)
{
    const signed char off = 0, on = 1, stored[ROWS] = {0, 1, 1};
    const hsize_t dims[] = {ROWS};
    struct data_file file;
    double performance[ROWS], safety[ROWS];
    write_file(H5T_NATIVE_DOUBLE, &(struct flaw){.name = "safety"});
    hid_t open = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), type = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(type, "FALSE", &off);
    H5Tenum_insert(type, "TRUE", &on);
    hid_t space = H5Screate_simple(1, dims, NULL);
    hid_t dataset = H5Dcreate2(open, "safety", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(open);
    CU_ASSERT_EQUAL_FATAL(data_file_open(path, &file), MOAT_OK);
    CU_ASSERT_EQUAL(data_file_labels(&file, performance, safety), MOAT_OK);
    CU_ASSERT(safety[0] == 0 && safety[1] == 1 && safety[2] == 1 && safety[3] == 0);
    data_file_close(&file);
}

static void refuse_opening(hid_t type, const struct flaw *flaw, const char *says)
{
    struct data_file file;
    write_file(type, flaw);
    CU_ASSERT_EQUAL(data_file_open(path, &file), MOAT_USAGE);
    expect(strstr(moat_error_message(), says) && strstr(moat_error_message(), path), "%s, expected %s",
           moat_error_message(), says);
    data_file_close(&file);
}

static void refused(void)
{
    const hid_t numbers = H5T_NATIVE_DOUBLE;
    refuse_opening(numbers, &(struct flaw){.name = "features"}, "has no `features`");
    refuse_opening(numbers, &(struct flaw){.name = "safety"}, "has no `safety`");
    refuse_opening(numbers, &(struct flaw){.name = "features", .rank = 1, .dims = {ROWS}},
                   "`features` has 1 dimensions");
    refuse_opening(numbers, &(struct flaw){.name = "features", .rank = 3, .dims = {ROWS, 1, 1}},
                   "`features` has 3 dimensions");
    refuse_opening(numbers, &(struct flaw){.name = "features", .rank = 2, .dims = {0, COLUMNS}},
                   "`features` has 0 rows");
    refuse_opening(numbers, &(struct flaw){.name = "features", .rank = 2, .dims = {ROWS, 0}},
                   "`features` has 0 columns");
    refuse_opening(numbers, &(struct flaw){.name = "performance", .rank = 2, .dims = {ROWS, 1}},
                   "`performance` has 2 dimensions");
    refuse_opening(numbers, &(struct flaw){.name = "safety", .rank = 1, .dims = {ROWS - 1}},
                   "`safety` has 22 numbers and `features` 23 rows");
    refuse_opening(numbers, &(struct flaw){.name = "safety", .type = H5T_C_S1}, "not of numbers");

    struct data_file file;
    CU_ASSERT_EQUAL(data_file_open("/nonexistent.h5", &file), MOAT_USAGE);
    data_file_close(&file);
    CU_ASSERT_EQUAL(data_file_open("/tmp", &file), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "found a folder"));
    data_file_close(&file);
    FILE *text = fopen(path, "w");
    fputs("valence,arousal\n1,2\n", text);
    fclose(text);
    CU_ASSERT_EQUAL(data_file_open(path, &file), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "cannot be read as HDF5"));
    data_file_close(&file);
}

/* A number that is none is named with its place, by whoever reads it. */
static void not_finite(void)
{
    struct data_file file;
    double out[ROWS * COLUMNS], other[ROWS];
    write_file(H5T_IEEE_F32LE,
               &(struct flaw){.name = "features", .special = true, .at = 17 * COLUMNS + 3, .value = NAN});
    CU_ASSERT_EQUAL_FATAL(data_file_open(path, &file), MOAT_OK);
    CU_ASSERT_EQUAL(data_file_block(&file, 0, 17, 0, COLUMNS, out), MOAT_OK);
    CU_ASSERT_EQUAL(data_file_block(&file, 0, ROWS, 0, 3, out), MOAT_OK);
    CU_ASSERT_EQUAL(data_file_block(&file, 15, 5, 1, 4, out), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "nan in row 17, column 3"));
    CU_ASSERT_EQUAL(data_file_rows(&file, (const size_t[]){2, 17}, 2, out), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "nan in row 17, column 3"));
    data_file_close(&file);

    write_file(H5T_NATIVE_DOUBLE, &(struct flaw){.name = "safety", .special = true, .at = 9, .value = -INFINITY});
    CU_ASSERT_EQUAL_FATAL(data_file_open(path, &file), MOAT_OK);
    CU_ASSERT_EQUAL(data_file_labels(&file, out, other), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "`safety` has -inf in row 9"));
    data_file_close(&file);
}

int main(void)
{
    CU_TestInfo tests[] = {{"blocks, rows and labels of any type come back", blocks},
                           {"booleans are numbers", booleans},
                           {"files of another shape are refused by name", refused},
                           {"a number that is not finite is named with its place", not_finite},
                           CU_TEST_INFO_NULL};
    int descriptor = mkstemp(path);
    close(descriptor);
    int failed = suite_run("data file", tests);
    unlink(path);
    return failed;
}
