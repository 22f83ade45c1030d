/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>

/* Numbers as people write them. Each function writes text[NUMBER_SIZE] and returns it. Local. */
enum { NUMBER_SIZE = 40 };

/* The shortest of "0.8", "1e4", "2.5e-7" with that many significant digits; "inf" and "nan". */
const char *number_short(double value, int digits, char text[NUMBER_SIZE]);

/* A whole number with its thousands apart: "10,742". */
const char *number_grouped(size_t value, char text[NUMBER_SIZE]);

/* A number of things that must be enough: "299" for 298.868, "10,742", from a million on to three digits: "3.2
   million", billion, trillion, then "1.2e18"; "unlimited" for INFINITY. */
const char *number_of_data(double value, char text[NUMBER_SIZE]);

#endif
