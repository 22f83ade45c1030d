/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ALLOCATION_FAULTS_H
#define ALLOCATION_FAULTS_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

#include "ridge/profile.h"

/* Solves `task` on all ranks again and again, each time with the next allocation of the last rank failing, until none
   fails, and checks that nothing leaks. Returns the number of allocations; *status is that of the last attempt. For
   builds with MOAT_FAULTS. Collective over MPI_COMM_WORLD. */
static inline unsigned fail_allocations(const struct ridge_task *task, struct ridge_table *table,
                                        enum moat_status *status)
{
    unsigned call = 0;
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    *status = MOAT_MEMORY;
    while (*status == MOAT_MEMORY && call < 1000) {
        struct ridge_profile profile = {0};
        char fault[64];
        snprintf(fault, sizeof fault, "ridge:alloc:rank%d:call%u", ranks - 1, ++call);
        setenv("MOAT_FAULT", fault, 1);
        *status = ridge_solve_profiled(task, MPI_COMM_WORLD, table, &profile);
        CU_ASSERT(profile.bytes_now == 0);
    }
    unsetenv("MOAT_FAULT");
    return call;
}

#endif
