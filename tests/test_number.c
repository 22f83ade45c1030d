/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people write them. */
#include "base/number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "suite.h"

static void test_short(void)
{
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {{0.8, 6, "0.8"},   {1e4, 6, "1e4"},         {100, 6, "100"},
                 {1e3, 6, "1e3"},   {298.868, 6, "298.868"}, {2.5e-7, 6, "2.5e-7"},
                 {1e-3, 6, "1e-3"}, {-1e15, 3, "-1e15"},     {123456789, 6, "1.23457e8"},
                 {0, 6, "0"},       {INFINITY, 6, "inf"},    {0.1 + 0.2, 15, "0.3"},
                 {9.999, 1, "1e1"}, {20, 1, "2e1"}};
    char text[NUMBER_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        number_short(cases[i].value, cases[i].digits, text);
        expect(strcmp(text, cases[i].text) == 0, "%.17g: found %s, expected %s", cases[i].value, text, cases[i].text);
    }
    for (int i = -300; i < 300; i++) { /* any power, with and without a fraction */
        double value = (1 + 0.37 * (i % 3)) * pow(10, i / 1.7);
        expect(relative_error(strtod(number_short(value, 15, text), NULL), value) < 1e-14, "%s", text);
        expect(strlen(text) < 22, "%s", text);
    }
}

static void test_grouped(void)
{
    char text[NUMBER_SIZE];
    CU_ASSERT_STRING_EQUAL(number_grouped(0, text), "0");
    CU_ASSERT_STRING_EQUAL(number_grouped(999, text), "999");
    CU_ASSERT_STRING_EQUAL(number_grouped(10742, text), "10,742");
    CU_ASSERT_STRING_EQUAL(number_grouped(SIZE_MAX, text), "18,446,744,073,709,551,615");
}

/* So many things are enough: never fewer than asked for, but for the three digits of a large number. */
static void test_data(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{1, "1"},
                 {298.868, "299"},
                 {10741.2, "10,742"},
                 {999499.5, "999,500"},
                 {1e6, "1 million"},
                 {3.2e6, "3.2 million"},
                 {999.6e6, "1 billion"},
                 {2.345e9, "2.35 billion"},
                 {999e12, "999 trillion"},
                 {9.999e14, "1e15"},
                 {3.8197228650860e25, "3.82e25"},
                 {INFINITY, "unlimited"}};
    char text[NUMBER_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        number_of_data(cases[i].value, text);
        expect(strcmp(text, cases[i].text) == 0, "%.17g: found %s, expected %s", cases[i].value, text, cases[i].text);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"short", test_short}, {"grouped", test_grouped}, {"of data", test_data}, CU_TEST_INFO_NULL};
    return suite_run("number", tests);
}
