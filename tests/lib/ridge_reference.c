/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ridge coefficients from their definitions, in more than double precision. */
#include "ridge_reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ridge/random.h"

#ifdef __x86_64__
typedef __float128 quadruple;
#else
typedef long double quadruple;
#endif

double *ridge_reference_data(const struct ridge_task *task)
{
    double *x = malloc(task->N * task->P * sizeof *x);
    if (x) {
        random_normals(task->seed, task->trial, 0, task->N, 0, task->P, x, 1, task->N);
        for (size_t j = 0; j < task->P; j++) {
            for (size_t i = 0; i < task->N; i++) {
                x[j * task->N + i] *= pow((double)(j + 1), -(1 + task->gamma) / 2);
            }
        }
    }
    return x;
}

#define real quadruple
#define NAME(function) function##_quadruple
#include "ridge_definition.h"
#undef real
#undef NAME

#define real long double
#define NAME(function) function##_extended
#include "ridge_definition.h"

bool ridge_reference(const struct ridge_task *task, bool precise, struct ridge_table *out)
{
    return precise ? reference_quadruple(task, out) : reference_extended(task, out);
}
