/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many ranks solve a task together, by its memory and its part of the whole work. */
#include <math.h>
#include <stdio.h>

#include "run/hosts.h"
#include "run/measurement.h"

static const double SHORT = 0.05; /* of the work of the whole ladder; see below */

double measurement_free_memory(void)
{
    double bytes = INFINITY;
    char line[256];
    FILE *file = fopen("/proc/meminfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        double kilobytes;
        if (sscanf(line, "MemAvailable: %lf", &kilobytes) == 1) {
            bytes = 1024 * kilobytes;
        }
    }
    if (file) {
        fclose(file);
    }
    return bytes;
}

double measurement_memory(MPI_Comm comm)
{
    double bytes = measurement_free_memory();
    int ranks;
    hosts_rank(comm, &ranks);
    bytes /= ranks > 1 ? ranks - 1 : 1; /* rank 0 needs almost none */
    MPI_Allreduce(MPI_IN_PLACE, &bytes, 1, MPI_DOUBLE, MPI_MIN, comm);
    return bytes;
}

/* Takes the rows that are sampled, which each rank has beside its tasks, off the bytes of a rank. */
static enum moat_status take_rows(const struct config *config, double *bytes)
{
    double rows = config->rows ? ridge_rows_bytes((double)config->rows->n, (double)config->rows->P) : 0;
    if (rows > *bytes) {
        return moat_error_set(MOAT_USAGE,
                              "ridge.data: its rows take %.3g GB on each rank, but there are %.3g GB for a rank: start "
                              "fewer ranks on a node, or give fewer rows",
                              rows / 1e9, *bytes / 1e9);
    }
    *bytes -= rows;
    return MOAT_OK;
}

/* Whether rung k has a task that is not done. */
static bool has_task_left(const struct ladder *ladder, size_t k)
{
    bool left = !ladder;
    for (size_t trial = 0; ladder && trial < ladder->trials; trial++) {
        left = left || ladder->state[k * ladder->trials + trial] != TASK_DONE;
    }
    return left;
}

enum moat_status measurement_groups(const struct config *config, const struct ladder *ladder, int workers, double bytes,
                                    int *group)
{
    const struct axis *N = &config->ridge.N;
    double total = 0, left = 0;
    enum moat_status status = take_rows(config, &bytes);
    if (status != MOAT_OK) {
        return status;
    }
    for (size_t k = 0; k < N->size; k++) {
        total += ladder_flops(config, N->values[k]) * (double)config->ridge.trials;
    }
    for (size_t k = 0; k < N->size; k++) {
        int wanted = config->ridge.ranks_per_group;
        int size = wanted > 0 ? (wanted < workers ? wanted : workers) : 1;
        /* One rank solves a task, unless this would take longer than a worker needs for its even part of the work that
           is left once the costlier rungs are done. The end of the ladder, which is short anyway, counts as SHORT. */
        left += ladder_flops(config, N->values[k]) * (double)config->ridge.trials;
        double even = fmax(left, SHORT * total) / workers;
        while (wanted == 0 && size < workers && ladder_flops(config, N->values[k]) / size > even) {
            size = 2 * size < workers ? 2 * size : workers;
        }
        while (wanted == 0 && size < workers && ladder_bytes(config, N->values[k], size) > bytes) {
            size = 2 * size < workers ? 2 * size : workers;
        }
        if (ladder_bytes(config, N->values[k], size) > bytes && has_task_left(ladder, k)) {
            return moat_error_set(
                MOAT_USAGE,
                "ridge.N = %g at P = %g: a group of %d ranks takes %.3g GB on each, but there are %.3g GB for a "
                "rank: use more ranks or nodes, or larger groups (ridge.ranks_per_group), or a shorter ladder",
                N->values[k], config->P, size, ladder_bytes(config, N->values[k], size) / 1e9, bytes / 1e9);
        }
        group[k] = size;
    }
    return MOAT_OK;
}
