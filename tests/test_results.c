/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The results file: what is written comes back, survives kills, full disks and second writers, and nothing that is not
 * this sweep's is ever changed. The file is read here by plain HDF5 calls, not through the module.
 */
#include <errno.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "results/describe.h"
#include "results/results.h"
#include "suite.h"

static const char yaml[] = "name: %s\nsweep: market_entry\nsolver: deterministic\noutput: results.h5\n"
                           "model: {gamma: 0.5, P: .inf}\nincumbent: {tau: 0.9}\ntau_unit: L_star\ngrid:\n"
                           "  N_I: {log: [10, 1e6], points: %d}\n  tau_E: {values: [0.9, 1.5, .inf]}\n"
                           "  Q: {values: [0.1, 0.2, 0.4, 0.8, 1.0]}\n  nu: {values: [0.6, 0.8, 1.0]}\n";

/* A run of this process, or of the child that is killed. */
static const struct results_run *this_run(void)
{
    static struct results_run run = {.command = "test --line", .cores = 2};
    launch_here(1, 1, &run.launch);
    return &run;
}

static char folder[] = "/tmp/moat-results-XXXXXX";
static char path[64];

static struct config *make_config(const char *name, int points, size_t padding)
{
    struct config *config = NULL;
    char *text = calloc(1, sizeof yaml + 100 + padding);
    int used = sprintf(text, yaml, name, points);
    for (size_t i = 0; i < padding; i++) { /* a long comment */
        text[(size_t)used + i] = i % 80 == 0 ? '#' : i % 80 == 79 || i == padding - 1 ? '\n' : 'x';
    }
    if (config_parse(text, "test", &config) != MOAT_OK) {
        fprintf(stderr, "%s\n", moat_error_message());
        abort();
    }
    free(text);
    return config;
}

/* The value that field f has at a grid point, by the coordinates the field varies along. */
static double value_at(int f, const size_t point[GRID_AXES])
{
    double value = 1 + f;
    for (unsigned a = 0; a < GRID_AXES; a++) {
        value = field_table[f].axes & 1u << a ? value * 101 + (double)point[a] : value;
    }
    return field_table[f].type == FIELD_UINT8 ? 1 + fmod(value, 6) : value + 0.125;
}

/* Calls visit for every point of the box in C order. */
typedef void visit(int f, const size_t point[GRID_AXES], size_t i, void *context);
static void each_point(int f, const struct grid *grid, const struct block *box, visit *visit_point, void *context)
{
    size_t start[GRID_AXES], count[GRID_AXES], total = 1;
    int axis[GRID_AXES], rank = field_box(&field_table[f], grid, box, start, count);
    field_axes(&field_table[f], grid, axis);
    for (int a = 0; a < rank; a++) {
        total *= count[a];
    }
    for (size_t i = 0; i < total; i++) {
        size_t point[GRID_AXES] = {0}, rest = i;
        for (int r = rank - 1; r >= 0; r--) {
            point[axis[r]] = start[r] + rest % count[r];
            rest /= count[r];
        }
        visit_point(f, point, i, context);
    }
}

static void fill_point(int f, const size_t point[GRID_AXES], size_t i, void *context)
{
    if (field_table[f].type == FIELD_UINT8) {
        ((unsigned char *)context)[i] = (unsigned char)value_at(f, point);
    } else {
        ((double *)context)[i] = value_at(f, point);
    }
}

static enum moat_status write_block(struct results *results, const struct config *config, size_t index)
{
    struct block block = grid_block(&config->grid, index);
    size_t offset[FIELD_COUNT + 1];
    field_offsets(config, &block, offset);
    unsigned char *record = calloc(1, offset[FIELD_COUNT]);
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (field_stored(&field_table[f], config)) {
            each_point(f, &config->grid, &block, fill_point, record + offset[f]);
        }
    }
    enum moat_status status = results_write(results, index, record, field_checksum(config, &block, record), 0.5, 3);
    free(record);
    return status;
}

static struct results *open_or_abort(const struct config *config, bool force)
{
    struct results *results = NULL;
    /* closing adds the core-hours: kills should fall there too */
    if (results_open(path, config, this_run(), force ? RESULTS_FORCE : 0, &results) != MOAT_OK) {
        fprintf(stderr, "%s\n", moat_error_message());
        abort();
    }
    return results;
}

