/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MIXTURE_H
#define MOAT_MIXTURE_H

/*
 * A given mixture of labels. At a fixed share alpha = 1 - a of data labelled for performance, the loss over that of
 * infinite data is a sum of the coefficients of solver.h with weights that are never negative for alpha >= 1/2:
 *
 *     L1 - a^2 L_star = w1 A1 + w2 A2 + w3 D
 *     w1 = 1 - 2 a alpha Q,   w2 = 2 Q a (2 alpha - 1),   w3 = 2 Q a alpha.
 *
 * Its derivatives are the same sums of theirs. Source: MODEL.md sections 2, 10 and 12.
 */
struct mixture {
    double s; /* 2 alpha - 1 */
    double w1, w2, w3;
};

/* The mixture of shares alpha = (1 + s)/2 and a = 1 - alpha, each given as it is known best. Local. */
static inline struct mixture mixture_of(double Q, double a, double s)
{
    double mixed = 2 * Q * a, alpha = (1 + s) / 2;
    return (struct mixture){s, 1 - mixed * alpha, mixed * s, mixed * alpha};
}

/* w1 A1 + w2 A2 + w3 D for coefficients, or for their derivatives. Local. */
static inline double mixture_sum(const struct mixture *mixture, double A1, double A2, double D)
{
    return mixture->w1 * A1 + mixture->w2 * A2 + mixture->w3 * D;
}

#endif
