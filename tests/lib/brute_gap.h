/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRUTE_GAP_H
#define BRUTE_GAP_H

#include "brute_force.h"

/* N_E* where the gap between two thresholds is tiny: the model of brute_force.h once more, with the losses in quadruple
   precision, in which a loss less a loss keeps 1e-20 of itself. N_I is infinite. Every function is Local. */

/* ln N_E* under the thresholds tau_I and tau_E, as multiples of L_star or, not in_L_star, absolute. */
double brute_gap_threshold(struct brute_model *model, double Q, double tau_I, double tau_E, bool in_L_star);

#endif
