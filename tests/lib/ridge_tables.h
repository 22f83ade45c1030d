/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RIDGE_TABLES_H
#define RIDGE_TABLES_H

#include <math.h>
#include <stddef.h>

#include "ridge/ridge.h"

/* Tasks with the same nu and lambda for every suite of ridge tables, and how far two of their tables are apart. */
enum { NUS = 2, LAMBDAS = 5, CELLS = NUS * LAMBDAS };
static const double lambdas[LAMBDAS] = {0, 1e-10, 1e-6, 1e-3, 1};

struct tables {
    double A1[CELLS], A2[CELLS], D[CELLS];
};

/* nu in the domain of gamma. */
static inline struct ridge_task make_task(double gamma, size_t P, size_t N, double nu[NUS])
{
    nu[0] = 1.1 * gamma + 0.2;
    nu[1] = 2 * gamma + 0.4;
    return (struct ridge_task){.gamma = gamma,
                               .P = P,
                               .N = N,
                               .seed = 7,
                               .trial = 2,
                               .nus = NUS,
                               .nu = nu,
                               .lambdas = LAMBDAS,
                               .lambda = lambdas};
}

/* Largest difference of two tables' cells from lambda number `first` on: A1 and A2 relative to A0, D relative to
   itself. NaN if there is one. */
static inline double difference(const struct ridge_task *task, size_t first, const struct tables *left,
                                const struct tables *right)
{
    double worst = 0;
    for (size_t at = 0; at < CELLS; at++) {
        double A0 = 0;
        if (at % LAMBDAS < first) {
            continue;
        }
        for (size_t j = task->P; j > 0; j--) {
            A0 += pow((double)j, -(1 + task->nu[at / LAMBDAS]));
        }
        double each[] = {fabs(left->A1[at] - right->A1[at]) / A0, fabs(left->A2[at] - right->A2[at]) / A0,
                         fabs(left->D[at] / right->D[at] - 1)};
        for (int i = 0; i < 3; i++) {
            worst = each[i] <= worst ? worst : each[i];
        }
    }
    return worst;
}

#endif
