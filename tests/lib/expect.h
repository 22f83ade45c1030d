/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EXPECT_H
#define EXPECT_H

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* One CUnit assertion whose message is made from `format`, for numbers from loops where a line number says little. */
__attribute__((format(printf, 2, 3))) static inline void expect(bool holds, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    CU_assertImplementation(holds, __LINE__, message, "expect.h", "", CU_FALSE);
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
