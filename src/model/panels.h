/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_PANELS_H
#define MOAT_PANELS_H

#include <stddef.h>

#include "moat/spectral_sums.h"
#include "moat/spectrum.h"

/*
 * The spectral sums tabulated in x = ln kappa, on panels of width PANEL_WIDTH from the smallest ln kappa of a spectrum
 * to MOAT_SPECTRUM_LOG_KAPPA_MAX. Relative error at most 1e-12. Source: MODEL.md section 3.2.
 */
#define PANEL_WIDTH 0.25

enum { PANEL_SUMS = 4, PANEL_DF1 = 0, PANEL_DF2, PANEL_A1, PANEL_A2, PANEL_NODES = 9 };

struct panel {
    double offset;                               /* as in struct moat_spectral_sums */
    double coefficient[PANEL_NODES][PANEL_SUMS]; /* of xi^k, xi in [-1, 1] across the panel */
};

struct panels {
    double x_min;
    size_t count;
    struct panel *panel; /* [count] */
};

/* Tabulates `spectrum`. Returns MOAT_MEMORY, without a message. The caller frees *out with moat_panels_free. Local. */
enum moat_status moat_panels_create(const struct moat_spectrum *spectrum, struct panels *out);

/* Frees the panels; accepts panels that are all zero. Local. */
void moat_panels_free(struct panels *panels);

/* The sums and their derivatives at x. Inline, because a threshold takes ten of these look-ups. Local. */
static inline void moat_panels_at(const struct panels *panels, double x, struct moat_spectral_sums *out)
{
    double position = (x - panels->x_min) / PANEL_WIDTH;
    size_t p = position > 0 ? (size_t)position : 0;
    p = p < panels->count ? p : panels->count - 1;
    const struct panel *panel = &panels->panel[p];
    double xi = 2 * (position - (double)p) - 1;

    double v[PANEL_SUMS], d[PANEL_SUMS];
    for (int f = 0; f < PANEL_SUMS; f++) {
        v[f] = panel->coefficient[PANEL_NODES - 1][f];
        d[f] = 0;
    }
    for (int k = PANEL_NODES - 2; k >= 0; k--) {
        for (int f = 0; f < PANEL_SUMS; f++) {
            d[f] = d[f] * xi + v[f];
            v[f] = v[f] * xi + panel->coefficient[k][f];
        }
    }
    const double scale = 2 / PANEL_WIDTH;
    *out = (struct moat_spectral_sums){.x = x,
                                       .offset = panel->offset,
                                       .df1 = v[PANEL_DF1],
                                       .df2 = v[PANEL_DF2],
                                       .a1 = v[PANEL_A1],
                                       .a2 = v[PANEL_A2],
                                       .df1_x = d[PANEL_DF1] * scale,
                                       .df2_x = d[PANEL_DF2] * scale,
                                       .a1_x = d[PANEL_A1] * scale,
                                       .a2_x = d[PANEL_A2] * scale};
}

#endif
