/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of sums over a measured spectrum, on the panels of panels.h. The spreads are summed as squares about the
 * means at each interpolation node: as differences of the other sums they would lose their digits where r hardly
 * varies. They are analytic in x as the other sums are, so the same polynomials hold them. Source: MODEL.md section 15.
 */
#include "model/alignment.h"

#include <math.h>
#include <stdlib.h>

#include "model/chebyshev.h"

/* The sums at kappa, df1 and df2 with no offset; rest = n - df1, n - df2. */
static void sums_at(const struct alignment_directions *directions, double kappa, double value[ALIGNMENT_SUMS],
                    double rest[2])
{
    double sum[ALIGNMENT_SUMS] = {0}, rest1 = 0, rest2 = 0;
    for (size_t i = 0; i < directions->n; i++) {
        double per = 1 / (directions->sigma[i] + kappa), r = kappa * per, t = directions->sigma[i] * per;
        double weight = directions->difference[i], f = directions->f[i], wr = weight * r, wr2 = wr * r;
        rest1 += r;
        rest2 += r * (1 + t);
        sum[SUM_DF1] += t;
        sum[SUM_DF2] += t * t;
        sum[SUM_MISSED] += wr;
        sum[SUM_MISSED_F] += wr * f;
        sum[SUM_LEARNT] += weight * t;
        sum[SUM_SHARED] += directions->shared[i] * r * r;
        sum[SUM_SQUARE_0] += wr2;
        sum[SUM_SQUARE_1] += wr2 * f;
        sum[SUM_SQUARE_2] += wr2 * f * f;
    }
    sum[SUM_MISSED] /= directions->L_star;
    sum[SUM_MISSED_F] /= directions->L_star;
    sum[SUM_LEARNT] /= directions->L_star;
    for (size_t i = 0; i < directions->n; i++) {
        double r = kappa / (directions->sigma[i] + kappa);
        double u = r - sum[SUM_MISSED], w = r * directions->f[i] - sum[SUM_MISSED_F];
        sum[SUM_SPREAD_0] += directions->difference[i] * u * u;
        sum[SUM_SPREAD_1] += directions->difference[i] * u * w;
        sum[SUM_SPREAD_2] += directions->difference[i] * w * w;
    }
    for (int k = 0; k < ALIGNMENT_SUMS; k++) {
        value[k] = sum[k];
    }
    rest[0] = rest1;
    rest[1] = rest2;
}

static void fill_panel(const struct alignment_directions *directions, double x_centre, const double node[PANEL_NODES],
                       const double basis[PANEL_NODES][PANEL_NODES], struct alignment_panel *panel)
{
    double value[ALIGNMENT_SUMS], rest[2];
    *panel = (struct alignment_panel){0};
    for (int pass = 0; pass < PANEL_NODES; pass++) {
        int j = pass == 0 ? PANEL_NODES / 2 : pass <= PANEL_NODES / 2 ? pass - 1 : pass; /* the middle node first */
        sums_at(directions, exp(x_centre + node[j] * PANEL_WIDTH / 2), value, rest);
        if (pass == 0 && rest[0] < value[SUM_DF1]) {
            panel->offset = (double)directions->n;
        }
        if (panel->offset > 0) {
            value[SUM_DF1] = -rest[0];
            value[SUM_DF2] = -rest[1];
        }
        for (int k = 0; k < PANEL_NODES; k++) {
            for (int f = 0; f < ALIGNMENT_SUMS; f++) {
                panel->coefficient[k][f] += basis[k][j] * value[f];
            }
        }
    }
}

enum moat_status moat_alignment_tabulate(const struct alignment_directions *directions, double x_min, double x_max,
                                         struct alignment_table *out)
{
    size_t count = (size_t)ceil((x_max - x_min) / PANEL_WIDTH) + 1;
    *out = (struct alignment_table){x_min, count, malloc(count * sizeof *out->panel), NULL};
    out->node = malloc((count + 1) * sizeof *out->node);
    if (!out->panel || !out->node) {
        return MOAT_MEMORY;
    }
    double node[PANEL_NODES], basis[PANEL_NODES][PANEL_NODES];
    moat_chebyshev_basis(node, basis);
    for (size_t p = 0; p < count; p++) {
        fill_panel(directions, x_min + PANEL_WIDTH * ((double)p + 0.5), node, basis, &out->panel[p]);
    }
    for (size_t k = 0; k <= count; k++) {
        moat_alignment_at(out, x_min + PANEL_WIDTH * (double)k, &out->node[k]);
    }
    return MOAT_OK;
}

void moat_alignment_free(struct alignment_table *table)
{
    free(table->panel);
    free(table->node);
    *table = (struct alignment_table){0};
}

void moat_alignment_at(const struct alignment_table *table, double x, struct alignment_sums *out)
{
    double position = (x - table->x_min) / PANEL_WIDTH;
    size_t p = position > 0 ? (size_t)position : 0;
    p = p < table->count ? p : table->count - 1;
    const struct alignment_panel *panel = &table->panel[p];
    double xi = 2 * (position - (double)p) - 1;

    double v[ALIGNMENT_SUMS], d[ALIGNMENT_SUMS];
    for (int f = 0; f < ALIGNMENT_SUMS; f++) {
        v[f] = panel->coefficient[PANEL_NODES - 1][f];
        d[f] = 0;
    }
    for (int k = PANEL_NODES - 2; k >= 0; k--) {
        for (int f = 0; f < ALIGNMENT_SUMS; f++) {
            d[f] = d[f] * xi + v[f];
            v[f] = v[f] * xi + panel->coefficient[k][f];
        }
    }
    out->x = x;
    out->offset = panel->offset;
    for (int f = 0; f < ALIGNMENT_SUMS; f++) {
        out->value[f] = v[f];
        out->slope[f] = d[f] * (2 / PANEL_WIDTH);
    }
}
