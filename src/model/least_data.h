/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_LEAST_DATA_H
#define MOAT_LEAST_DATA_H

#include <stdbool.h>

#include "moat/company.h"
#include "model/company_choice.h"

/*
 * The company's problem turned round: the least data with which some (alpha, lambda) has
 * L1 <= min(G(tau) + excess, tau) and L2 <= tau, or with which the alpha that training_mixture gives has
 * L1 <= G(tau) + excess. Source: MODEL.md sections 6.2, 6.3 and 12.
 */

/* Solves it for the company of `problem`, whose N is not read: its solver has a table and tau > L_star/4. `excess` > 0.
   Fills *out as moat_company_solve would at that N. Returns false, with *out undefined, where the solution is not
   certain: outside the solver's range of N and x, at lambda = 1, and where L2 might fall with alpha. Relative error of
   N as far as the losses determine it, 1e-11. Local. */
bool moat_least_data(const struct company_problem *problem, double excess, struct moat_company *out);

#endif
