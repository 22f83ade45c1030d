/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The version and revision, which the Makefile defines. */
#include "moat/version.h"

const char *moat_version(void)
{
    return MOAT_VERSION;
}

const char *moat_revision(void)
{
    return MOAT_REVISION;
}
