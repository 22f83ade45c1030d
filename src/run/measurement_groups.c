/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many ranks solve a task together, by its memory and its part of the whole work. */
#include <math.h>
#include <stdio.h>

#include "run/hosts.h"
#include "run/measurement_internal.h"
#include "sweep/ladder_cost.h"

static const double WORTH_SHARING = 1e10; /* operations of a trial, a fraction of a second */
static const double SHORT = 0.05;         /* of the work of the whole ladder; see below */

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

/* Returns MOAT_USAGE if a task of rung k does not fit into the bytes of each rank of a group of `size`. */
static enum moat_status check_fit(const struct config *config, size_t reach, size_t k, int size, double bytes)
{
    double needed = ladder_bytes(config, reach, k, size);
    if (needed <= bytes) {
        return MOAT_OK;
    }
    return moat_error_set(
        MOAT_USAGE,
        "ridge.N = %g at P = %g: a group of %d ranks takes %.3g GB on each, but there are %.3g GB for a "
        "rank: use more ranks or nodes, or larger groups (ridge.ranks_per_group), or a shorter ladder",
        config->ridge.N.values[k], config->P, size, needed / 1e9, bytes / 1e9);
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
    size_t reach = ladder_reach(config), rungs = config->ridge.N.size, most = reach;
    double total = 0, left = 0, trials = (double)config->ridge.trials;
    enum moat_status status = take_rows(config, &bytes);
    for (size_t k = 0; k < rungs; k++) {
        total += ladder_flops(config, reach, k) * trials;
    }
    while (most > 0 && !has_task_left(ladder, most - 1)) { /* the sums have the rows of the largest rung left */
        most--;
    }
    for (size_t k = 0; k < rungs && status == MOAT_OK; k++) {
        size_t sums = k < most ? most : reach;
        int wanted = config->ridge.ranks_per_group;
        int size = wanted > 0 ? (wanted < workers ? wanted : workers) : 1;
        /* One rank solves a task, unless this would take longer than a worker needs for its even part of the work that
           is left once the costlier rungs are done. The end of the ladder, which is short anyway, counts as SHORT.
           Those that go through sums are shared out by trials. */
        double flops = ladder_flops(config, reach, k);
        left += flops * trials;
        double even = fmax(left, SHORT * total) / workers;
        while (wanted == 0 && k >= reach && size < workers && flops / size > even) {
            size = 2 * size < workers ? 2 * size : workers;
        }
        while (wanted == 0 && size < workers && ladder_bytes(config, sums, k, size) > bytes) {
            size = 2 * size < workers ? 2 * size : workers;
        }
        status = has_task_left(ladder, k) ? check_fit(config, sums, k, size, bytes) : MOAT_OK;
        group[k] = size;
    }
    for (size_t k = 0; k < reach && status == MOAT_OK; k++) {
        group[k] = group[most > 0 ? most - 1 : 0]; /* one group keeps the sums for all */
    }
    return status;
}

void measurement_trial_groups(const struct ladder *ladder, const int *group, int workers, int *ranks)
{
    double trial = 0;
    for (size_t k = 0; k < ladder->reach; k++) {
        trial += ladder_flops(ladder->config, ladder->reach, k);
    }
    int least = ladder->reach > 0 ? group[ladder->reach - 1] : 1;
    int over = (int)(ladder->trials % (size_t)(workers / least));
    for (size_t t = 0; t < ladder->trials; t++) {
        ranks[t] = least;
    }
    /* As many trials as there are groups at a time take all of them equally long. Those over go first, on larger
       groups: over = 5 on 8 ranks is one trial on 8, then four on 2 each. */
    bool share = ladder->config->ridge.ranks_per_group == 0 && trial > WORTH_SHARING;
    for (int bit = 1, at = 0; share && bit <= over; bit *= 2) {
        for (int i = 0; (over & bit) && i < bit; i++) {
            ranks[at++] = workers / bit > least ? workers / bit : least;
        }
    }
}
