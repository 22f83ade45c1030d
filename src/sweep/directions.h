/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_DIRECTIONS_H
#define MOAT_DIRECTIONS_H

#include <stdint.h>

#include "moat/error.h"
#include "moat/measured.h"

/* The directions of a measured spectrum, as a spectrum file has them. */
enum { DIRECTIONS_TITLE_SIZE = 256 };

struct directions {
    struct moat_measured_spectrum spectrum; /* points into value; spectrum.n is 0 where there is none */
    double *value;     /* [4 n], owned: eigenvalues, alignments for performance, for safety, joint alignments */
    uint32_t checksum; /* of the numbers as doubles, whatever their type in the file is */
    char title[DIRECTIONS_TITLE_SIZE]; /* "" for none */
};

/* Makes room for n directions, whose numbers are not set, in *out, and points out->spectrum into it; the rest of *out
   is zero. The caller frees *out with directions_free. Returns MOAT_MEMORY. Local. */
enum moat_status directions_allocate(size_t n, struct directions *out);

/* Frees the contents and makes them zero; accepts contents that are all zero. Local. */
void directions_free(struct directions *directions);

#endif
