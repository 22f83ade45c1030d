/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the harness of fuzz_config.c on the texts kept from fuzzing and on every job. It aborts if a condition does not
   hold. */
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_OF_TEXT = 65536, FILES_MIN = 40 };

static int replay(const char *path)
{
    static uint8_t data[SIZE_MAX_OF_TEXT];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    fprintf(stderr, "%s\n", path); /* if the harness aborts, the last one is at fault */
    LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, file));
    fclose(file);
    return 0;
}

int main(void)
{
    glob_t found;
    int failures = 0;
    if (glob("tests/faults/corpus/*", 0, NULL, &found) != 0 || found.gl_pathc < FILES_MIN ||
        glob("jobs/*.yaml", GLOB_APPEND, NULL, &found) != 0) {
        fprintf(stderr, "no corpus in tests/faults/corpus: run from the project's folder\n");
        return 1;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        failures += replay(found.gl_pathv[i]);
    }
    globfree(&found);
    return failures > 0;
}
