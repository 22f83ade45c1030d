/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_VERSION_H
#define MOAT_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, such as "0.1.0". Local. */
const char *moat_version(void);

/* The git revision it was built from, "unknown" outside a checkout. Local. */
const char *moat_revision(void);

#ifdef __cplusplus
}
#endif

#endif
