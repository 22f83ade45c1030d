/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random123's Philox without the warnings its macros raise at our level. */
#ifndef RANDOM123_H
#define RANDOM123_H

#pragma GCC system_header
#include <Random123/philox.h>

#endif
