/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of the spectral sums in x = ln kappa.
 *
 * Every sum is analytic in x for |Im x| < pi, because its poles lie at kappa = -sigma_i. On panels of width 1/4 the
 * interpolant of degree 8 through Chebyshev nodes therefore converges like (8 pi + ..)^-9, below rounding, and needs no
 * logarithms. With P finite, N - df1 and N - df2 would cancel near N = P, so there the table holds P - df1 and P - df2.
 * Panels hold monomial coefficients, the four sums side by side, so that one Horner loop gives all four values and
 * derivatives.
 */
#include "model/panels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/chebyshev.h"

static void panel_fill(const struct moat_spectrum *spectrum, double x_centre, const double node[PANEL_NODES],
                       const double basis[PANEL_NODES][PANEL_NODES], struct panel *panel)
{
    *panel = (struct panel){0};
    struct moat_spectrum_sums centre;
    moat_spectrum_sums(spectrum, x_centre, &centre);
    bool complement = centre.rest1 < centre.df1;
    panel->offset = complement ? round(centre.df1 + centre.rest1) : 0;
    for (int j = 0; j < PANEL_NODES; j++) {
        struct moat_spectrum_sums sums;
        moat_spectrum_sums(spectrum, x_centre + node[j] * PANEL_WIDTH / 2, &sums);
        const double value[PANEL_SUMS] = {complement ? -sums.rest1 : sums.df1, complement ? -sums.rest2 : sums.df2,
                                          sums.a1, sums.a2};
        for (int k = 0; k < PANEL_NODES; k++) {
            for (int f = 0; f < PANEL_SUMS; f++) {
                panel->coefficient[k][f] += basis[k][j] * value[f];
            }
        }
    }
}

enum moat_status moat_panels_create(const struct moat_spectrum *spectrum, struct panels *out)
{
    double x_min = moat_spectrum_log_kappa_min(spectrum);
    size_t count = (size_t)ceil((MOAT_SPECTRUM_LOG_KAPPA_MAX - x_min) / PANEL_WIDTH);
    *out = (struct panels){x_min, count, malloc(count * sizeof *out->panel)};
    if (!out->panel) {
        return MOAT_MEMORY;
    }
    double node[PANEL_NODES], basis[PANEL_NODES][PANEL_NODES];
    moat_chebyshev_basis(node, basis);
    for (size_t p = 0; p < count; p++) {
        panel_fill(spectrum, x_min + PANEL_WIDTH * ((double)p + 0.5), node, basis, &out->panel[p]);
    }
    return MOAT_OK;
}

void moat_panels_free(struct panels *panels)
{
    free(panels->panel);
    *panels = (struct panels){0};
}
