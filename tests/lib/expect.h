/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EXPECT_H
#define EXPECT_H

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* One CUnit assertion, reported at the line that calls it, with a message made from a format as printf does: in loops
   the numbers say more than the line. */
#define expect(holds, ...) expect_at(__FILE__, __LINE__, holds, __VA_ARGS__)

__attribute__((format(printf, 4, 5))) static inline void expect_at(const char *file, unsigned line, bool holds,
                                                                   const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    CU_assertImplementation(holds, line, message, file, "", CU_FALSE);
}

/* |got/want - 1|; 0 when both are zero or the same infinity, INFINITY when either is NaN. */
static inline double relative_error(double got, double want)
{
    if (got == want) {
        return 0;
    }
    double error = fabs(got - want) / fabs(want);
    return isnan(error) ? INFINITY : error;
}

#endif