/* The whole file as plain HDF5 reads it. */
struct image {
    const struct config *config;
    double *field[FIELD_COUNT];
    unsigned char *state;
    size_t wrong, checked;
};

static hid_t open_plain(unsigned flags, bool left_open)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    hbool_t yes = 1;
    if (left_open) {
        H5Pset(list, "clear_status_flags", &yes);
        H5Pset(list, "skip_eof_check", &yes);
    }
    hid_t file = H5Fopen(path, flags, list);
    H5Pclose(list);
    return file;
}

static void *read_variable(hid_t file, const char *name, hid_t type)
{
    hid_t variable = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(variable);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    void *values = calloc(points > 0 ? (size_t)points : 1, 8);
    if (H5Dread(variable, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        free(values);
        values = NULL;
    }
    H5Sclose(space);
    H5Dclose(variable);
    return values;
}

static bool image_read(hid_t file, const struct config *config, struct image *image)
{
    *image = (struct image){.config = config};
    image->state = read_variable(file, "run/block_state", H5T_NATIVE_UCHAR);
    bool ok = image->state != NULL;
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (field_stored(&field_table[f], config)) {
            image->field[f] = read_variable(file, field_table[f].name, H5T_NATIVE_DOUBLE);
            ok = ok && image->field[f];
        }
    }
    return ok;
}

static void image_free(struct image *image)
{
    free(image->state);
    for (int f = 0; f < FIELD_COUNT; f++) {
        free(image->field[f]);
    }
}

static void check_point(int f, const size_t point[GRID_AXES], size_t i, void *context)
{
    struct image *image = context;
    size_t index = 0;
    (void)i;
    for (unsigned a = 0; a < GRID_AXES; a++) {
        index = field_table[f].axes & 1u << a ? index * image->config->grid.axis[a].size + point[a] : index;
    }
    if (!image->field[f]) {
        return; /* not of this sweep */
    }
    image->checked++;
    image->wrong += image->field[f][index] != value_at(f, point);
}

/* Checks the values of every block reported done; returns how many those are. */
static size_t image_check_done(struct image *image)
{
    size_t done = 0;
    for (size_t b = 0; b < grid_blocks(&image->config->grid); b++) {
        struct block block = grid_block(&image->config->grid, b);
        for (int f = 0; image->state[b] == 1 && f < FIELD_COUNT; f++) {
            each_point(f, &image->config->grid, &block, check_point, image);
        }
        done += image->state[b] == 1;
    }
    return done;
}

