/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MARKET_H
#define MOAT_MARKET_H

#include "moat/company.h"
#include "moat/error.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The market: an incumbent, an entrant, and the market entry threshold
 *
 *     N_E* = the smallest N >= 1 with L1*(N, tau_E) <= L1*(N_I, tau_I).
 */
enum moat_market_status { /* values fixed by DESIGN.md section 5 */
                          MOAT_MARKET_PENDING = 0,
                          MOAT_MARKET_OK = 1,
                          MOAT_MARKET_ENTRANT_ALWAYS = 2,       /* one data point is enough: N_E* = 1 */
                          MOAT_MARKET_NO_ENTRY = 3,             /* no amount of data is enough */
                          MOAT_MARKET_INCUMBENT_INFEASIBLE = 4, /* the incumbent cannot meet tau_I with N_I points */
                          MOAT_MARKET_ENTRANT_INFEASIBLE = 5,   /* no amount of data meets tau_E */
                          MOAT_MARKET_FAILED =
                              6 /* not solved: N_E* or N_I beyond what the solver is for, or a numerical failure */
};
enum { MOAT_MARKET_STATUSES = 7 };

/* The names of DESIGN.md section 5, indexed by enum moat_market_status. */
extern const char *const moat_market_status_name[MOAT_MARKET_STATUSES];

struct moat_threshold {
    enum moat_market_status status;
    double N_E_star;             /* data points; NaN unless status is MOAT_MARKET_OK or MOAT_MARKET_ENTRANT_ALWAYS */
    struct moat_company entrant; /* its choice at N_E*; NaNs where there is no N_E* */
};

/* The entry threshold against `incumbent`, which moat_company_solve filled for tau_I (absolute) at the same Q and on
   the same `solver`; `tau_E` is absolute and may be INFINITY. Local, no allocation, never fails: trouble is a status of
   the point. Source: DESIGN.md section 1. */
void moat_market_threshold(const struct moat_solver *solver, double Q, const struct moat_company *incumbent,
                           double tau_I, double tau_E, struct moat_threshold *out);

#ifdef __cplusplus
}
#endif

#endif
