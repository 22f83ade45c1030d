/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a power law would say: one market on the measured spectrum, and on the law. */
#include "ridge/power_law_market.h"

#include <math.h>
#include <stdlib.h>

#include "moat/market.h"
#include "moat/measured.h"

/* The threshold of the market on `spectrum`; NaN where there is none or the spectrum is not one. */
static enum moat_status solve(const struct moat_measured_spectrum *spectrum, double N_I, double *out)
{
    struct moat_measured *measured = NULL;
    enum moat_status status = moat_measured_create(spectrum, &measured);
    *out = NAN;
    if (status == MOAT_OK) {
        struct moat_solver solver = moat_measured_solver(measured);
        const struct moat_market market = {.solver = &solver, .Q = 1, .tau_I = POWER_LAW_TAU_I, .tau_E = INFINITY};
        struct moat_company incumbent;
        struct moat_threshold threshold;
        moat_market_incumbent(&market, N_I, &incumbent);
        moat_market_threshold(&market, &incumbent, &threshold);
        *out = threshold.N_E_star;
    }
    moat_measured_destroy(&measured);
    return status == MOAT_USAGE ? MOAT_OK : status;
}

/* Writes the law into the arrays of `spectrum`, with the signals of `size` and their correlation. */
static void fill_law(const struct power_law *law, double level, const double size[2], size_t n, double *value[4])
{
    double sum = 0, r = fmax(-1, fmin(1, 1 - law->Q.value));
    for (size_t k = 0; k < n; k++) {
        double x = log((double)(k + 1));
        value[0][k] = exp(level - (1 + law->gamma.value) * x);
        value[1][k] = exp(-law->delta.value * x);
        sum += value[0][k] * value[1][k];
    }
    for (size_t k = 0; k < n; k++) {
        double b = value[1][k] / sum;
        value[1][k] = b * size[0];
        value[2][k] = b * size[1];
        value[3][k] = r * b * sqrt(size[0] * size[1]) * (1 - 1e-15);
    }
}

enum moat_status power_law_compare(const struct measure_fit *fit, const struct measure_estimate *estimate, double level,
                                   struct power_law *out)
{
    size_t n = fit->directions;
    const double same[] = {1, 1};
    const struct moat_measured_spectrum found = {n,
                                                 fit->eigenvalue,
                                                 estimate->alignment[PAIR_PERFORMANCE],
                                                 estimate->alignment[PAIR_SAFETY],
                                                 estimate->alignment[PAIR_JOINT],
                                                 fit->noise[PAIR_PERFORMANCE],
                                                 fit->noise[PAIR_SAFETY]};
    double *value = malloc(4 * n * sizeof *value);
    if (!value) {
        return moat_error_set(MOAT_MEMORY, "out of memory for %zu directions", n);
    }
    double *part[] = {value, value + n, value + 2 * n, value + 3 * n};
    struct moat_measured_spectrum law = {n, part[0], part[1], part[2], part[3], found.noise1, found.noise2};
    out->N_I = (double)fit->n;
    out->N_E_law = out->N_E_law_without_noise = NAN;
    enum moat_status status = solve(&found, out->N_I, &out->N_E_spectrum);
    bool fitted = isfinite(out->gamma.value) && isfinite(out->delta.value);
    if (status == MOAT_OK && fitted) {
        fill_law(out, level, estimate->signal, n, part);
        status = solve(&law, out->N_I, &out->N_E_law);
    }
    if (status == MOAT_OK && fitted) {
        fill_law(out, 0, same, n, part);
        law.noise1 = law.noise2 = 0;
        status = solve(&law, out->N_I, &out->N_E_law_without_noise);
    }
    free(value);
    return status;
}
