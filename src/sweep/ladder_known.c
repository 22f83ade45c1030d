/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tasks of which some nu are known. Tables change places within the ladder, since a worker that needed more memory for
 * them could run out of it, alone of its group. */
#include "sweep/ladder_known.h"

#include "sweep/ladder_cost.h"

size_t ladder_unknown(const struct ladder *ladder, size_t task)
{
    size_t unknown = 0;
    for (size_t nu = 0; nu < ladder->nus; nu++) {
        unknown += !ladder->known[task * ladder->nus + nu];
    }
    return unknown;
}

bool ladder_partly_known(const struct ladder *ladder, size_t task)
{
    return ladder_unknown(ladder, task) < ladder->nus;
}

/* Lets the tables of a task at two nu change places. */
static void exchange(struct ladder *ladder, size_t task, size_t nu, size_t other)
{
    size_t slice = ladder_slice(ladder), at = task * ladder_task_size(ladder);
    for (int i = 0; i < ladder_tables(ladder) && nu != other; i++) {
        double *table = ladder_table(ladder, i) + at;
        for (size_t j = 0; j < slice; j++) {
            double value = table[nu * slice + j];
            table[nu * slice + j] = table[other * slice + j];
            table[other * slice + j] = value;
        }
    }
}

size_t ladder_gather_unknown(struct ladder *ladder, size_t task)
{
    size_t unknown = 0;
    for (size_t nu = 0; nu < ladder->nus; nu++) {
        if (!ladder->known[task * ladder->nus + nu]) {
            exchange(ladder, task, unknown, nu);
            ladder->unknown_nu[unknown++] = ladder->config->grid.axis[GRID_NU].values[nu];
        }
    }
    return unknown;
}

void ladder_spread_unknown(struct ladder *ladder, size_t task)
{
    size_t unknown = ladder_unknown(ladder, task);
    for (size_t nu = ladder->nus; nu-- > 0;) { /* the same exchanges, backwards */
        if (!ladder->known[task * ladder->nus + nu]) {
            exchange(ladder, task, --unknown, nu);
        }
    }
}

double ladder_task_flops(const struct ladder *ladder, size_t task)
{
    struct config left = *ladder->config; /* a shallow copy, which must not be destroyed */
    left.grid.axis[GRID_NU].size = ladder_unknown(ladder, task);
    return ladder_flops(&left, ladder->reach, task / ladder->trials);
}
