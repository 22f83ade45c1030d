/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CHEBYSHEV_H
#define MOAT_CHEBYSHEV_H

#include "model/panels.h"

/* Fills the Chebyshev nodes on [-1, 1] and the monomial coefficients of the interpolant through them: coefficient k of
   the polynomial through value[j] at node[j] is sum_j basis[k][j] value[j]. Local. */
void moat_chebyshev_basis(double node[PANEL_NODES], double basis[PANEL_NODES][PANEL_NODES]);

#endif
