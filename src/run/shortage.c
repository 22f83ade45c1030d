/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which workers ran out of memory, and how a run ends that could not do everything for that reason. */
#include "run/shortage.h"

#include <stdio.h>
#include <unistd.h>

enum { REASON_SIZE = 1024 };
static const char remedy[] =
    "give each rank more memory or start fewer ranks on a node; the same command resumes the sweep";

void shortage_note(struct shortage *shortage, int rank, const char *reason)
{
    fprintf(stderr, "moat: rank %d, %s; it gives its %s back and solves no more\n", rank, reason, shortage->thing);
    if (shortage->workers++ == 0) {
        shortage->rank = rank;
        snprintf(shortage->reason, sizeof shortage->reason, "%s", reason);
    }
}

enum moat_status shortage_judge(const struct shortage *shortage, size_t left, size_t total)
{
    if (left == 0) {
        return MOAT_OK;
    }
    return moat_error_set(MOAT_MEMORY,
                          "%zu of %zu %s are left, since memory was short on %d rank%s, first on rank %d, %s: %s", left,
                          total, shortage->thing, shortage->workers, shortage->workers == 1 ? "" : "s", shortage->rank,
                          shortage->reason, remedy);
}

enum moat_status shortage_explain(int rank)
{
    char reason[REASON_SIZE];
    shortage_reason(reason, sizeof reason);
    return moat_error_set(MOAT_MEMORY, "rank %d, %s: %s", rank, reason, remedy);
}

void shortage_reason(char *text, size_t size)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    snprintf(text, size, "host %s: %s", host, moat_error_message());
}
