/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_COMPANY_ISOLATED_H
#define MOAT_COMPANY_ISOLATED_H

#include <stdbool.h>

#include "model/company_choice.h"

/*
 * Isolated feasible ranges of x. Where L2 falls as alpha comes close to 1 (P finite and N close to P), alpha = 1 can be
 * feasible although no alpha slightly below 1 is. The best loss jumps down at the lowest such x, which its slope cannot
 * show. Source: MODEL.md section 5.3.
 */

/* Returns true if the company's loss provably has a single minimum in x: L2 rises with alpha at alpha = 1 for every
   lambda, or alpha = 1 is infeasible for those lambda at which label noise makes L2 fall. False means unknown. For a
   solver with a table. Local. */
bool moat_company_has_one_minimum(const struct moat_solver *solver, double N, const struct moat_limit *limit);

/* The lowest x of the isolated feasible range, or NaN when there is none, as where L2 rises. Local. */
double moat_company_isolated_entry(struct company_problem *problem);

#endif
