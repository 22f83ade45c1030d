/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRUTE_FORCE_H
#define BRUTE_FORCE_H

#include <stdbool.h>

/*
 * A slow, literal implementation of MODEL.md sections 1, 2 and 3.1 to test moat against. It shares no code with src/
 * and uses no closed form for the best alpha: every minimum is a dense search, every root a bisection. Every function
 * is Local.
 */
enum { BRUTE_DIRECT = 1000, BRUTE_LATTICE = 500 };

struct brute_sums {
    long double df1, df2, a1, a2;
    long double rest1, rest2; /* P - df1 and P - df2, summed directly; INFINITY at P = INFINITY */
};

/* One (gamma, nu, P). The lattice of ln kappa where searches start is filled as it is visited. */
struct brute_model {
    double gamma, nu, P;
    bool mixture; /* the reading of scrutiny of MODEL.md section 12; false: that of section 1 */
    long double a0, trace;
    long double power[BRUTE_DIRECT + 1];  /* i^(1 + gamma) */
    long double weight[BRUTE_DIRECT + 1]; /* i^-(1 + nu) = b_i sigma_i */
    bool known[BRUTE_LATTICE];
    struct brute_sums lattice[BRUTE_LATTICE];
};

struct brute_losses {
    long double performance, safety; /* L1, L2 */
};

struct brute_choice {
    bool feasible;
    long double alpha, log_kappa, lambda;
    struct brute_losses losses;
};

/* Under trained_model; set `mixture` afterwards for the other reading. */
void brute_model_init(struct brute_model *model, double gamma, double nu, double P);

/* The sums term by term, P finite. Rounding only: about 1e-17 sqrt(P). */
struct brute_sums brute_sums_direct(double gamma, double nu, double P, double log_kappa);

/* The sums by BRUTE_DIRECT terms, then the midpoint Euler-Maclaurin formula to its first correction with Gauss-Legendre
   quadrature in ln i. Relative error about 1e-12. */
struct brute_sums brute_sums(const struct brute_model *model, long double log_kappa);

/* 1 - df1/N and 1 - df2/N without cancellation at N = P. */
long double brute_free1(const struct brute_model *model, const struct brute_sums *sums, double N);
long double brute_free2(const struct brute_model *model, const struct brute_sums *sums, double N);

/* ln kappa with kappa (1 - df1/N) = lambda >= 0, by bisection; lambda = 0 needs N < P. */
long double brute_log_kappa(const struct brute_model *model, double N, double lambda);

/* L1 and L2 from the sums at N points, by c0, c1, c2 of MODEL.md section 2. */
struct brute_losses brute_losses(const struct brute_model *model, const struct brute_sums *sums, double N, double Q,
                                 long double alpha);

/* min L1 over alpha in [1/2, 1] with L2 <= tau at fixed sums: a dense grid, then repeated zooming. When no alpha is
   feasible, the one with the least L2. Where `mixture` is set, the largest alpha in [1/2, 1] with alpha^2 L_star <=
   tau, whatever its L2. N may be INFINITY, where sums is not read. */
struct brute_choice brute_alpha(const struct brute_model *model, const struct brute_sums *sums, double N, double Q,
                                double tau);

/* The company: brute_alpha at a lattice of ln kappa over all lambda in (0, 1), then repeated zooming. */
struct brute_choice brute_company(struct brute_model *model, double N, double Q, double tau);

/* ln N_E* by bisection over ln N in [0, log_N_max] against the incumbent's loss; log_N_max when there is none. */
double brute_threshold(struct brute_model *model, double Q, double tau_E, long double incumbent_loss, double log_N_max);

#endif
