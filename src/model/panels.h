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

struct panel;

struct panels {
    double x_min;
    size_t count;
    struct panel *panel; /* [count] */
};

/* Tabulates `spectrum`. Returns MOAT_MEMORY, without a message. The caller frees *out with moat_panels_free. Local. */
enum moat_status moat_panels_create(const struct moat_spectrum *spectrum, struct panels *out);

/* Frees the panels; accepts panels that are all zero. Local. */
void moat_panels_free(struct panels *panels);

/* The sums and their derivatives at x. Local. */
void moat_panels_at(const struct panels *panels, double x, struct moat_spectral_sums *out);

#endif
