/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Costs of the tasks of a ladder, and which of them go through sums. */
#include "sweep/ladder_cost.h"

#include <stdlib.h>

#include "ridge/cost.h"
#include "ridge/way.h"
#include "sweep/ladder.h"

/* Sums that cost up to that much more than the data themselves are taken for their memory. */
static const double DEARER = 1.1;

/* Operations of a trial below which there is nothing to gain: then a data set does not depend on the others of its
   ladder, to the bit. */
static const double WORTH_SUMS = 1e10;

/* The expected bound of the error of rung k through sums, by the bound that is allowed. */
static const double UNCLEAR = 1.0 / 3;

static struct ridge_rung_size rung_size(const struct config *config, size_t reach, size_t k)
{
    const double *N = config->ridge.N.values;
    size_t nus = config->grid.axis[GRID_NU].size;
    return (struct ridge_rung_size){.P = config->measured ? config->directions.spectrum.n : (size_t)config->P,
                                    .most = reach > 0 ? (size_t)N[reach - 1] : 0,
                                    .N = (size_t)N[k],
                                    .aligned = config->measured ? RIDGE_MOMENTS : nus,
                                    .noises = config->measured ? RIDGE_MOMENT_NOISES : nus,
                                    .label_weights = config->measured ? 1 : nus,
                                    .lambdas = LADDER_LAMBDAS};
}

static double expected_bound(const struct config *config, size_t k)
{
    struct ridge_rung_size size = rung_size(config, 0, k);
    struct ridge_population population = config_population(config);
    return ridge_way_expected(config->gamma, size.P, config->measured ? &population : NULL, size.N);
}

/* Operations through the data themselves. */
static double data_flops(const struct config *config, size_t k)
{
    size_t directions = config->rows ? config->rows->P : (size_t)config->P, N = (size_t)config->ridge.N.values[k];
    return config->measured ? ridge_population_flops(directions, N, config->ridge.data, LADDER_LAMBDAS)
                            : ridge_flops((size_t)config->P, N, config->grid.axis[GRID_NU].size, LADDER_LAMBDAS);
}

double ladder_seconds(const struct config *config, size_t reach, size_t k, const struct ladder_speed *speed)
{
    if (k >= reach) {
        return data_flops(config, k) / speed->data;
    }
    struct ridge_rung_size size = rung_size(config, reach, k);
    double sums = k + 1 == reach ? ridge_sums_flops(size.P, size.most, size.aligned) : 0;
    return sums / speed->sums + ridge_rung_flops(size.N, size.aligned, size.noises, size.lambdas) / speed->rung;
}

double ladder_flops(const struct config *config, size_t reach, size_t k)
{
    const struct ladder_speed counted = {1, 1, 1};
    return ladder_seconds(config, reach, k, &counted);
}

/* Operations of a whole trial. */
static double trial_flops(const struct config *config, size_t reach)
{
    double flops = 0;
    for (size_t k = 0; k < config->ridge.N.size; k++) {
        flops += ladder_flops(config, reach, k);
    }
    return flops;
}

size_t ladder_reach(const struct config *config)
{
    size_t low = 0, high = config->ridge.N.size; /* rungs below `low` are accurate, those from `high` on are not */
    if (config->measured && (config->ridge.data || config->directions.spectrum.n == 0)) {
        return 0;
    }
    while (low < high) { /* the bound rises with N */
        size_t k = (low + high) / 2;
        bool accurate = expected_bound(config, k) <= RIDGE_WAY_MOST;
        low = accurate ? k + 1 : low;
        high = accurate ? high : k;
    }
    double least = trial_flops(config, 0);
    low = least < WORTH_SUMS ? 0 : low;
    for (size_t reach = 1; reach <= low; reach++) {
        double flops = trial_flops(config, reach);
        least = flops < least ? flops : least;
    }
    size_t reach = low;
    while (reach > 0 && trial_flops(config, reach) > DEARER * least) {
        reach--;
    }
    return reach;
}

double ladder_bytes(const struct config *config, size_t reach, size_t k, int ranks)
{
    struct ridge_population population = config_population(config);
    size_t N = (size_t)config->ridge.N.values[k];
    double data =
        (double)(config->measured
                     ? ridge_population_bytes(population.spectrum.n, N, config->rows, LADDER_LAMBDAS, ranks)
                     : ridge_bytes((size_t)config->P, N, config->grid.axis[GRID_NU].size, LADDER_LAMBDAS, ranks));
    if (k >= reach) {
        return data;
    }
    struct ridge_rung_size size = rung_size(config, reach, k);
    double sums = (double)ridge_rung_bytes(&size, ranks), kept = 8 * (double)size.most * (double)size.most;
    data += kept * (double)(2 + 2 * size.aligned) / ranks;
    if (data <= sums) { /* the bound takes long for a spectrum of many directions */
        return sums;
    }
    return expected_bound(config, k) > UNCLEAR * RIDGE_WAY_MOST ? data : sums;
}