/* Sum over the bytes of a file, sensitive to order and size. */
static unsigned long long file_sum(const char *name)
{
    unsigned long long sum = 1469598103934665603u;
    FILE *file = fopen(name, "rb");
    for (int c; file && (c = fgetc(file)) != EOF;) {
        sum = (sum ^ (unsigned long long)c) * 1099511628211u;
    }
    if (file) {
        fclose(file);
    }
    return sum;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void test_round_trip(void)
{
    struct config *config = make_config("round-trip", 60, 200 << 10);
    size_t blocks = grid_blocks(&config->grid);
    struct results *results = open_or_abort(config, false);
    for (size_t b = 0; b < blocks; b += 2) {
        CU_ASSERT_EQUAL(write_block(results, config, b), MOAT_OK);
    }
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    CU_ASSERT_PTR_NULL(results);

    struct image image;
    hid_t file = open_plain(H5F_ACC_RDONLY, false);
    CU_ASSERT_TRUE_FATAL(file >= 0 && image_read(file, config, &image));
    CU_ASSERT_EQUAL(image_check_done(&image), (blocks + 1) / 2);
    CU_ASSERT_EQUAL(image.wrong, 0);
    struct block pending = grid_block(&config->grid, 1);
    size_t index = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        index = index * config->grid.axis[a].size + pending.start[a];
    }
    CU_ASSERT_TRUE(isnan(image.field[FIELD_N_E_STAR][index]));
    CU_ASSERT_EQUAL(image.field[FIELD_STATUS][index], 0);
    for (int a = GRID_N_I; a < GRID_AXES; a++) {
        double *axis = read_variable(file, axis_table[SWEEP_MARKET_ENTRY][a].name, H5T_NATIVE_DOUBLE);
        CU_ASSERT_EQUAL(memcmp(axis, config->grid.axis[a].values, config->grid.axis[a].size * sizeof *axis), 0);
        free(axis);
    }
    image_free(&image);
    H5Fclose(file);

    results = open_or_abort(config, false);
    CU_ASSERT_EQUAL(results_blocks_done(results), (blocks + 1) / 2);
    for (size_t b = 0; b < blocks; b++) {
        CU_ASSERT_EQUAL(results_block_done(results, b), b % 2 == 0);
        CU_ASSERT_EQUAL(b % 2 ? write_block(results, config, b) : MOAT_OK, MOAT_OK);
    }
    struct results_summary counted, read;
    CU_ASSERT_EQUAL(results_count(results, &counted), MOAT_OK);
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    CU_ASSERT_EQUAL(results_summarise(path, &read), MOAT_OK);
    CU_ASSERT_STRING_EQUAL(read.title, "round-trip");
    CU_ASSERT_EQUAL(read.blocks_done, blocks);
    CU_ASSERT_EQUAL(read.seconds, 0.5 * (double)blocks);
    CU_ASSERT_TRUE(counted.written_now && !read.written_now);

    file = open_plain(H5F_ACC_RDONLY, false);
    CU_ASSERT_TRUE_FATAL(file >= 0 && image_read(file, config, &image));
    CU_ASSERT_EQUAL(image_check_done(&image), blocks);
    CU_ASSERT_EQUAL(image.wrong, 0);
    size_t by_status[MOAT_MARKET_STATUSES] = {0};
    for (size_t i = 0; i < grid_points(&config->grid); i++) {
        by_status[(int)image.field[FIELD_STATUS][i]]++;
    }
    CU_ASSERT_EQUAL(memcmp(by_status, read.points_by_status, sizeof by_status), 0);
    CU_ASSERT_EQUAL(memcmp(by_status, counted.points_by_status, sizeof by_status), 0);
    image_free(&image);
    H5Fclose(file);
    config_destroy(&config);
    unlink(path);
}

/* A child that opens the file and writes what it lacks until it is killed or done. */
static pid_t start_writer(const struct config *config, long pause)
{
    pid_t child = fork();
    if (child == 0) {
        struct results *results = open_or_abort(config, false);
        for (size_t b = 0; b < grid_blocks(&config->grid); b++) {
            if (results_block_done(results, b)) {
                continue;
            }
            if (write_block(results, config, b) != MOAT_OK || results_flush(results) != MOAT_OK) {
                _exit(1);
            }
            if (pause > 0) {
                pause_ms(pause);
            }
        }
        _exit(results_close(&results) != MOAT_OK);
    }
    return child;
}

