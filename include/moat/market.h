/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MARKET_H
#define MOAT_MARKET_H

#include "moat/company.h"
#include "moat/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a threshold is a multiple of. */
enum moat_tau_unit {
    MOAT_TAU_L_STAR,  /* L_star(Q), so that the threshold keeps its ratio to L_star as Q moves */
    MOAT_TAU_ABSOLUTE /* 1 */
};

/* What is held against a company's threshold tau. Source: MODEL.md sections 1 and 12. */
enum moat_scrutiny {
    MOAT_SCRUTINY_TRAINED_MODEL,   /* the safety loss of the model that the company trains on its data */
    MOAT_SCRUTINY_TRAINING_MIXTURE /* the safety loss that its mixture of labels would have with unlimited data */
};

/*
 * A market: all that an incumbent with N_I data points and an entrant share, and the threshold of each. The market
 * entry threshold is
 *
 *     N_E* = the smallest N >= 1 with L1*(N, tau_E) <= L1*(N_I, tau_I).
 *
 * Source: MODEL.md section 1.
 */
struct moat_market {
    const struct moat_solver *solver; /* not owned */
    double Q;                         /* misalignment of performance and safety, in (0, 1] */
    double tau_I, tau_E;              /* safety thresholds > 0, in `unit`; INFINITY means no scrutiny */
    enum moat_tau_unit unit;
    enum moat_scrutiny scrutiny; /* of both companies */
};

enum moat_market_status { /* the values are those in results files */
                          MOAT_MARKET_PENDING = 0,
                          MOAT_MARKET_OK = 1,
                          MOAT_MARKET_ENTRANT_ALWAYS = 2,       /* one data point is enough: N_E* = 1 */
                          MOAT_MARKET_NO_ENTRY = 3,             /* no amount of data is enough */
                          MOAT_MARKET_INCUMBENT_INFEASIBLE = 4, /* the incumbent cannot meet tau_I with N_I points */
                          MOAT_MARKET_ENTRANT_INFEASIBLE = 5,   /* no amount of data meets tau_E */
                          MOAT_MARKET_FAILED =
                              6 /* not solved: N_E* or N_I is outside the solver's range of N, or a numerical failure */
};
enum { MOAT_MARKET_STATUSES = 7 };

/* "pending", "ok", .., indexed by enum moat_market_status. */
extern const char *const moat_market_status_name[MOAT_MARKET_STATUSES];

struct moat_threshold {
    enum moat_market_status status;
    double N_E_star;             /* data points; NaN unless status is MOAT_MARKET_OK or MOAT_MARKET_ENTRANT_ALWAYS */
    struct moat_company entrant; /* its choice at N_E*; NaNs where there is no N_E* */
};

/* L_star = 2 Q A0, the distance between the targets. Local. */
double moat_market_L_star(const struct moat_market *market);

/* The absolute value of tau, a threshold in the market's unit. Local. */
double moat_market_tau(const struct moat_market *market, double tau);

/* a = 1 - alpha of a company with infinite data under tau, in the market's unit: 0 from L_star on, NaN below L_star/4.
   Local. */
double moat_market_share(const struct moat_market *market, double tau);

/* D = G(tau_I) - G(tau_E), the gap between the thresholds as a performance loss of infinite data; NaN when one of them
   is below L_star/4. Local. */
double moat_market_gap(const struct moat_market *market);

/* Solves the incumbent: moat_company_solve at N_I data points (INFINITY allowed) and tau_I. Local, no allocation, never
   fails. */
void moat_market_incumbent(const struct moat_market *market, double N_I, struct moat_company *out);

/* The entry threshold against `incumbent`, which moat_market_incumbent filled for the same market; its tau_E alone may
   differ. Local, no allocation, never fails: trouble is a status of the point. Source: MODEL.md section 6. */
void moat_market_threshold(const struct moat_market *market, const struct moat_company *incumbent,
                           struct moat_threshold *out);

#ifdef __cplusplus
}
#endif

#endif
