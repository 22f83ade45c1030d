/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Polynomial interpolation through Chebyshev nodes, as monomials: a Horner loop then needs no node. */
#include "model/chebyshev.h"

#include <math.h>

void moat_chebyshev_basis(double node[PANEL_NODES], double basis[PANEL_NODES][PANEL_NODES])
{
    double chebyshev[PANEL_NODES][PANEL_NODES] = {{1}, {0, 1}}; /* [n][k]: coefficient of xi^k in T_n */
    for (int n = 2; n < PANEL_NODES; n++) {
        for (int k = 0; k < PANEL_NODES; k++) {
            chebyshev[n][k] = (k > 0 ? 2 * chebyshev[n - 1][k - 1] : 0) - chebyshev[n - 2][k];
        }
    }
    for (int j = 0; j < PANEL_NODES; j++) {
        double angle = M_PI * (j + 0.5) / (double)PANEL_NODES;
        node[j] = cos(angle);
        for (int k = 0; k < PANEL_NODES; k++) {
            basis[k][j] = 0;
            for (int n = 0; n < PANEL_NODES; n++) {
                basis[k][j] += (n == 0 ? 1.0 : 2.0) / (double)PANEL_NODES * cos(n * angle) * chebyshev[n][k];
            }
        }
    }
}