static void kill_writer(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Milliseconds that a writer takes for the whole file. */
static long time_writer(const struct config *config)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    waitpid(start_writer(config, 0), NULL, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    unlink(path);
    return (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
}

/* Kills fall anywhere from before the file exists to after it is complete, also into the start of a resumed run. */
static void test_killed_writer(void)
{
    alarm(300); /* also for a reader of a damaged file, which waits practically for ever */
    struct config *config = make_config("killed", 120, 100);
    size_t blocks = grid_blocks(&config->grid), partial = 0, checked = 0;
    long whole = time_writer(config);
    srand(7);
    while (partial < 40) {
        pid_t child = start_writer(config, 0);
        pause_ms(rand() % (whole + 1));
        kill_writer(child);
        struct results_summary summary;
        if (access(path, F_OK) != 0) {
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(results_summarise(path, &summary), MOAT_OK);
        struct image image;
        hid_t file = open_plain(H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, true);
        CU_ASSERT_TRUE_FATAL(file >= 0 && image_read(file, config, &image));
        CU_ASSERT_EQUAL(image_check_done(&image), summary.blocks_done);
        CU_ASSERT_EQUAL(image.wrong, 0);
        checked += image.checked;
        H5Fclose(file);
        image_free(&image);
        partial += summary.blocks_done > 0 && summary.blocks_done < blocks;
        if (summary.blocks_done == blocks) {
            unlink(path);
        }
    }
    alarm(0);
    CU_ASSERT_TRUE(checked > 10000);
    if (getenv("MOAT_TEST_VERBOSE")) {
        printf("[%zu values checked] ", checked);
    }

    struct results *results = open_or_abort(config, false);
    for (size_t b = 0; b < blocks; b++) {
        CU_ASSERT_EQUAL(results_block_done(results, b) ? MOAT_OK : write_block(results, config, b), MOAT_OK);
    }
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    struct image image;
    hid_t file = open_plain(H5F_ACC_RDONLY, false);
    CU_ASSERT_TRUE_FATAL(file >= 0 && image_read(file, config, &image));
    CU_ASSERT_EQUAL(image_check_done(&image), blocks);
    CU_ASSERT_EQUAL(image.wrong, 0);
    H5Fclose(file);
    image_free(&image);
    config_destroy(&config);
    unlink(path);
}

/* Opening `name` must fail with `status`, leave the file as it is, and say `word`. */
static void expect_refusal(const char *name, const struct config *config, bool force, enum moat_status status,
                           const char *word)
{
    struct results *results = NULL;
    unsigned long long before = file_sum(name);
    enum moat_status found = results_open(name, config, this_run(), force ? RESULTS_FORCE : 0, &results);
    if (found != status || !strstr(moat_error_message(), word)) {
        fprintf(stderr, "expected '%s', found %d '%s'\n", word, found, moat_error_message());
    }
    CU_ASSERT_EQUAL(found, status);
    CU_ASSERT_PTR_NULL(results);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), word));
    CU_ASSERT_EQUAL(file_sum(name), before);
}

static void test_other_sweep(void)
{
    struct config *mine = make_config("mine", 60, 0), *other = make_config("other", 61, 0);
    struct results *results = open_or_abort(mine, false);
    CU_ASSERT_EQUAL(write_block(results, mine, 0), MOAT_OK);
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    expect_refusal(path, other, false, MOAT_USAGE, "holds another sweep");

    pid_t child = start_writer(mine, 20);
    pause_ms(200);
    kill_writer(child);
    expect_refusal(path, other, false, MOAT_USAGE, "holds another sweep"); /* not even repaired */
    results = open_or_abort(mine, true);                                   /* the same sweep: resumed, not replaced */
    CU_ASSERT_TRUE(results_blocks_done(results) > 0);
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);

    results = open_or_abort(other, true);
    CU_ASSERT_EQUAL(results_blocks_done(results), 0);
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    expect_refusal(path, mine, false, MOAT_USAGE, "holds another sweep");
    config_destroy(&mine);
    config_destroy(&other);
    unlink(path);
}

static void test_foreign_files(void)
{
    struct config *config = make_config("foreign", 60, 0);
    char name[96];
    struct results_summary summary;
    for (int force = 0; force <= 1; force++) {
        snprintf(name, sizeof name, "%s/text", folder);
        FILE *file = fopen(name, "w");
        fputs("not a results file\n", file);
        fclose(file);
        expect_refusal(name, config, force, MOAT_USAGE, "not an HDF5 file");
        CU_ASSERT_EQUAL(results_summarise(name, &summary), MOAT_USAGE);
        file = fopen(name, "w");
        fclose(file);
        expect_refusal(name, config, force, MOAT_USAGE, "empty file");
        unlink(name);
        expect_refusal(folder, config, force, MOAT_USAGE, "found a folder");

        hid_t hdf5 = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(hdf5);
        expect_refusal(path, config, force, MOAT_USAGE, "moat did not write");
        CU_ASSERT_EQUAL(results_summarise(path, &summary), MOAT_USAGE);
        CU_ASSERT_EQUAL(truncate(path, 60), 0);
        expect_refusal(path, config, force, MOAT_USAGE, "results.h5");
        unlink(path);
    }
    snprintf(name, sizeof name, "%s/absent/results.h5", folder);
    expect_refusal(name, config, false, MOAT_USAGE, "/absent cannot be found");
    CU_ASSERT_EQUAL(results_summarise(name, &summary), MOAT_USAGE);

    /* 2000^4 points: a petabyte */
    for (int a = GRID_N_I; a < GRID_AXES; a++) {
        config->grid.axis[a].values = realloc(config->grid.axis[a].values, 2000 * sizeof(double));
        config->grid.axis[a].size = 2000;
        for (int i = 0; i < 2000; i++) {
            config->grid.axis[a].values[i] = i;
        }
    }
    expect_refusal(path, config, false, MOAT_USAGE, "GB free");
    CU_ASSERT_TRUE(access(path, F_OK) != 0);
    config_destroy(&config);
}

