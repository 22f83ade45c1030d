/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_VERSION_H
#define MOAT_VERSION_H

/* The Makefile defines both; MOAT_REVISION is the git revision of the build. */
#ifndef MOAT_VERSION
#define MOAT_VERSION "unknown"
#endif
#ifndef MOAT_REVISION
#define MOAT_REVISION "unknown"
#endif

#endif
