/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MARKET_H
#define MOAT_MARKET_H

#include "moat/company.h"
#include "moat/error.h"
#include "moat/solver.h"

/*
 * The market: an incumbent, an entrant, and the market entry threshold
 *
 *     N_E* = the smallest N >= 1 with L1*(N, tau_E) <= L1*(N_I, tau_I).
 */
enum market_status { /* values fixed by DESIGN.md section 5 */
                     MARKET_PENDING = 0,
                     MARKET_OK = 1,
                     MARKET_ENTRANT_ALWAYS = 2,       /* one data point is enough: N_E* = 1 */
                     MARKET_NO_ENTRY = 3,             /* no amount of data is enough */
                     MARKET_INCUMBENT_INFEASIBLE = 4, /* the incumbent cannot meet tau_I with N_I points */
                     MARKET_ENTRANT_INFEASIBLE = 5,   /* no amount of data meets tau_E */
                     MARKET_FAILED =
                         6 /* not solved: N_E* or N_I beyond what the solver is for, or a numerical failure */
};
enum { MARKET_STATUSES = 7 };

/* The names of DESIGN.md section 5, indexed by enum market_status. */
extern const char *const market_status_name[MARKET_STATUSES];

struct threshold {
    enum market_status status;
    double N_E_star;        /* data points; NaN unless status is MARKET_OK or MARKET_ENTRANT_ALWAYS */
    struct company entrant; /* its choice at N_E*; NaNs where there is no N_E* */
};

/* D = G(tau_I) - G(tau_E), the gap of infinite-data losses, without cancellation; thresholds >= L_star/4. Local. */
double market_gap(double L_star, double tau_I, double tau_E);

/* The entry threshold against `incumbent`, which company_solve filled for tau_I (absolute) at the same Q and on the
   same `solver`; `tau_E` is absolute and may be INFINITY. Local, no allocation, never fails: trouble is a status of the
   point. Source: DESIGN.md section 1. */
void market_threshold(const struct solver *solver, double Q, const struct company *incumbent, double tau_I,
                      double tau_E, struct threshold *out);

#endif