/* A child that opens the live file as h5py would and keeps it open; sends whether it saw the file grow. */
static pid_t start_viewer(const struct config *config, int *answer)
{
    int ends[2];
    if (pipe(ends) != 0) {
        abort();
    }
    *answer = ends[0];
    pid_t child = fork();
    if (child == 0) {
        hid_t file = open_plain(H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, false);
        hid_t state = H5Dopen2(file, "run/block_state", H5P_DEFAULT);
        size_t seen[2] = {0};
        for (int i = 0; i < 2; i++) {
            pause_ms(150);
            H5Drefresh(state);
            unsigned char *states = read_variable(file, "run/block_state", H5T_NATIVE_UCHAR);
            for (size_t b = 0; states && b < grid_blocks(&config->grid); b++) {
                seen[i] += states[b] == 1;
            }
            free(states);
        }
        char grew = seen[0] > 0 && seen[1] > seen[0] ? 'y' : 'n';
        if (write(ends[1], &grew, 1) == 1) {
            pause();
        }
        _exit(0);
    }
    close(ends[1]);
    return child;
}

/* A viewer that keeps the file open sees it grow and keeps nobody out; a second writer is kept out. */
static void test_live_file(void)
{
    struct config *config = make_config("live", 60, 0);
    struct results_summary first, later;
    CU_ASSERT_EQUAL(results_summarise(path, &first), MOAT_USAGE);
    pid_t writer = start_writer(config, 50);                     /* three seconds */
    for (int i = 0; i < 12000 && access(path, F_OK) != 0; i++) { /* ends at once when the file is there */
        pause_ms(5);
    }
    CU_ASSERT_EQUAL(results_summarise(path, &first), MOAT_OK);
    CU_ASSERT_TRUE(first.written_now);

    struct results *results = NULL;
    CU_ASSERT_EQUAL(results_open(path, config, this_run(), RESULTS_FORCE, &results), MOAT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "another process is writing it"));

    int answer = -1;
    char grew = '-';
    pid_t viewer = start_viewer(config, &answer);
    CU_ASSERT_EQUAL(read(answer, &grew, 1), 1);
    CU_ASSERT_EQUAL(grew, 'y');
    close(answer);
    CU_ASSERT_EQUAL(results_summarise(path, &later), MOAT_OK);
    CU_ASSERT_TRUE(later.blocks_done > first.blocks_done && later.blocks_done < later.blocks);
    CU_ASSERT_TRUE(later.points_by_status[MOAT_MARKET_PENDING] < first.points_by_status[MOAT_MARKET_PENDING]);
    kill_writer(writer);
    CU_ASSERT_EQUAL(results_summarise(path, &later), MOAT_OK);
    CU_ASSERT_FALSE(later.written_now);

    writer = start_writer(config, 0); /* the viewer still has the file */
    int exit_status = -1;
    waitpid(writer, &exit_status, 0);
    CU_ASSERT_EQUAL(exit_status, 0);
    kill_writer(viewer);
    CU_ASSERT_EQUAL(results_summarise(path, &later), MOAT_OK);
    CU_ASSERT_EQUAL(later.blocks_done, later.blocks);
    config_destroy(&config);
    unlink(path);
}

