/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The buffer that OpenBLAS takes at its first call: 128 MB of addresses, of which it touches as much as it uses. */
#include "ridge/blas.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "ridge/scalapack.h"

static const size_t BUFFER_BYTES = (size_t)128 << 20;

enum moat_status ridge_start_blas(void)
{
    enum { ORDER = 32 }; /* so that no kernel for tiny matrices does without the buffer */
    static bool started;
    if (started) {
        return MOAT_OK;
    }
    if (!memory_left(BUFFER_BYTES + MEMORY_TO_SPARE)) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the %zu MB that BLAS needs for itself",
                              BUFFER_BYTES >> 20);
    }

    double from[ORDER * ORDER] = {0}, to[ORDER * ORDER] = {0}, one = 1, zero = 0;
    int order = ORDER;
    dsyrk_("L", "T", &order, &order, &one, from, &order, &zero, to, &order, 1, 1);
    started = true;
    return MOAT_OK;
}
