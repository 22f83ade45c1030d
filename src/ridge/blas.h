/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_BLAS_H
#define MOAT_RIDGE_BLAS_H

#include "moat/error.h"

/* Lets BLAS take the memory that it needs for itself, once for the life of the process. OpenBLAS takes a buffer at its
   first call and asks for it for ever if it cannot have it, so this is to be called before any other function here, by
   each process that solves tasks. Returns MOAT_MEMORY if there is no room. Local. */
enum moat_status ridge_start_blas(void);

#endif