/* A limit on how far into the file one may write stands for a full disk. */
static void test_full_disk(void)
{
    struct config *config = make_config("full", 120, 0);
    size_t blocks = grid_blocks(&config->grid), written = 0;
    struct results *results = open_or_abort(config, false);
    for (; written < blocks / 4; written++) {
        CU_ASSERT_EQUAL(write_block(results, config, written), MOAT_OK);
    }
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    struct stat about;
    CU_ASSERT_EQUAL(stat(path, &about), 0);

    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        signal(SIGXFSZ, SIG_IGN);
        results = open_or_abort(config, false);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)about.st_size / 2, (rlim_t)about.st_size / 2});
        enum moat_status status = MOAT_OK;
        for (size_t b = written; b < blocks && status == MOAT_OK; b++) {
            status = write_block(results, config, b);
            status = status == MOAT_OK ? results_flush(results) : status;
        }
        bool told = status == MOAT_IO && strstr(moat_error_message(), strerror(EFBIG));
        bool refuses = results_flush(results) == MOAT_IO;
        results_close(&results);
        _exit(told && refuses && results == NULL ? 0 : 1); /* no look for leaks: HDF5 keeps what it could not write */
    }
    int exit_status = -1;
    waitpid(child, &exit_status, 0);
    CU_ASSERT_EQUAL(exit_status, 0);

    results = open_or_abort(config, false);
    CU_ASSERT_TRUE(results_blocks_done(results) >= written && results_blocks_done(results) < blocks);
    for (size_t b = 0; b < blocks; b++) {
        CU_ASSERT_EQUAL(results_block_done(results, b) ? MOAT_OK : write_block(results, config, b), MOAT_OK);
    }
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    struct image image;
    hid_t file = open_plain(H5F_ACC_RDONLY, false);
    CU_ASSERT_TRUE_FATAL(file >= 0 && image_read(file, config, &image));
    CU_ASSERT_EQUAL(image_check_done(&image), blocks);
    CU_ASSERT_EQUAL(image.wrong, 0);
    H5Fclose(file);
    image_free(&image);
    config_destroy(&config);
    unlink(path);
}

/* Number of lines of the history that contain `word`. */
static int count_lines(const char *word)
{
    struct results_description description;
    int count = 0;
    CU_ASSERT_EQUAL_FATAL(results_describe(path, &description), MOAT_OK);
    char *rest = description.history;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(rest, "\n", &rest)) {
        count += strstr(line, word) != NULL;
    }
    results_description_free(&description);
    return count;
}

/* Adds to the checksums of a run's record: of its newer copy, or of both. */
static void spoil_record(long long number, bool both)
{
    enum { PLACES = 32, COPIES = 2 };
    hid_t file = open_plain(H5F_ACC_RDWR, false);
    long long *numbers = read_variable(file, "run/history_number", H5T_NATIVE_LLONG);
    long long *updates = read_variable(file, "run/history_update", H5T_NATIVE_LLONG);
    unsigned *sums = read_variable(file, "run/history_checksum", H5T_NATIVE_UINT);
    for (size_t i = 0; i < (size_t)PLACES * COPIES; i++) {
        if (numbers[i] == number && (both || updates[i] > updates[i ^ 1])) {
            sums[i]++;
        }
    }
    hid_t variable = H5Dopen2(file, "run/history_checksum", H5P_DEFAULT);
    H5Dwrite(variable, H5T_NATIVE_UINT, H5S_ALL, H5S_ALL, H5P_DEFAULT, sums);
    H5Dclose(variable);
    H5Fclose(file);
    free(sums);
    free(updates);
    free(numbers);
}

/* Many runs on a complete file: its size stays, the history keeps the first run and the latest, and counts the others.
   A record that was cut short costs no other line, and not even its own while the other copy is good. */
static void test_history(void)
{
    enum { RUNS = 40, KEPT = 32, MIDDLE = 30 };
    struct config *config = make_config("history", 60, 0);
    struct results *results = open_or_abort(config, false);
    for (size_t b = 0; b < grid_blocks(&config->grid); b++) {
        CU_ASSERT_EQUAL(write_block(results, config, b), MOAT_OK);
    }
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    struct stat before, after;
    CU_ASSERT_EQUAL(stat(path, &before), 0);
    for (int i = 1; i < RUNS; i++) {
        char command[16];
        snprintf(command, sizeof command, "<%d>", i + 1);
        struct results_run another = {
            .command = command, .launch = {.host = "nowhere", .pid = 1, .nodes = 1, .ranks = 1}, .cores = 2};
        CU_ASSERT_EQUAL(results_open(path, config, &another, 0, &results), MOAT_OK);
        CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
        CU_ASSERT_EQUAL(count_lines("]"), i < KEPT ? i + 1 : KEPT);
        CU_ASSERT_EQUAL(count_lines(command), 1);
    }
    CU_ASSERT_EQUAL(stat(path, &after), 0);
    CU_ASSERT_EQUAL(after.st_size, before.st_size);
    CU_ASSERT_EQUAL(count_lines("test --line [host "), 1);
    CU_ASSERT_EQUAL(count_lines("(8 runs left out)"), 1);
    CU_ASSERT_EQUAL(count_lines("<9>"), 0);
    CU_ASSERT_EQUAL(count_lines("<10>"), 1);

    spoil_record(MIDDLE, false);
    CU_ASSERT_EQUAL(count_lines("]"), KEPT);
    CU_ASSERT_EQUAL(count_lines("<30> [host nowhere, pid 1, 1 node, 1 rank]"),
                    1); /* as it was before the last update */
    spoil_record(MIDDLE, true);
    CU_ASSERT_EQUAL(count_lines("]"), KEPT - 1);
    CU_ASSERT_EQUAL(count_lines("(1 run left out)"), 1);
    spoil_record(RUNS, true);
    CU_ASSERT_EQUAL(count_lines("]"), KEPT - 2);
    results = open_or_abort(config, false);
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    CU_ASSERT_EQUAL(count_lines("]"), KEPT - 1);
    config_destroy(&config);
    unlink(path);
}

/* Changes one bit of the file. */
static void flip(size_t byte, int bit)
{
    FILE *file = fopen(path, "r+b");
    fseek(file, (long)byte, SEEK_SET);
    int value = fgetc(file);
    fseek(file, (long)byte, SEEK_SET);
    fputc(value ^ 1 << bit, file);
    fclose(file);
}

/* Exit code of a child that gets a few seconds to try a damaged file: 0 when it is refused and stays as it is. */
static int refusal(const struct config *config, bool live)
{
    int exit_status = -1;
    pid_t child = fork();
    if (child == 0) {
        struct results_summary summary;
        struct results *results = NULL;
        unsigned long long before = file_sum(path);
        alarm(30); /* HDF5 1.10 could read on for minutes */
        bool refused = results_summarise(path, &summary) == MOAT_USAGE &&
                       (live || results_open(path, config, this_run(), RESULTS_FORCE, &results) == MOAT_USAGE);
        _exit(!refused || file_sum(path) != before);
    }
    waitpid(child, &exit_status, 0);
    return exit_status;
}

/* Any bit of the superblock, which has a checksum; also while the file has a writer, for which readers wait a while. */
static void test_damaged_superblock(void)
{
    enum { SUPERBLOCK = 48 };
    static const size_t live_bytes[] = {8, 12, 21, 30, 44};
    struct config *config = make_config("flipped", 60, 0);
    struct results *results = open_or_abort(config, false);
    CU_ASSERT_EQUAL(results_close(&results), MOAT_OK);
    for (size_t place = 0; place < 8 * SUPERBLOCK; place++) {
        flip(place / 8, (int)(place % 8));
        CU_ASSERT_EQUAL(refusal(config, false), 0);
        flip(place / 8, (int)(place % 8));
    }
    pid_t writer = start_writer(config, 100);
    pause_ms(300);
    kill(writer, SIGSTOP);
    for (size_t i = 0; i < sizeof live_bytes / sizeof *live_bytes; i++) {
        flip(live_bytes[i], 0);
        CU_ASSERT_EQUAL(refusal(config, true), 0);
        flip(live_bytes[i], 0);
    }
    kill_writer(writer);
    config_destroy(&config);
    unlink(path);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"what is written comes back, also after a resume", test_round_trip},
        {"a killed writer loses no block reported done", test_killed_writer},
        {"another sweep's file is refused", test_other_sweep},
        {"foreign files, folders and full disks are refused", test_foreign_files},
        {"a live file can be read and has one writer", test_live_file},
        {"a failed write ends the run and spoils nothing", test_full_disk},
        {"the history keeps its size and loses no line of another run", test_history},
        {"a changed bit of the superblock is found at once", test_damaged_superblock},
        CU_TEST_INFO_NULL,
    };
    if (!mkdtemp(folder)) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/results.h5", folder);
    int failures = suite_run("results", tests);
    char leftover[96];
    snprintf(leftover, sizeof leftover, "%s.moat-new", path); /* of a kill while the file was made */
    unlink(leftover);
    rmdir(folder);
    return failures;
}
